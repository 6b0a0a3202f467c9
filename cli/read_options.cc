#include "cli/read_options.h"

#include <CLI/CLI.hpp>
#include <optional>

#include "cli/words.h"
#include "common/base/strings.h"

namespace tenantry::cli {
namespace {

constexpr char kGroup[] = "Format (what is not given is found out)";

void AddText(CLI::App& command, const std::string& name, std::string& value,
             const std::string& text, const std::string& help) {
  command.add_option(name, value, help)->option_text(text)->group(kGroup);
}

Result<std::optional<char>> ParseCharacter(const std::string& option, const std::string& text) {
  if (text.empty()) {
    return std::optional<char>();
  }
  if (PlainWord(text) == "none") {
    return std::optional<char>('\0');
  }
  if (text.size() != 1) {
    return BadOption(option, text, "is not one ASCII character, or none");
  }
  return std::optional<char>(text.front());
}

// Tabs and backslashes are hard to type.
std::string WithoutEscapes(const std::string& text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char next = text[i] == '\\' && i + 1 < text.size() ? text[i + 1] : '\0';
    const bool is_escape = next == 't' || next == '\\';
    plain += !is_escape ? text[i] : next == 't' ? '\t' : '\\';
    i += is_escape ? 1 : 0;
  }
  return plain;
}

}  // namespace

Error BadOption(const std::string& option, const std::string& value, const std::string& why) {
  return {ErrorCode::kInvalid, option + ": \"" + Shorten(value) + "\" " + why + "."};
}

void AddReadOptions(CLI::App& command, ReadArguments& arguments) {
  AddText(command, "--format", arguments.format, "auto|json|ndjson|csv|tsv [auto]",
          "Format of the files");
  AddText(command, "--delimiter", arguments.delimiter, "TEXT",
          "Between the columns of CSV: one or more characters, or \\t");
  AddText(command, "--quote", arguments.quote, "CHARACTER", "Quotes of CSV, or none");
  AddText(command, "--comment", arguments.comment, "CHARACTER",
          "Lines of CSV that begin with it are passed over");
  command.add_flag("--header", arguments.header, "The first row names the columns")->group(kGroup);
  command.add_flag("--no-header", arguments.no_header, "The first row is data")->group(kGroup);
  command
      .add_option("--null", arguments.null_texts,
                  "Text that means NULL, e.g. NA; may be given several times")
      ->option_text("TEXT")
      ->allow_extra_args(false)
      ->group(kGroup);
  AddText(command, "--json-path", arguments.json_path, "/PATH",
          "Where in a JSON document the records are, e.g. /data/users");
  AddText(command, "--mapping", arguments.mapping, "FILE",
          "YAML file that says how columns become others: renamed, cast, looked up …");
}

Result<load::ReadOptions> MakeReadOptions(const ReadArguments& arguments) {
  load::ReadOptions read;
  const std::string format = PlainWord(arguments.format);
  const auto known = FindEnum<api::Format>(format);
  if (!format.empty() && format != "tsv" && !known) {
    return BadOption("--format", arguments.format, "is none of auto, json, ndjson, csv and tsv");
  }
  read.format = format == "tsv" ? api::Format::kCsv : known.value_or(api::Format::kAuto);
  if (!arguments.delimiter.empty()) {
    read.csv.delimiter =
        PlainWord(arguments.delimiter) == "tab" ? "\t" : WithoutEscapes(arguments.delimiter);
  } else if (format == "tsv") {
    read.csv.delimiter = "\t";
  }
  read.csv.quote = TRY(ParseCharacter("--quote", arguments.quote));
  read.csv.comment = TRY(ParseCharacter("--comment", arguments.comment));
  if (arguments.header && arguments.no_header) {
    return Error{ErrorCode::kInvalid, "--header and --no-header contradict each other."};
  }
  if (arguments.header || arguments.no_header) {
    read.csv.header = arguments.header;
  }
  read.csv.null_texts = arguments.null_texts;
  if (!arguments.json_path.empty() && arguments.json_path.front() != '/') {
    return BadOption("--json-path", arguments.json_path, "does not begin with /, like /data/users");
  }
  read.json_path = arguments.json_path;
  return read;
}

}  // namespace tenantry::cli
