#pragma once

#include <stop_token>
#include <string>

#include "common/base/result.h"
#include "common/base/secret.h"

namespace tenantry::cli {

// Asks on the terminal, without echo. kNotFound: there is no terminal; kCancelled soon after
// `stop`, and when the line ends early.
Result<Secret> AskForPassword(const std::string& prompt, const std::stop_token& stop);

}  // namespace tenantry::cli
