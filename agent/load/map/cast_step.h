#pragma once

#include <memory>
#include <string>

#include "agent/load/map/step.h"

namespace tenantry::load {

// From text in a format to what PostgreSQL takes. Empty values stay empty.
Result<std::unique_ptr<Step>> MakeCastStep(const CastStep& spec, const std::string& path);

}  // namespace tenantry::load
