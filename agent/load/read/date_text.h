#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "agent/load/read/values.h"

// Dates and times as people write them. Pure.
// Source: PostgreSQL 15, src/backend/utils/adt/datetime.c (ParseDateTime, DecodeDateTime): what is
// taken here means the same there; its rarer forms ("epoch", Julian days, names of zones) are not.
namespace tenantry::load {

inline constexpr std::int64_t kMicrosPerSecond = 1'000'000;
inline constexpr std::int64_t kMicrosPerDay = 86'400 * kMicrosPerSecond;

// How a date was written.
enum class DateShape : std::uint8_t {
  kCompact,    // 20201231
  kYearFirst,  // 2020-12-31, also 2020/12/31
  kNumbers,    // 31.12.2020, 12/31/20: the order decides
  kMonthName,  // Dec 31 2020, 31-Dec-2020
  kInfinity,
};

struct DateText {
  enum class Era : std::uint8_t { kFinite, kAlways, kNever };  // kAlways: "infinity"
  Era era = Era::kFinite;
  DateShape shape = DateShape::kYearFirst;
  char separator = '-';  // '\0': none
  std::size_t year_digits = 4;
  bool padded = true;                        // days and months have two digits
  bool month_first = false;                  // for kMonthName
  std::int64_t day = 0;                      // since 2000-01-01
  std::optional<std::int64_t> time;          // microseconds of the day, 0..kMicrosPerDay
  std::optional<std::int32_t> zone_seconds;  // east of UTC; only with a time
};

std::optional<DateText> ReadDateText(std::string_view text, DateOrder order);
std::optional<std::int64_t> ReadTimeText(std::string_view text);

// The same values for the texts that nearly all are, without a detour: YYYY-MM-DD, and that with
// a time HH:MM:SS[.ffffff] and perhaps a zone. Nothing: ReadDateText decides.
struct IsoText {
  std::int32_t day = 0;
  std::int64_t time = 0;
  bool has_time = false;
  bool has_zone = false;
  std::int32_t zone_seconds = 0;  // east of UTC

  std::int64_t moment() const {
    return day * kMicrosPerDay + time - zone_seconds * kMicrosPerSecond;
  }
};
std::optional<IsoText> ReadIsoText(std::string_view text);

// As `date` and `timestamp` hold them; nothing when out of their range. A date drops its time.
std::optional<std::int32_t> DateOf(const DateText& text);
std::optional<std::int64_t> MomentOf(const DateText& text);

}  // namespace tenantry::load
