#pragma once

#include <string>
#include <vector>

#include "cli/inspect.h"
#include "cli/read_options.h"
#include "common/base/result.h"

namespace CLI {
class App;
}

namespace tenantry::cli {

// `tenantry inspect` as typed.
struct InspectArguments {
  ReadArguments read;
  std::string output;  // empty: table
  std::vector<std::string> files;
};
void AddInspectCommand(CLI::App& program, InspectArguments& arguments);

// Pure. Errors are for exit code 2.
Result<InspectOptions> MakeInspectOptions(const InspectArguments& arguments);

}  // namespace tenantry::cli
