#pragma once

#include <memory>
#include <string>

#include "agent/load/map/step.h"

namespace tenantry::load {

// Time linear in the value, memory bounded. kInvalid/InvalidSpec for a pattern or a replacement
// that is none.
Result<std::unique_ptr<Step>> MakeReplaceStep(const ReplaceStep& spec, const std::string& path);

}  // namespace tenantry::load
