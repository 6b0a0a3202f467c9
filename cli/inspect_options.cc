#include "cli/inspect_options.h"

#include <CLI/CLI.hpp>

#include "cli/words.h"

namespace tenantry::cli {
namespace {

constexpr char kExamples[] = R"(Examples:
  tenantry inspect movies.csv
  tenantry inspect --output json movies.csv.gz
  tenantry inspect --mapping movies.yaml movies.csv
  tenantry inspect --output ndjson --format csv --delimiter ';' - < orders.txt > orders.ndjson

Exit codes: 0 ok, 1 the file cannot be read, 2 wrong usage, 3 some records were rejected.)";

}  // namespace

void AddInspectCommand(CLI::App& program, InspectArguments& arguments) {
  CLI::App& command = *program.add_subcommand(
      "inspect", "Show what a file holds: its dialect, columns, types and problems");
  command.footer(kExamples);
  command.add_option("FILE", arguments.files, "The file, or - (standard input)")->option_text("");
  AddReadOptions(command, arguments.read);
  command
      .add_option("--output", arguments.output,
                  "Findings as table or json; or the rows themselves, made uniform, as csv (RFC "
                  "4180) or ndjson")
      ->option_text("table|json|csv|ndjson [table]")
      ->group("Output");
}

Result<InspectOptions> MakeInspectOptions(const InspectArguments& arguments) {
  if (arguments.files.size() != 1) {
    return Error{ErrorCode::kInvalid, "one FILE is required, or - for standard input."};
  }
  InspectOptions options;
  options.file = arguments.files.front();
  options.read = TRY(MakeReadOptions(arguments.read));
  options.mapping_file = arguments.read.mapping;
  const std::string word = PlainWord(arguments.output);
  if (word == "json") {
    options.output = InspectOutput::kJson;
  } else if (word == "csv") {
    options.output = InspectOutput::kCsv;
  } else if (word == "ndjson") {
    options.output = InspectOutput::kNdjson;
  } else if (!word.empty() && word != "table") {
    return BadOption("--output", arguments.output, "is none of table, json, csv and ndjson");
  }
  return options;
}

}  // namespace tenantry::cli
