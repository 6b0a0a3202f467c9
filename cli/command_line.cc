#include "cli/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <sstream>
#include <utility>

#include "cli/completion.h"
#include "cli/exit_code.h"
#include "cli/words.h"
#include "common/api/tier.h"
#include "common/base/strings.h"

namespace tenantry::cli {
namespace {

constexpr char kExamples[] = R"(Examples:
  tenantry inspect movies.csv
  tenantry load --store postgres://localhost/app --table movies --create-table movies.csv
  tenantry tenant init --store postgres://localhost/app --tenant-id acme --tier Free
      --admin-email admin@acme.example
  source <(tenantry completion bash)

Exit codes: 0 ok, 1 failed, 2 wrong usage, 3 done, but some records were rejected, 130 cancelled.
See tenantry COMMAND --help.)";

struct Arguments {
  OutputArguments output;  // given before the command's name
  LoadArguments load;
  InspectArguments inspect;
  TenantInitArguments tenant_init;
  TenantShowArguments tenant_show;
  std::string shell;
};

// ---- the program's commands ----

void AddCompletionCommand(CLI::App& program, std::string& shell) {
  CLI::App& command =
      *program.add_subcommand("completion", "Print a completion script for bash, zsh or fish");
  command.footer(
      "Examples:\n  source <(tenantry completion bash)\n  source <(tenantry completion zsh)\n"
      "  tenantry completion fish | source");
  command.add_option("SHELL", shell, "bash, zsh or fish")->option_text("");
}

void BuildProgram(CLI::App& program, Arguments& arguments) {
  program.set_help_flag("-h,--help", "Print this help");
  program.set_version_flag("--version", std::string("tenantry ") + TENANTRY_VERSION,
                           "Print the version");
  program.footer(kExamples);
  AddOutputOptions(program, arguments.output);
  // Surplus words are complained about with a hint, which CLI11 does not give.
  program.allow_extras();
  AddLoadCommand(program, arguments.load);
  AddInspectCommand(program, arguments.inspect);
  AddTenantCommand(program, arguments.tenant_init, arguments.tenant_show);
  AddCompletionCommand(program, arguments.shell);
  program.add_subcommand("version", "Print the version")->footer("Example:\n  tenantry version");
}

std::string PathOf(const CLI::App& command) {
  const CLI::App* parent = command.get_parent();
  if (parent == nullptr) {
    return "";
  }
  const std::string above = PathOf(*parent);
  return above.empty() ? command.get_name() : above + " " + command.get_name();
}

std::string FullName(const CLI::App& command) {
  const std::string path = PathOf(command);
  return path.empty() ? "tenantry" : "tenantry " + path;
}

// The innermost command that was given.
const CLI::App& Chosen(const CLI::App& program) {
  const auto given = program.get_subcommands();
  return given.empty() ? program : Chosen(*given.front());
}

std::vector<std::string> CommandNames(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::App* below : command.get_subcommands(nullptr)) {
    names.push_back(below->get_name());
  }
  return names;
}

std::vector<std::string> OptionNames(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.get_lnames()) {
    names.push_back("--" + name);
  }
  for (const std::string& name : option.get_snames()) {
    names.push_back("-" + name);
  }
  return names;
}

// ---- completion ----

std::vector<std::string> TierNames() {
  std::vector<std::string> names;
  const api::TierCatalogue built_in = api::BuiltInTiers();
  for (const api::Tier& tier : built_in.tiers()) {
    names.push_back(tier.name);
  }
  return names;
}

std::vector<std::string> WordsOf(const std::string& command, const std::string& option) {
  if (command == "inspect" && option == "--output") {
    return {"table", "json", "csv", "ndjson"};
  }
  const std::map<std::string, std::vector<std::string>> words = {
      {"--format", {"auto", "json", "ndjson", "csv", "tsv"}},
      {"--conflict", {"Error", "Skip", "Update", "Replace", "Merge", "KeepNewest", "KeepOldest"}},
      {"--unknown-columns", {"error", "ignore"}},
      {"--output", {"table", "json", "yaml"}},
      {"--isolation", {"Schema", "Database", "RowLevel"}},
      {"--template", {"Music"}},
      {"--tier", TierNames()},
  };
  const auto found = words.find(option);
  return found == words.end() ? std::vector<std::string>() : found->second;
}

CommandDescription DescribeCommand(const CLI::App& command) {
  CommandDescription description{.path = PathOf(command),
                                 .help = command.get_description(),
                                 .commands = CommandNames(command)};
  for (const CLI::Option* option : command.get_options()) {
    const std::vector<std::string> names = OptionNames(*option);
    if (names.empty()) {
      description.takes_files = description.takes_files || option->get_name() == "FILE";
      if (option->get_name() == "SHELL") {
        description.commands = {"bash", "zsh", "fish"};
      }
      continue;
    }
    const std::string& name = names.front();
    description.options.push_back(
        {.names = names,
         .help = option->get_description(),
         .takes_value = option->get_items_expected_max() > 0,
         .takes_file = name.ends_with("-file") || name == "--rejects" || name == "--mapping",
         .words = WordsOf(description.path, name)});
  }
  return description;
}

void Describe(const CLI::App& command, std::vector<CommandDescription>& all) {
  all.push_back(DescribeCommand(command));
  for (const CLI::App* below : command.get_subcommands(nullptr)) {
    Describe(*below, all);
  }
}

// ---- wrong usage ----

EarlyExit UsageError(const CLI::App& command, const std::string& message) {
  const std::string name = FullName(command);
  return {name + ": " + message + "\nSee " + name + " --help.\n", kExitUsage};
}

std::string DidYouMean(const std::string& word, const std::vector<std::string>& candidates) {
  const std::string nearest = Nearest(word, candidates);
  return nearest.empty() ? "" : " Did you mean " + nearest + "?";
}

// A word that nobody took: a misspelt option or command.
EarlyExit UnknownWord(const CLI::App& command, const std::string& word) {
  if (!word.starts_with('-')) {
    const std::vector<std::string> names = CommandNames(command);
    return UsageError(command, names.empty() ? "\"" + Shorten(word) + "\" is one word too many."
                                             : "there is no command \"" + Shorten(word) + "\"." +
                                                   DidYouMean(word, names));
  }
  const std::string name = word.substr(0, word.find('='));
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    const std::vector<std::string> own = OptionNames(*option);
    names.insert(names.end(), own.begin(), own.end());
  }
  return UsageError(command, "there is no option " + Shorten(name) + "." + DidYouMean(name, names));
}

std::optional<EarlyExit> FindUnknownWord(const CLI::App& program) {
  for (const CLI::App* command = &program;;) {
    const std::vector<std::string> rest = command->remaining();
    if (!rest.empty()) {
      return UnknownWord(*command, rest.front());
    }
    const auto given = command->get_subcommands();
    if (given.empty()) {
      return std::nullopt;
    }
    command = given.front();
  }
}

// ---- from words to a command ----

template <class Options>
Command Made(const CLI::App& command, Result<Options> options) {
  if (!options) {
    return UsageError(command, options.error().message);
  }
  return *std::move(options);
}

Command MakeCompletion(const CLI::App& program, const CLI::App& command, const std::string& word) {
  const std::optional<Shell> shell = FindShell(word);
  if (!shell) {
    return UsageError(command, word.empty() ? "a shell is required: bash, zsh or fish."
                                            : "there is no completion for \"" + Shorten(word) +
                                                  "\"; there is for bash, zsh and fish.");
  }
  std::vector<CommandDescription> commands;
  Describe(program, commands);
  return EarlyExit{CompletionScript(*shell, commands), kExitOk};
}

Command MakeCommand(const CLI::App& program, Arguments arguments) {
  for (OutputArguments* output :
       {&arguments.load.output, &arguments.tenant_init.output, &arguments.tenant_show.output}) {
    *output = Merge(*output, arguments.output);
  }
  if (arguments.inspect.output.empty()) {
    arguments.inspect.output = arguments.output.format;
  }
  const CLI::App& command = Chosen(program);
  const std::string path = PathOf(command);
  if (path == "load") {
    return Made(command, MakeLoadOptions(arguments.load));
  }
  if (path == "inspect") {
    return Made(command, MakeInspectOptions(arguments.inspect));
  }
  if (path == "tenant init") {
    return Made(command, MakeTenantInitOptions(arguments.tenant_init));
  }
  if (path == "tenant show") {
    return Made(command, MakeTenantShowOptions(arguments.tenant_show));
  }
  if (path == "completion") {
    return MakeCompletion(program, command, arguments.shell);
  }
  if (path == "version") {
    return EarlyExit{std::string("tenantry ") + TENANTRY_VERSION + "\n", kExitOk};
  }
  return UsageError(command, "a command is required: " + Join(CommandNames(command), ", ") + ".");
}

}  // namespace

Command ParseCommandLine(const std::vector<std::string>& words) {
  Arguments arguments;
  CLI::App program("Loads data into PostgreSQL, and gives tenants their place in it.", "tenantry");
  BuildProgram(program, arguments);
  try {
    // CLI11 takes them from the back.
    program.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {
      std::ostringstream text;
      program.exit(error, text, text);
      return EarlyExit{text.str(), kExitOk};
    }
    return UsageError(Chosen(program), std::string(error.what()) + ".");
  }
  if (auto unknown = FindUnknownWord(program)) {
    return *std::move(unknown);
  }
  return MakeCommand(program, std::move(arguments));
}

}  // namespace tenantry::cli
