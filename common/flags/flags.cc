#include "common/flags/flags.h"

#include <yaml-cpp/yaml.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <sstream>
#include <utility>

namespace tenantry::flags {
namespace {

std::string EnvName(const Program& program, const Flag& flag) {
  std::string name = program.env_prefix + "_" + flag.name;
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) {
    return c == '-' ? '_' : static_cast<char>(std::toupper(c));
  });
  return name;
}

bool IsSwitch(const Flag& flag) {
  return flag.default_value == "true" || flag.default_value == "false";
}

// The scalars of a YAML mapping.
Result<Values> ReadConfigFile(const Program& program, const std::string& path) {
  const auto invalid = [&](const std::string& why) {
    return Error{ErrorCode::kInvalid, "configuration file " + path + ": " + why};
  };
  YAML::Node root;
  try {
    root = YAML::LoadFile(path);
  } catch (const YAML::Exception& error) {
    return invalid(error.what());
  }
  Values values;
  if (root.IsNull()) {
    return values;
  }
  if (!root.IsMap()) {
    return invalid("it is not a mapping of names to values");
  }
  for (const auto& entry : root) {
    const std::string name = entry.first.IsScalar() ? entry.first.Scalar() : "";
    const bool known = std::any_of(program.flags.begin(), program.flags.end(),
                                   [&](const Flag& flag) { return flag.name == name; });
    if (!known) {
      return invalid("unknown setting \"" + name + "\"; " + program.name + " --help lists them");
    }
    if (!entry.second.IsScalar()) {
      return invalid("\"" + name + "\" is not a single value");
    }
    values[name] = entry.second.Scalar();
  }
  return values;
}

std::string Markdown(const Program& program) {
  std::ostringstream table;
  table << "| flag | environment | default | meaning |\n|---|---|---|---|\n";
  for (const Flag& flag : program.flags) {
    table << "| `--" << flag.name << "` | `" << EnvName(program, flag) << "` | "
          << (flag.default_value.empty() ? "" : "`" + flag.default_value + "`") << " | "
          << flag.help << " |\n";
  }
  return table.str();
}

EarlyExit UsageError(const Program& program, const std::string& message) {
  return {program.name + ": " + message + "\nSee " + program.name + " --help.\n", 2};
}

}  // namespace

std::variant<Values, EarlyExit> Parse(const Program& program, int argc, const char* const* argv) {
  CLI::App app(program.description, program.name);
  app.footer(program.examples);
  app.set_version_flag("--version", program.name + " " + TENANTRY_VERSION);
  std::string config;
  app.add_option("--config", config, "YAML file with any of these settings, without the dashes")
      ->envname(program.env_prefix + "_CONFIG");
  bool markdown = false;
  app.add_flag("--print-flags-markdown", markdown)->group("");
  Values values;
  std::map<std::string, CLI::Option*> options;
  for (const Flag& flag : program.flags) {
    std::string& value = values[flag.name];
    CLI::Option* option = app.add_option("--" + flag.name, value, flag.help);
    option->envname(EnvName(program, flag));
    value = flag.default_value;
    if (IsSwitch(flag)) {
      // No default_str: CLI11 takes it as the value of a bare --switch, too.
      option->expected(0, 1)->check(CLI::IsMember({"true", "false"}));
      option->option_text("[=true|false] [" + flag.default_value +
                          "] (Env:" + EnvName(program, flag) + ")");
    } else {
      option->default_str(flag.default_value);
    }
    options.emplace(flag.name, option);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {
      std::ostringstream text;
      app.exit(error, text, text);
      return EarlyExit{text.str(), 0};
    }
    return UsageError(program, error.what());
  }
  if (markdown) {
    return EarlyExit{Markdown(program), 0};
  }
  for (const Flag& flag : program.flags) {
    if (IsSwitch(flag) && values[flag.name].empty()) {
      values[flag.name] = "true";  // a bare --switch
    }
  }
  if (config.empty()) {
    return values;
  }
  Result<Values> file = ReadConfigFile(program, config);
  if (!file) {
    return UsageError(program, file.error().message);
  }
  for (auto& [name, value] : *file) {
    if (options.at(name)->count() == 0) {
      values[name] = std::move(value);
    }
  }
  return values;
}

}  // namespace tenantry::flags
