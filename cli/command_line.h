#pragma once

#include <string>
#include <variant>
#include <vector>

#include "cli/inspect_options.h"
#include "cli/load_options.h"
#include "cli/tenant_options.h"

namespace tenantry::cli {

// What to print instead of running.
struct EarlyExit {
  std::string text;
  int exit_code = 0;  // kExitUsage: for standard error
};

using Command =
    std::variant<EarlyExit, LoadOptions, InspectOptions, TenantInitOptions, TenantShowOptions>;

// `words` are the program's arguments, without its name. Reads TENANTRY_STORE and TENANTRY_REDIS
// from the environment and nothing else.
Command ParseCommandLine(const std::vector<std::string>& words);

}  // namespace tenantry::cli
