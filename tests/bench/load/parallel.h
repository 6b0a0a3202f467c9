#pragma once

#include <functional>

#include "common/base/result.h"

namespace tenantry::bench {

// Calls `work` with 0 … count-1, `side_by_side` calls at a time. The first error ends it.
Result<void> RunParallel(int count, int side_by_side, const std::function<Result<void>(int)>& work);

}  // namespace tenantry::bench
