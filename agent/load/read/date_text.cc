#include "agent/load/read/date_text.h"

#include <array>
#include <limits>

#include "agent/load/read/calendar.h"
#include "agent/load/read/characters.h"
#include "agent/load/read/date_cursor.h"
#include "agent/load/read/time_text.h"

namespace tenantry::load {
namespace {

constexpr std::size_t kLongest = 96;  // bytes; the server's own limit is a little more

constexpr std::array<std::string_view, 12> kMonths = {
    "january", "february", "march",     "april",   "may",      "june",
    "july",    "august",   "september", "october", "november", "december"};
constexpr std::string_view kDays[] = {"mon",  "monday",    "tue", "tues",     "tuesday", "wed",
                                      "weds", "wednesday", "thu", "thur",     "thurs",   "thursday",
                                      "fri",  "friday",    "sat", "saturday", "sun",     "sunday"};

// 1 to 12; 0: no month's name.
std::int32_t MonthOf(std::string_view name) {
  for (std::size_t i = 0; i < kMonths.size(); ++i) {
    if (IsWord(name, kMonths[i].substr(0, 3)) || IsWord(name, kMonths[i])) {
      return static_cast<std::int32_t>(i + 1);
    }
  }
  return IsWord(name, "sept") ? 9 : 0;
}

// Numbers of a date in the order of the text, and what they are once that is clear.
struct Parts {
  std::array<DateNumber, 3> numbers;
  std::int32_t month = 0;  // by its name; then there are two numbers
};

struct Decided {
  DateNumber year;
  DateNumber month;
  DateNumber day;
};

Decided DecideNumbers(const Parts& parts, DateOrder order) {
  const auto& [first, second, third] = parts.numbers;
  if (first.digits >= 3 || order == DateOrder::kYearMonthDay) {
    return {.year = first, .month = second, .day = third};
  }
  return order == DateOrder::kMonthDayYear ? Decided{.year = third, .month = first, .day = second}
                                           : Decided{.year = third, .month = second, .day = first};
}

Decided DecideNamed(const Parts& parts, DateOrder order) {
  const DateNumber month = {.value = parts.month, .digits = 2};
  const auto& [first, second, none] = parts.numbers;
  const bool year_first =
      first.digits >= 3 || (order == DateOrder::kYearMonthDay && second.digits < 3);
  return year_first ? Decided{.year = first, .month = month, .day = second}
                    : Decided{.year = second, .month = month, .day = first};
}

// The date before its era is known.
struct Civil {
  Decided parts;
  DateText text;  // shape, separator
};

// "20201231"
std::optional<Civil> CompactDate(std::int32_t digits) {
  Civil civil;
  civil.parts = {.year = {.value = digits / 10'000, .digits = 4},
                 .month = {.value = digits / 100 % 100, .digits = 2},
                 .day = {.value = digits % 100, .digits = 2}};
  civil.text.shape = DateShape::kCompact;
  civil.text.separator = '\0';
  return civil;
}

bool IsSeparator(char c) { return c == '-' || c == '/' || c == '.'; }

// Between two parts; `separator` is '\0' before the first one was met.
bool TakeSeparator(DateCursor& cursor, char& separator) {
  if (separator == '\0' && IsSeparator(cursor.Peek())) {
    separator = cursor.Peek();
    return cursor.Take(separator);
  }
  if (separator == '\0' || separator == ' ') {
    separator = ' ';
    return cursor.TakeGap();
  }
  return cursor.Take(separator);
}

// Which separated numbers may stand where: the server has other readings for longer ones.
bool AreUsualLengths(const Decided& parts, char separator) {
  const std::size_t most_of_year = separator == ' ' ? 5 : 7;
  return parts.year.digits <= most_of_year && parts.month.digits <= 2 && parts.day.digits <= 2;
}

std::optional<Civil> ReadParts(DateCursor& cursor, DateOrder order) {
  Parts parts;
  Civil civil;
  char separator = '\0';
  std::size_t numbers = 0;
  for (int part = 0; part < 3; ++part) {
    if (part > 0 && !TakeSeparator(cursor, separator)) {
      return std::nullopt;
    }
    if (IsLetter(cursor.Peek())) {
      const std::int32_t month = part < 2 && parts.month == 0 ? MonthOf(cursor.TakeLetters()) : 0;
      if (month == 0) {
        return std::nullopt;
      }
      parts.month = month;
      civil.text.month_first = part == 0;
      continue;
    }
    const std::optional<DateNumber> number = cursor.TakeNumber();
    if (!number) {
      return std::nullopt;
    }
    if (part == 0 && number->digits == 8) {
      return CompactDate(number->value);
    }
    parts.numbers[numbers++] = *number;
  }
  civil.parts = parts.month > 0 ? DecideNamed(parts, order) : DecideNumbers(parts, order);
  civil.text.separator = separator;
  civil.text.shape = parts.month > 0                ? DateShape::kMonthName
                     : parts.numbers[0].digits >= 3 ? DateShape::kYearFirst
                                                    : DateShape::kNumbers;
  return AreUsualLengths(civil.parts, separator) ? std::optional(civil) : std::nullopt;
}

// "Fri, " before a date; the server does not compare it with the date either.
bool TakeDayName(DateCursor& cursor) {
  DateCursor ahead = cursor;
  const std::string_view name = ahead.TakeLetters();
  for (const std::string_view day : kDays) {
    if (IsWord(name, day) && ahead.TakeGap()) {
      cursor = ahead;
      return true;
    }
  }
  return false;
}

// "BC" or "AD" at the end; nothing is read when something else follows.
bool TakeBeforeChrist(DateCursor& cursor) {
  DateCursor ahead = cursor;
  if (!ahead.TakeBlanks()) {
    return false;
  }
  const std::string_view word = ahead.TakeLetters();
  const bool before = IsWord(word, "bc");
  if (before || IsWord(word, "ad")) {
    cursor = ahead;
  }
  return before;
}

// What follows a date: its time and zone.
bool ReadClock(DateCursor& cursor, DateText& text) {
  const bool named = text.shape == DateShape::kMonthName;
  if (Lowered(cursor.Peek()) == 't' && !named) {
    cursor.Take(cursor.Peek());
  } else {
    DateCursor ahead = cursor;
    if (!(named ? ahead.TakeGap() : ahead.TakeBlanks()) || !IsDigit(ahead.Peek())) {
      return true;  // no time
    }
    cursor = ahead;
  }
  const bool compact = IsDigit(cursor.Peek(1)) && IsDigit(cursor.Peek(2));
  if (compact && text.shape != DateShape::kCompact) {
    return false;
  }
  text.time = compact ? ReadCompactTime(cursor) : ReadTime(cursor);
  if (!text.time) {
    return false;
  }
  DateCursor ahead = cursor;
  ahead.TakeBlanks();
  const bool era = IsWord(ahead.rest(), "bc") || IsWord(ahead.rest(), "ad");
  if (ahead.done() || era) {
    return true;
  }
  cursor = ahead;
  // After HHMMSS, "-05:30" would be taken for a part of a date.
  const bool mixed = compact && cursor.rest().find(':') != std::string_view::npos;
  text.zone_seconds = mixed ? std::nullopt : ReadZone(cursor);
  return text.zone_seconds.has_value();
}

std::optional<std::int64_t> DayOf(const Decided& parts, bool before_christ) {
  CalendarDate date = {
      .year = parts.year.value, .month = parts.month.value, .day = parts.day.value};
  if (before_christ) {
    date.year = 1 - date.year;
    return date.year > 0 ? std::nullopt : ValidDay(date);
  }
  if (parts.year.digits <= 2) {
    date.year += date.year < 70 ? 2000 : 1900;
  }
  return date.year < 1 ? std::nullopt : ValidDay(date);
}

std::optional<DateText> ReadInfinity(std::string_view text) {
  DateText date = {.shape = DateShape::kInfinity, .separator = '\0'};
  if (IsWord(text, "infinity")) {
    date.era = DateText::Era::kAlways;
    return date;
  }
  date.era = DateText::Era::kNever;
  return IsWord(text, "-infinity") ? std::optional(date) : std::nullopt;
}

}  // namespace

std::optional<DateText> ReadDateText(std::string_view text, DateOrder order) {
  text = WithoutBlanks(text);
  if (text.empty() || text.size() > kLongest) {
    return std::nullopt;
  }
  if (const std::optional<IsoText> iso = ReadIsoText(text)) {
    DateText date = {.day = iso->day};
    date.time = iso->has_time ? std::optional(iso->time) : std::nullopt;
    date.zone_seconds = iso->has_zone ? std::optional(iso->zone_seconds) : std::nullopt;
    return date;
  }
  if (!IsDigit(text.front()) && !IsLetter(text.front())) {
    return ReadInfinity(text);
  }
  DateCursor cursor(text);
  const bool named_day = TakeDayName(cursor);
  std::optional<Civil> civil = ReadParts(cursor, order);
  if (!civil) {
    return ReadInfinity(text);
  }
  if ((named_day && civil->text.separator != ' ') || !ReadClock(cursor, civil->text)) {
    return std::nullopt;
  }
  const bool before_christ = TakeBeforeChrist(cursor);
  const std::optional<std::int64_t> day = DayOf(civil->parts, before_christ);
  if (!cursor.done() || !day) {
    return std::nullopt;
  }
  civil->text.day = *day;
  civil->text.year_digits = civil->parts.year.digits;
  civil->text.padded = civil->parts.month.digits == 2 && civil->parts.day.digits == 2;
  return civil->text;
}

std::optional<std::int64_t> ReadTimeText(std::string_view text) {
  DateCursor cursor(WithoutBlanks(text));
  const std::optional<std::int64_t> time = ReadTime(cursor);
  return cursor.done() ? time : std::nullopt;
}

std::optional<std::int32_t> DateOf(const DateText& text) {
  using Limits = std::numeric_limits<std::int32_t>;
  constexpr std::int64_t kFirst = -2'451'545;               // 4714-11-24 BC
  constexpr std::int64_t kEnd = 2'147'483'494 - 2'451'545;  // 5874898-01-01
  if (text.era != DateText::Era::kFinite) {
    return text.era == DateText::Era::kAlways ? Limits::max() : Limits::min();
  }
  return text.day < kFirst || text.day >= kEnd ? std::nullopt
                                               : std::optional(static_cast<std::int32_t>(text.day));
}

std::optional<std::int64_t> MomentOf(const DateText& text) {
  using Limits = std::numeric_limits<std::int64_t>;
  constexpr std::int64_t kFirst = -211'813'488'000'000'000;  // 4714-11-24 00:00 BC
  constexpr std::int64_t kEnd = 9'223'371'331'200'000'000;   // 294277-01-01 00:00
  if (text.era != DateText::Era::kFinite) {
    return text.era == DateText::Era::kAlways ? Limits::max() : Limits::min();
  }
  constexpr std::int64_t kMostDays = kEnd / kMicrosPerDay + 1;
  if (text.day > kMostDays || text.day < -kMostDays) {
    return std::nullopt;
  }
  // Kept apart until the zone is taken off: the last day's end does not fit otherwise.
  const std::int64_t of_day =
      text.time.value_or(0) - std::int64_t{text.zone_seconds.value_or(0)} * kMicrosPerSecond;
  std::int64_t moment = 0;
  if (__builtin_mul_overflow(text.day, kMicrosPerDay, &moment) ||
      __builtin_add_overflow(moment, of_day, &moment) || moment < kFirst || moment >= kEnd) {
    return std::nullopt;
  }
  return moment;
}

}  // namespace tenantry::load
