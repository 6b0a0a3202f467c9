#include "agent/load/map/date_format.h"

#include <array>
#include <chrono>
#include <optional>

#include "agent/load/map/step.h"
#include "agent/load/read/calendar.h"
#include "agent/load/read/characters.h"

namespace tenantry::load {
namespace {

constexpr std::string_view kDirectives = "YymbBdejaAHIpMSfzs";
constexpr std::array<std::string_view, 12> kMonths = {
    "january", "february", "march",     "april",   "may",      "june",
    "july",    "august",   "september", "october", "november", "december"};

// What a text has said so far.
struct DateParts {
  CalendarDate date = {.year = 2000, .month = 1, .day = 1};
  std::int32_t day_of_year = 0;  // from 1; 0: not given
  std::int32_t hour = 0;
  bool half_day = false;  // hour is one of twelve
  bool afternoon = false;
  std::int32_t minute = 0;
  std::int32_t second = 0;
  std::string_view fraction;
  std::int32_t zone_minutes = 0;
};

class DateParser {
 public:
  explicit DateParser(std::string_view text) : rest_(text) {}

  bool Take(char directive) {
    switch (directive) {
      case 'Y':
        return Number(4, 4, 1, 9999, parts_.date.year);
      case 'y':
        return ShortYear();
      case 'm':
        return Number(1, 2, 1, 12, parts_.date.month);
      case 'b':
      case 'B':
        return Month();
      case 'd':
      case 'e':
        return Day();
      case 'j':
        return Number(1, 3, 1, 366, parts_.day_of_year);
      case 'a':
      case 'A':
        return Weekday();
      default:
        return TakeTime(directive);
    }
  }

  bool TakeByte(char c) {
    if (IsBlank(c)) {
      const std::size_t before = rest_.size();
      SkipBlanks();
      return rest_.size() < before;
    }
    const bool same = !rest_.empty() && rest_.front() == c;
    rest_.remove_prefix(same ? 1 : 0);
    return same;
  }

  bool done() const { return rest_.empty(); }
  // Completes what the directives have left open; false: there is no such time.
  bool Finish() {
    if (parts_.day_of_year > 0) {
      return PlaceDayOfYear() && PlaceHour();
    }
    return ValidDay(parts_.date).has_value() && PlaceHour();
  }
  const DateParts& parts() const { return parts_; }

 private:
  bool TakeTime(char directive) {
    switch (directive) {
      case 'H':
        return Number(1, 2, 0, 23, parts_.hour);
      case 'I':
        parts_.half_day = true;
        return Number(1, 2, 1, 12, parts_.hour);
      case 'p':
        return HalfOfDay();
      case 'M':
        return Number(1, 2, 0, 59, parts_.minute);
      case 'S':
        return Number(1, 2, 0, 60, parts_.second);
      case 'f':
        return Fraction();
      case 'z':
        return Zone();
      default:
        return Epoch();
    }
  }

  void SkipBlanks() {
    while (!rest_.empty() && IsBlank(rest_.front())) {
      rest_.remove_prefix(1);
    }
  }

  std::string_view Digits(std::size_t most) {
    std::size_t count = 0;
    while (count < most && count < rest_.size() && IsDigit(rest_[count])) {
      ++count;
    }
    const std::string_view digits = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return digits;
  }

  bool Number(std::size_t fewest, std::size_t most, std::int32_t from, std::int32_t to,
              std::int32_t& value) {
    const std::string_view digits = Digits(most);
    value = 0;
    for (const char digit : digits) {
      value = value * 10 + DigitOf(digit);
    }
    return digits.size() >= fewest && value >= from && value <= to;
  }

  // As PostgreSQL: 70 is 1970, 69 is 2069.
  bool ShortYear() {
    constexpr std::int32_t kTurn = 70;
    const bool read = Number(2, 2, 0, 99, parts_.date.year);
    parts_.date.year += parts_.date.year < kTurn ? 2000 : 1900;
    return read;
  }

  bool Day() {
    SkipBlanks();
    return Number(1, 2, 1, 31, parts_.date.day);
  }

  std::string_view Letters() {
    std::size_t count = 0;
    while (count < rest_.size() && IsLetter(rest_[count])) {
      ++count;
    }
    const std::string_view letters = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return letters;
  }

  bool Month() {
    const std::string_view name = Letters();
    for (std::size_t i = 0; i < kMonths.size(); ++i) {
      const bool is_short = name.size() == 3 || (name.size() == 4 && i == 8);  // "Sept"
      if (IsWord(name, kMonths[i]) ||
          (is_short && IsWord(name, kMonths[i].substr(0, name.size())))) {
        parts_.date.month = static_cast<std::int32_t>(i + 1);
        return true;
      }
    }
    return false;
  }

  bool Weekday() { return Letters().size() >= 2; }

  bool HalfOfDay() {
    const std::string_view half = rest_.substr(0, 2);
    parts_.afternoon = IsWord(half, "pm");
    rest_.remove_prefix(half.size());
    return parts_.afternoon || IsWord(half, "am");
  }

  bool Fraction() {
    constexpr std::size_t kMostDigits = 9;
    parts_.fraction = Digits(kMostDigits);
    return !parts_.fraction.empty();
  }

  bool Zone() {
    if (!rest_.empty() && (rest_.front() == 'Z' || rest_.front() == 'z')) {
      rest_.remove_prefix(1);
      return true;
    }
    const bool west = rest_.starts_with('-');
    if (!west && !rest_.starts_with('+')) {
      return false;
    }
    rest_.remove_prefix(1);
    std::int32_t hours = 0;
    std::int32_t minutes = 0;
    bool read = Number(2, 2, 0, 15, hours);
    const bool colon = rest_.starts_with(':');
    rest_.remove_prefix(colon ? 1 : 0);
    if (colon || (!rest_.empty() && IsDigit(rest_.front()))) {
      read = Number(2, 2, 0, 59, minutes) && read;
    }
    parts_.zone_minutes = (west ? -1 : 1) * (hours * 60 + minutes);
    return read;
  }

  bool Epoch() {
    using std::chrono::days;
    constexpr std::int64_t kFirst = -62'135'596'800;  // 0001-01-01
    constexpr std::int64_t kLast = 253'402'300'799;   // 9999-12-31 23:59:59
    const bool before = rest_.starts_with('-');
    rest_.remove_prefix(before ? 1 : 0);
    const std::string_view digits = Digits(12);
    std::int64_t seconds = 0;
    for (const char digit : digits) {
      seconds = seconds * 10 + DigitOf(digit);
    }
    seconds = before ? -seconds : seconds;
    if (digits.empty() || seconds < kFirst || seconds > kLast) {
      return false;
    }
    const std::chrono::sys_seconds moment{std::chrono::seconds(seconds)};
    const auto day = std::chrono::floor<days>(moment);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss time(moment - day);
    parts_.date = {.year = static_cast<int>(date.year()),
                   .month = static_cast<std::int32_t>(static_cast<unsigned>(date.month())),
                   .day = static_cast<std::int32_t>(static_cast<unsigned>(date.day()))};
    parts_.hour = static_cast<std::int32_t>(time.hours().count());
    parts_.minute = static_cast<std::int32_t>(time.minutes().count());
    parts_.second = static_cast<std::int32_t>(time.seconds().count());
    return true;
  }

  bool PlaceDayOfYear() {
    std::int32_t day = parts_.day_of_year;
    for (std::int32_t month = 1; month <= 12; ++month) {
      const std::int32_t length = DaysIn(parts_.date.year, month);
      if (day <= length) {
        parts_.date.month = month;
        parts_.date.day = day;
        return true;
      }
      day -= length;
    }
    return false;
  }

  bool PlaceHour() {
    if (parts_.half_day) {
      parts_.hour = parts_.hour % 12 + (parts_.afternoon ? 12 : 0);
    }
    return true;
  }

  std::string_view rest_;
  DateParts parts_;
};

void AppendPadded(std::int32_t number, std::size_t digits, std::string& out) {
  const std::size_t start = out.size();
  out.resize(start + digits);
  for (std::size_t i = digits; i > 0; --i) {
    out[start + i - 1] = static_cast<char>('0' + number % 10);
    number /= 10;
  }
}

void AppendDate(const DateParts& parts, CastType type, std::string& out) {
  AppendPadded(parts.date.year, 4, out);
  out += '-';
  AppendPadded(parts.date.month, 2, out);
  out += '-';
  AppendPadded(parts.date.day, 2, out);
  if (type == CastType::kDate) {
    return;
  }
  out += ' ';
  AppendPadded(parts.hour, 2, out);
  out += ':';
  AppendPadded(parts.minute, 2, out);
  out += ':';
  AppendPadded(parts.second, 2, out);
  if (!parts.fraction.empty()) {
    out += '.';
    out += parts.fraction;
  }
  if (type == CastType::kTimestampTz) {
    const std::int32_t minutes = parts.zone_minutes < 0 ? -parts.zone_minutes : parts.zone_minutes;
    out += parts.zone_minutes < 0 ? '-' : '+';
    AppendPadded(minutes / 60, 2, out);
    out += ':';
    AppendPadded(minutes % 60, 2, out);
  }
}

bool HasAny(std::string_view letters, std::string_view wanted) {
  return letters.find_first_of(wanted) != std::string_view::npos;
}

bool NamesADay(std::string_view letters) {
  const bool day_of_month = HasAny(letters, "mbB") && HasAny(letters, "de");
  return HasAny(letters, "s") || (HasAny(letters, "Yy") && (day_of_month || HasAny(letters, "j")));
}

Result<void> CheckLetters(std::string_view letters, CastType type, const std::string& path) {
  for (std::size_t i = 0; i < letters.size(); ++i) {
    if (letters.find(letters[i], i + 1) != std::string_view::npos) {
      return MappingError(path, std::string("has %") + letters[i] + " twice");
    }
  }
  if (!NamesADay(letters)) {
    return MappingError(path, "names no day: it needs %Y or %y, a month (%m, %b) and a day (%d)");
  }
  if (HasAny(letters, "I") != HasAny(letters, "p")) {
    return MappingError(path, "has one of %I and %p: an hour of twelve needs both");
  }
  if (HasAny(letters, "z") && type == CastType::kTimestamp) {
    return MappingError(path, "has a zone (%z): cast to TimestampTz");
  }
  return {};
}

}  // namespace

Result<DateFormat> DateFormat::Parse(std::string_view format, CastType type,
                                     const std::string& path) {
  DateFormat parsed;
  parsed.type_ = type;
  std::string letters;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') {
      parsed.items_.push_back({.is_directive = false, .c = format[i]});
      continue;
    }
    const char letter = ++i < format.size() ? format[i] : '\0';
    const bool percent = letter == '%';
    if (!percent && (letter == '\0' || kDirectives.find(letter) == std::string_view::npos)) {
      return MappingError(path, letter == '\0' ? std::string("ends with a lone %")
                                               : "has %" + std::string(format.substr(i, 1)) +
                                                     ", which is not known");
    }
    parsed.items_.push_back({.is_directive = !percent, .c = letter});
    letters.append(percent ? 0 : 1, letter);
  }
  TRY(CheckLetters(letters, type, path));
  return parsed;
}

bool DateFormat::Append(std::string_view text, std::string& out) const {
  DateParser parser(WithoutBlanks(text));
  for (const Item& item : items_) {
    if (!(item.is_directive ? parser.Take(item.c) : parser.TakeByte(item.c))) {
      return false;
    }
  }
  if (!parser.done() || !parser.Finish()) {
    return false;
  }
  AppendDate(parser.parts(), type_, out);
  return true;
}

}  // namespace tenantry::load
