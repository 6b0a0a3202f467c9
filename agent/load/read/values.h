#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// Texts as PostgreSQL's values: what its input functions take of these types, in the representation
// of its binary COPY. Pure, no allocation but where a string is appended to.
// Source: PostgreSQL, src/backend/utils/adt (int.c, numeric.c, bool.c, datetime.c, uuid.c).
namespace tenantry::load {

std::optional<std::int64_t> ParseInteger(std::string_view text);  // as int8in: blanks around, sign
std::optional<double> ParseDouble(std::string_view text);         // as float8in, NaN and Infinity
std::optional<float> ParseFloat(std::string_view text);           // as float4in: rounded once only
std::optional<bool> ParseBoolean(std::string_view text);          // as boolin
std::optional<std::array<std::uint8_t, 16>> ParseUuid(std::string_view text);  // as uuid_in

// Appends numeric_send's bytes: ndigits, weight, sign, dscale, digits in base 10000, big-endian.
// False (nothing appended) for what numeric_in refuses.
bool AppendNumeric(std::string_view text, std::string& out);

// The order of day, month and year, for dates that do not tell by themselves. ISO 8601, names of
// months and compact YYYYMMDD are understood whatever the order.
enum class DateOrder : std::uint8_t { kYearMonthDay, kMonthDayYear, kDayMonthYear };

// Days since 2000-01-01, as `date`. Separators - / . and blank; two-digit years as PostgreSQL takes
// them; English month names; "infinity" and "-infinity" as PostgreSQL stores them.
std::optional<std::int32_t> ParseDate(std::string_view text, DateOrder order);

// Microseconds since 2000-01-01 00:00, as `timestamp`. A date with an optional time after a blank
// or T: HH:MM[:SS[.ffffff]] and AM/PM; more than six digits are rounded. A zone is refused.
std::optional<std::int64_t> ParseTimestamp(std::string_view text, DateOrder order);

// The same in UTC, as `timestamptz`: with a zone (Z, UTC, GMT, ±HH, ±HHMM, ±HH:MM), or in UTC
// without one.
std::optional<std::int64_t> ParseTimestampTz(std::string_view text, DateOrder order);

// Microseconds since midnight, as `time`.
std::optional<std::int64_t> ParseTime(std::string_view text);

}  // namespace tenantry::load
