#pragma once

#include <cstdint>
#include <optional>

#include "agent/load/read/date_cursor.h"

namespace tenantry::load {

// A time of day at the cursor: HH:MM[:SS[.f…]], then " AM" or "PM"; microseconds since midnight.
std::optional<std::int64_t> ReadTime(DateCursor& cursor);
// HHMM or HHMMSS, as ISO 8601 writes it without separators.
std::optional<std::int64_t> ReadCompactTime(DateCursor& cursor);
// Z, UTC, GMT, ±HH, ±HHMM, ±HH:MM; seconds east of UTC.
std::optional<std::int32_t> ReadZone(DateCursor& cursor);

}  // namespace tenantry::load
