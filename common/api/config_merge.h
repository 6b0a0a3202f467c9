#pragma once

#include <string>

#include "common/base/result.h"

namespace tenantry::api {

// Merges one configuration object over another: objects merge member by member, anything else
// replaces, `null` removes. Both are JSON text; empty text is the empty object. The result is
// compact with sorted keys. kInvalid when either is not an object. Source: RFC 7386.
Result<std::string> MergeConfig(const std::string& base, const std::string& over);

}  // namespace tenantry::api
