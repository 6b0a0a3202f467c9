#include "tests/support/clock_shift.h"

#include <array>
#include <ctime>
#include <string_view>

#include "common/base/clock.h"

namespace tenantry::testing {

std::string ShiftTimestamps(std::string json, std::chrono::seconds offset) {
  if (offset.count() == 0) {
    return json;
  }
  constexpr std::size_t kLength = std::string_view("2026-01-31T23:59:59Z").size();
  for (const std::string_view key : {R"("creationTimestamp":")", R"("deletionTimestamp":")"}) {
    for (std::size_t at = json.find(key); at != std::string::npos; at = json.find(key, at)) {
      at += key.size();
      if (const auto time = ParseTime(json.substr(at, kLength))) {
        json.replace(at, kLength, FormatTime(*time + offset));
      }
    }
  }
  return json;
}

std::string ShiftDate(const std::string& date, std::chrono::seconds offset) {
  constexpr char kFormat[] = "%a, %d %b %Y %H:%M:%S GMT";
  std::tm parts{};
  if (::strptime(date.c_str(), kFormat, &parts) == nullptr) {
    return date;
  }
  const std::time_t shifted = ::timegm(&parts) + static_cast<std::time_t>(offset.count());
  ::gmtime_r(&shifted, &parts);
  std::array<char, 40> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), kFormat, &parts);
  return {text.data(), size};
}

}  // namespace tenantry::testing
