#pragma once

#include <string>

#include "common/base/result.h"

namespace CLI {
class App;
}

// How a command tells its results.
namespace tenantry::cli {

enum class OutputFormat { kTable, kJson, kYaml };

struct OutputArguments {
  std::string format;  // empty: table
  bool quiet = false;
  bool no_color = false;
};
void AddOutputOptions(CLI::App& command, OutputArguments& arguments);

struct OutputOptions {
  OutputFormat format = OutputFormat::kTable;
  bool quiet = false;  // results and errors only
  bool no_color = false;
};
Result<OutputOptions> MakeOutputOptions(const OutputArguments& arguments);

// What was said of the command itself counts, then what was said before its name.
OutputArguments Merge(OutputArguments of_command, const OutputArguments& of_program);

}  // namespace tenantry::cli
