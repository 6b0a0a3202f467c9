#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/load/map/step.h"

// Steps that put another value in a value's place, or nothing. The specs outlive them.
namespace tenantry::load {

std::unique_ptr<Step> MakeNullIfStep(const std::vector<std::string>& texts);
std::unique_ptr<Step> MakeLookUpStep(const LookUpStep& spec);
std::unique_ptr<Step> MakeKeyStep(const KeyStep& spec, const KeyAccess& keys);

}  // namespace tenantry::load
