#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/load/map/step.h"

// Steps that work on the characters of a value. The specs outlive them.
namespace tenantry::load {

std::unique_ptr<Step> MakeTrimStep(TrimSide side);
std::unique_ptr<Step> MakeCaseStep(LetterCase letter_case);
// The nth part of a text; NULL when there are fewer.
std::unique_ptr<Step> MakePartStep(const PartStep& spec);

// Without ASCII blanks and no-break spaces at these sides.
std::string_view Trimmed(std::string_view text, TrimSide side);

}  // namespace tenantry::load
