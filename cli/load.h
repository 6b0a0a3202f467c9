#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "cli/console.h"
#include "cli/load_options.h"
#include "common/base/clock.h"

namespace tenantry::cli {

// `tenantry load`: one file after another. `words` is the command line as given, for saying how to
// go on. Returns the exit code.
int RunLoad(const LoadOptions& options, const std::vector<std::string>& words,
            const Console& console, const Clock& clock, const std::stop_token& stop);

}  // namespace tenantry::cli
