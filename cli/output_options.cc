#include "cli/output_options.h"

#include <CLI/CLI.hpp>

#include "cli/words.h"

namespace tenantry::cli {

void AddOutputOptions(CLI::App& command, OutputArguments& arguments) {
  constexpr char kGroup[] = "Output";
  command.add_option("--output", arguments.format, "Form of the results: table, json or yaml")
      ->option_text("FORM [table]")
      ->group(kGroup);
  command.add_flag("-q,--quiet", arguments.quiet, "Print results and errors only")->group(kGroup);
  command
      .add_flag("--no-color", arguments.no_color,
                "No colours on a terminal (also: environment variable NO_COLOR)")
      ->group(kGroup);
}

Result<OutputOptions> MakeOutputOptions(const OutputArguments& arguments) {
  OutputOptions options{.quiet = arguments.quiet, .no_color = arguments.no_color};
  const std::string word = PlainWord(arguments.format);
  if (word == "json") {
    options.format = OutputFormat::kJson;
  } else if (word == "yaml") {
    options.format = OutputFormat::kYaml;
  } else if (!word.empty() && word != "table") {
    return Error{ErrorCode::kInvalid, "--output: \"" + Shorten(arguments.format) +
                                          "\" is none of table, json and yaml."};
  }
  return options;
}

OutputArguments Merge(OutputArguments of_command, const OutputArguments& of_program) {
  if (of_command.format.empty()) {
    of_command.format = of_program.format;
  }
  of_command.quiet = of_command.quiet || of_program.quiet;
  of_command.no_color = of_command.no_color || of_program.no_color;
  return of_command;
}

}  // namespace tenantry::cli
