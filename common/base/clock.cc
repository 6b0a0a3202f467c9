#include "common/base/clock.h"

#include <cstdio>
#include <ctime>

namespace tenantry {
namespace {

std::tm SplitUtc(WallTime time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return parts;
}

// Reads digits as a fraction of a second; returns microseconds and moves `cursor` past them.
long ReadFraction(const char** cursor) {
  long micros = 0;
  long scale = 100'000;
  for (; **cursor >= '0' && **cursor <= '9'; ++*cursor) {
    micros += (**cursor - '0') * scale;
    scale /= 10;
  }
  return micros;
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
  char fraction[16];
  std::snprintf(fraction, sizeof fraction, ".%06ldZ", static_cast<long>(micros));
  std::string text = FormatTime(whole);
  text.replace(text.size() - 1, 1, fraction);
  return text;
}

std::optional<WallTime> ParseTime(const std::string& text) {
  std::tm parts{};
  const char* cursor = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (cursor == nullptr) {
    return std::nullopt;
  }
  long micros = 0;
  if (*cursor == '.') {
    ++cursor;
    micros = ReadFraction(&cursor);
  }
  long offset_seconds = 0;
  int hours = 0;
  int minutes = 0;
  if ((*cursor == '+' || *cursor == '-') && std::sscanf(cursor + 1, "%2d:%2d", &hours, &minutes) == 2) {
    offset_seconds = (*cursor == '-' ? -1L : 1L) * (hours * 3600L + minutes * 60L);
    cursor += 6;
  } else if (*cursor == 'Z') {
    ++cursor;
  } else {
    return std::nullopt;
  }
  if (*cursor != '\0') {
    return std::nullopt;
  }
  const std::time_t seconds = timegm(&parts) - offset_seconds;
  return std::chrono::system_clock::from_time_t(seconds) + std::chrono::microseconds(micros);
}

}  // namespace tenantry
