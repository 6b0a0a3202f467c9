#include "cli/numbers.h"

#include <cstdio>

#include "common/base/quantity.h"

namespace tenantry::cli {
namespace {

template <class... Values>
std::string Format(const char* format, Values... values) {
  char text[64];
  std::snprintf(text, sizeof text, format, values...);
  return text;
}

}  // namespace

std::string Grouped(std::int64_t number) {
  std::string digits = std::to_string(number);
  const std::size_t first = number < 0 ? 1 : 0;
  for (std::size_t at = digits.size(); at > first + 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

std::string FormatRate(double per_second) {
  if (per_second >= 999'500) {
    return Format("%.2fM", per_second / 1e6);
  }
  if (per_second >= 9'950) {
    return Format("%.0fk", per_second / 1e3);
  }
  return per_second >= 995 ? Format("%.1fk", per_second / 1e3) : Format("%.0f", per_second);
}

std::string FormatElapsed(std::chrono::milliseconds elapsed) {
  const auto milliseconds = static_cast<double>(elapsed.count());
  const auto seconds = static_cast<long long>(elapsed.count() / 1000);
  if (milliseconds < 9'995) {
    return Format("%.2f s", milliseconds / 1000);
  }
  if (seconds < 60) {
    return Format("%.1f s", milliseconds / 1000);
  }
  if (seconds < 3600) {
    return Format("%lldm %02llds", seconds / 60, seconds % 60);
  }
  return Format("%lldh %02lldm", seconds / 3600, seconds / 60 % 60);
}

std::string FormatSize(std::int64_t bytes) {
  if (bytes < 1024) {
    return Counted(bytes, "byte");
  }
  std::string text = FormatBytes(bytes) + "B";
  text.insert(text.size() - 3, " ");
  return text;
}

std::string Counted(std::int64_t number, const std::string& noun) {
  return Grouped(number) + " " + noun + (number == 1 ? "" : "s");
}

}  // namespace tenantry::cli
