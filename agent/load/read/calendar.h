#pragma once

#include <array>
#include <cstdint>
#include <optional>

namespace tenantry::load {

// Of the Gregorian calendar; years before 1 as astronomers count them.
struct CalendarDate {
  std::int32_t year = 0;
  std::int32_t month = 0;
  std::int32_t day = 0;
};

constexpr std::int32_t DaysIn(std::int32_t year, std::int32_t month) {
  constexpr std::array<std::int8_t, 13> kLengths = {0,  31, 28, 31, 30, 31, 30,
                                                    31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && leap ? 29 : kLengths[static_cast<std::size_t>(month)];
}

// Days since 2000-01-01, of a date from 4800 BC on.
// Source: Howard Hinnant, chrono-Compatible Low-Level Date Algorithms, days_from_civil.
constexpr std::int64_t DayNumber(const CalendarDate& date) {
  constexpr std::int32_t kShift = 4800;  // years of whole cycles, so that nothing is negative
  constexpr std::int64_t kDaysToEpoch = 730'425 + kShift / 400 * 146'097;
  const auto year = static_cast<std::uint32_t>(date.year + kShift - (date.month <= 2 ? 1 : 0));
  const auto month = static_cast<std::uint32_t>(date.month + (date.month > 2 ? -3 : 9));
  const std::uint32_t day_of_year =
      (153 * month + 2) / 5 + static_cast<std::uint32_t>(date.day) - 1;
  return std::int64_t{year} * 365 + year / 4 - year / 100 + year / 400 + day_of_year - kDaysToEpoch;
}

constexpr std::optional<std::int64_t> ValidDay(const CalendarDate& date) {
  if (date.month < 1 || date.month > 12 || date.day < 1 ||
      date.day > DaysIn(date.year, date.month)) {
    return std::nullopt;
  }
  return DayNumber(date);
}

}  // namespace tenantry::load
