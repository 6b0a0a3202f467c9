#include "common/base/clock.h"

#include <cstdio>
#include <ctime>
#include <string_view>

namespace tenantry {
namespace {

std::tm SplitUtc(WallTime time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return parts;
}

// Takes the parts of a time from the front of a text.
class TimeScanner {
 public:
  explicit TimeScanner(std::string_view text) : rest_(text) {}

  bool Done() const { return rest_.empty(); }

  bool Take(char wanted) {
    if (rest_.empty() || rest_.front() != wanted) {
      return false;
    }
    rest_.remove_prefix(1);
    return true;
  }

  // Exactly so many digits, as a number up to `largest`.
  std::optional<int> TakeNumber(std::size_t digits, int largest) {
    int number = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (i >= rest_.size() || !IsDigit(rest_[i])) {
        return std::nullopt;
      }
      number = number * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(digits);
    return number <= largest ? std::optional(number) : std::nullopt;
  }

  // ".5", or nothing; what is finer than a microsecond is dropped.
  std::optional<std::chrono::microseconds> TakeFraction() {
    if (!Take('.')) {
      return std::chrono::microseconds(0);
    }
    if (rest_.empty() || !IsDigit(rest_.front())) {
      return std::nullopt;
    }
    long micros = 0;
    for (long scale = 100'000; !rest_.empty() && IsDigit(rest_.front()); scale /= 10) {
      micros += (rest_.front() - '0') * scale;
      rest_.remove_prefix(1);
    }
    return std::chrono::microseconds(micros);
  }

  // "Z" or "+02:00": how far local time is ahead of UTC.
  std::optional<std::chrono::minutes> TakeOffset() {
    if (Take('Z')) {
      return std::chrono::minutes(0);
    }
    const bool behind = Take('-');
    if (!behind && !Take('+')) {
      return std::nullopt;
    }
    const std::optional<int> hours = TakeNumber(2, 23);
    const bool colon = Take(':');
    const std::optional<int> minutes = TakeNumber(2, 59);
    if (!hours || !colon || !minutes) {
      return std::nullopt;
    }
    return std::chrono::minutes((behind ? -1 : 1) * (*hours * 60 + *minutes));
  }

 private:
  static bool IsDigit(char c) { return c >= '0' && c <= '9'; }

  std::string_view rest_;
};

// WallTime counts nanoseconds in 64 bits: years that it holds in full.
constexpr int kFirstYear = 1678;
constexpr int kLastYear = 2261;

std::optional<std::chrono::sys_days> TakeDate(TimeScanner& scanner) {
  const std::optional<int> year = scanner.TakeNumber(4, kLastYear);
  const bool first_dash = scanner.Take('-');
  const std::optional<int> month = scanner.TakeNumber(2, 12);
  const bool second_dash = scanner.Take('-');
  const std::optional<int> day = scanner.TakeNumber(2, 31);
  if (!year || *year < kFirstYear || !first_dash || !month || !second_dash || !day) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date(std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  return date.ok() ? std::optional(std::chrono::sys_days(date)) : std::nullopt;
}

std::optional<std::chrono::seconds> TakeTimeOfDay(TimeScanner& scanner) {
  const std::optional<int> hours = scanner.TakeNumber(2, 23);
  const bool first_colon = scanner.Take(':');
  const std::optional<int> minutes = scanner.TakeNumber(2, 59);
  const bool second_colon = scanner.Take(':');
  const std::optional<int> seconds = scanner.TakeNumber(2, 59);
  if (!hours || !first_colon || !minutes || !second_colon || !seconds) {
    return std::nullopt;
  }
  return std::chrono::seconds(*hours * 3600 + *minutes * 60 + *seconds);
}

}  // namespace

std::string FormatTime(WallTime time) {
  const std::tm parts = SplitUtc(time);
  char text[32];
  const std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text, size};
}

std::string FormatMicroTime(WallTime time) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(time - whole).count();
  char fraction[24];
  std::snprintf(fraction, sizeof fraction, ".%06ldZ", static_cast<long>(micros));
  std::string text = FormatTime(whole);
  text.replace(text.size() - 1, 1, fraction);
  return text;
}

std::optional<WallTime> ParseTime(const std::string& text) {
  TimeScanner scanner(text);
  const std::optional<std::chrono::sys_days> date = TakeDate(scanner);
  const bool separator = scanner.Take('T');
  const std::optional<std::chrono::seconds> time_of_day = TakeTimeOfDay(scanner);
  const std::optional<std::chrono::microseconds> fraction = scanner.TakeFraction();
  const std::optional<std::chrono::minutes> offset = scanner.TakeOffset();
  if (!date || !separator || !time_of_day || !fraction || !offset || !scanner.Done()) {
    return std::nullopt;
  }
  return *date + *time_of_day + *fraction - *offset;
}

}  // namespace tenantry
