#pragma once

#include <stop_token>

#include "operator/config.h"

namespace tenantry {

// Runs the operator until `stop`. Returns the exit code: 0 after a clean stop, 1 after an error or
// a lost lease.
int RunOperator(const OperatorConfig& config, std::stop_token stop);

}  // namespace tenantry
