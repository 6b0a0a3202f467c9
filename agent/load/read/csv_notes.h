#pragma once

#include <string_view>

namespace tenantry::load {

// Lines after a table are looked at as notes only if they are no more than this.
inline constexpr std::size_t kMaxNotesBytes = 16 << 10;

enum class NoteGap { kNone, kBlankLine };  // between the line and what is before it

// Does a line of one field after the rows of a table with several columns read like a note
// ("Source: …", "(5 rows)") and not like a row that was cut off? `first_value`: what the last row
// has in its first column.
bool ReadsLikeNote(std::string_view line, std::string_view first_value, NoteGap gap);

}  // namespace tenantry::load
