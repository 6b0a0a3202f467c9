#include "agent/load/read/calendar.h"
#include "agent/load/read/characters.h"
#include "agent/load/read/date_cursor.h"
#include "agent/load/read/date_text.h"
#include "agent/load/read/time_text.h"

namespace tenantry::load {
namespace {

// Reads digits at fixed places; one look at the end tells whether all of them were digits.
class FixedDigits {
 public:
  explicit FixedDigits(const char* text) : text_(text) {}

  std::int32_t Two(std::size_t place) {
    const unsigned tens = Digit(place);
    const unsigned ones = Digit(place + 1);
    return static_cast<std::int32_t>(tens * 10 + ones);
  }
  bool all() const { return all_; }

 private:
  unsigned Digit(std::size_t place) {
    const unsigned digit = static_cast<unsigned char>(text_[place]) - unsigned{'0'};
    all_ = all_ && digit <= 9;
    return digit;
  }

  const char* text_;
  bool all_ = true;
};

constexpr std::size_t kDate = 10;    // YYYY-MM-DD
constexpr std::size_t kMoment = 19;  // YYYY-MM-DD HH:MM:SS
constexpr std::size_t kMostFraction = 6;

bool ReadDay(const char* text, IsoText& iso) {
  FixedDigits digits(text);
  const CalendarDate date = {
      .year = digits.Two(0) * 100 + digits.Two(2), .month = digits.Two(5), .day = digits.Two(8)};
  if (!digits.all() || text[4] != '-' || text[7] != '-' || date.year < 1) {
    return false;
  }
  const std::optional<std::int64_t> day = ValidDay(date);
  iso.day = static_cast<std::int32_t>(day.value_or(0));
  return day.has_value();
}

bool ReadTimeOfDay(const char* text, IsoText& iso) {
  FixedDigits digits(text);
  const std::int32_t hour = digits.Two(0);
  const std::int32_t minute = digits.Two(3);
  const std::int32_t second = digits.Two(6);
  iso.time = std::int64_t{hour * 3600 + minute * 60 + second} * kMicrosPerSecond;
  iso.has_time = true;
  // The last moment of a day and leap seconds go the long way.
  return digits.all() && text[2] == ':' && text[5] == ':' && hour < 24 && minute < 60 &&
         second < 60;
}

}  // namespace

std::optional<IsoText> ReadIsoText(std::string_view text) {
  IsoText iso;
  if (text.size() < kDate || !ReadDay(text.data(), iso)) {
    return std::nullopt;
  }
  if (text.size() == kDate) {
    return iso;
  }
  if (text.size() < kMoment || (text[kDate] != ' ' && text[kDate] != 'T') ||
      !ReadTimeOfDay(text.data() + kDate + 1, iso)) {
    return std::nullopt;
  }
  text.remove_prefix(kMoment);
  if (text.size() > 1 && text.front() == '.') {
    std::int64_t worth = kMicrosPerSecond;
    std::size_t count = 1;
    for (; count < text.size() && count <= kMostFraction && IsDigit(text[count]); ++count) {
      worth /= 10;
      iso.time += worth * DigitOf(text[count]);
    }
    text.remove_prefix(count > 1 ? count : 0);
  }
  if (text.empty()) {
    return iso;
  }
  DateCursor cursor(text);
  const std::optional<std::int32_t> zone = ReadZone(cursor);
  if (!zone || !cursor.done()) {
    return std::nullopt;
  }
  iso.has_zone = true;
  iso.zone_seconds = *zone;
  return iso;
}

}  // namespace tenantry::load
