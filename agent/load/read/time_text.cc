#include "agent/load/read/time_text.h"

#include <charconv>
#include <cmath>

#include "agent/load/read/date_text.h"

namespace tenantry::load {
namespace {

constexpr std::int32_t kNoon = 12;
constexpr std::size_t kExactDigits = 6;
constexpr std::size_t kMostDigits = 40;

struct Clock {
  std::int32_t hour = 0;
  std::int32_t minute = 0;
  std::int32_t second = 0;
  std::int64_t micros = 0;  // up to a whole second, by rounding

  // 24:00:00 is the last moment of a day, :60 the next minute.
  std::optional<std::int64_t> OfDay() const {
    const std::int64_t minutes = std::int64_t{hour} * 60 + minute;
    const std::int64_t total = (minutes * 60 + second) * kMicrosPerSecond + micros;
    return hour > 24 || minute > 59 || second > 60 || total > kMicrosPerDay ? std::nullopt
                                                                            : std::optional(total);
  }
};

std::optional<std::int32_t> ReadPair(DateCursor& cursor) {
  const std::optional<DateNumber> number = cursor.TakeNumber();
  return number && number->digits <= 2 ? std::optional(number->value) : std::nullopt;
}

// The digits after the point. More than six are rounded as the server does: as a double, to even.
std::optional<std::int64_t> ReadFraction(DateCursor& cursor) {
  const char* const point = cursor.rest().data() - 1;
  const std::string_view digits = cursor.TakeDigits();
  if (digits.empty() || digits.size() > kMostDigits) {
    return std::nullopt;
  }
  if (digits.size() > kExactDigits) {
    double fraction = 0;
    std::from_chars(point, digits.data() + digits.size(), fraction);
    return std::llrint(fraction * static_cast<double>(kMicrosPerSecond));
  }
  std::int64_t micros = DateCursor::ValueOf(digits);
  for (std::size_t i = digits.size(); i < kExactDigits; ++i) {
    micros *= 10;
  }
  return micros;
}

enum class Half { kNone, kMorning, kAfternoon };

// " AM", "pm"; nothing is read when something else follows.
Half ReadHalf(DateCursor& cursor) {
  DateCursor ahead = cursor;
  ahead.TakeBlanks();
  const std::string_view word = ahead.TakeLetters();
  const Half half = IsWord(word, "am")   ? Half::kMorning
                    : IsWord(word, "pm") ? Half::kAfternoon
                                         : Half::kNone;
  // A zone right after it would be read as a part of the word.
  if (half != Half::kNone && (ahead.done() || IsBlank(ahead.Peek()))) {
    cursor = ahead;
    return half;
  }
  return Half::kNone;
}

bool Apply(Half half, Clock& clock) {
  if (half == Half::kNone) {
    return true;
  }
  if (clock.hour > kNoon) {
    return false;
  }
  clock.hour = clock.hour % kNoon + (half == Half::kAfternoon ? kNoon : 0);
  return true;
}

bool ReadSeconds(DateCursor& cursor, Clock& clock) {
  if (!cursor.Take(':')) {
    return cursor.Peek() != '.';
  }
  const std::optional<std::int32_t> second = ReadPair(cursor);
  if (!second) {
    return false;
  }
  clock.second = *second;
  if (cursor.Take('.')) {
    const std::optional<std::int64_t> micros = ReadFraction(cursor);
    if (!micros) {
      return false;
    }
    clock.micros = *micros;
  }
  return cursor.Peek() != ':';
}

}  // namespace

std::optional<std::int64_t> ReadTime(DateCursor& cursor) {
  Clock clock;
  const std::optional<std::int32_t> hour = ReadPair(cursor);
  if (!hour || !cursor.Take(':')) {
    return std::nullopt;
  }
  const std::optional<std::int32_t> minute = ReadPair(cursor);
  if (!minute) {
    return std::nullopt;
  }
  clock.hour = *hour;
  clock.minute = *minute;
  if (!ReadSeconds(cursor, clock) || !clock.OfDay() || !Apply(ReadHalf(cursor), clock)) {
    return std::nullopt;
  }
  return clock.OfDay();
}

std::optional<std::int64_t> ReadCompactTime(DateCursor& cursor) {
  const std::string_view digits = cursor.TakeDigits();
  if (digits.size() != 4 && digits.size() != 6) {
    return std::nullopt;
  }
  const Clock clock = {.hour = DateCursor::ValueOf(digits.substr(0, 2)),
                       .minute = DateCursor::ValueOf(digits.substr(2, 2)),
                       .second = DateCursor::ValueOf(digits.substr(4))};
  return clock.OfDay();
}

std::optional<std::int32_t> ReadZone(DateCursor& cursor) {
  if (IsLetter(cursor.Peek())) {
    const std::string_view name = cursor.TakeLetters();
    const bool utc = IsWord(name, "z") || IsWord(name, "utc") || IsWord(name, "gmt");
    return utc ? std::optional(0) : std::nullopt;
  }
  const bool west = cursor.Peek() == '-';
  if (!cursor.Take('+') && !cursor.Take('-')) {
    return std::nullopt;
  }
  const std::string_view digits = cursor.TakeDigits();
  if (digits.size() != 2 && digits.size() != 4) {
    return std::nullopt;
  }
  const std::int32_t hours = DateCursor::ValueOf(digits.substr(0, 2));
  std::int32_t minutes = DateCursor::ValueOf(digits.substr(2));
  if (digits.size() == 2 && cursor.Take(':')) {
    const std::string_view pair = cursor.TakeDigits();
    if (pair.size() != 2) {
      return std::nullopt;
    }
    minutes = DateCursor::ValueOf(pair);
  }
  constexpr std::int32_t kMostHours = 15;
  if (hours > kMostHours || minutes > 59) {
    return std::nullopt;
  }
  const std::int32_t seconds = hours * 3600 + minutes * 60;
  return west ? -seconds : seconds;
}

}  // namespace tenantry::load
