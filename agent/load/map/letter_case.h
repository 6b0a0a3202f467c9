#pragma once

#include <string>
#include <string_view>

#include "agent/load/map/mapping.h"

namespace tenantry::load {

// Appends `text` (valid UTF-8) with its letters in that case: of the Latin, Greek, Cyrillic and
// Armenian scripts, whatever the locale; other characters stay. No letter changes its length.
void AppendInCase(std::string_view text, LetterCase letter_case, std::string& out);

}  // namespace tenantry::load
