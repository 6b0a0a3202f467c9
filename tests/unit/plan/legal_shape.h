#pragma once

#include <cstdint>
#include <vector>

#include "common/api/meta.h"

namespace tenantry::plan {

// Fails the test unless kstatus and Flux (runtime/conditions/check, FAIL0001 to FAIL0011) accept
// the conditions of an object of that generation whose status was written for that same generation.
void ExpectLegalShape(const std::vector<api::Condition>& conditions, std::int64_t generation);

}  // namespace tenantry::plan
