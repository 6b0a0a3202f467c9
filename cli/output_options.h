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
  std::string format = "table";
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

}  // namespace tenantry::cli
