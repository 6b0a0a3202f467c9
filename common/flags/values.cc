#include "common/flags/values.h"

#include <charconv>
#include <cmath>

#include "common/base/quantity.h"
#include "common/base/strings.h"

namespace tenantry::flags {
namespace {

// Whether all of `text` is one number.
template <class T>
bool Parse(const std::string& text, T* number) {
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, *number);
  return parsed.ec == std::errc() && parsed.ptr == end;
}

}  // namespace

Error BadValue(const Values& values, const std::string& name, const std::string& why) {
  return {ErrorCode::kInvalid, "--" + name + "=" + Shorten(values.at(name), 200) + ": " + why};
}

Result<std::chrono::milliseconds> Duration(const Values& values, const std::string& name) {
  Result<std::chrono::milliseconds> duration = ParseDuration(values.at(name));
  if (!duration || duration->count() <= 0) {
    return BadValue(values, name, "not a duration above 0 such as 30s or 10m");
  }
  return duration;
}

Result<int> WholeNumber(const Values& values, const std::string& name, int least, int most) {
  int number = 0;
  if (!Parse(values.at(name), &number) || number < least || number > most) {
    return BadValue(
        values, name,
        "not a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return number;
}

Result<double> NumberFromZero(const Values& values, const std::string& name) {
  double number = 0;
  if (!Parse(values.at(name), &number) || !std::isfinite(number) || number < 0) {
    return BadValue(values, name, "not a number from 0 up");
  }
  return number;
}

Result<std::string> Required(const Values& values, const std::string& name,
                             const std::string& why) {
  if (values.at(name).empty()) {
    return Error{ErrorCode::kInvalid, "--" + name + " is required: " + why};
  }
  return values.at(name);
}

std::set<std::string> List(const Values& values, const std::string& name) {
  std::set<std::string> parts;
  for (const std::string_view part : Split(values.at(name), ',')) {
    if (!Trim(part).empty()) {
      parts.emplace(Trim(part));
    }
  }
  return parts;
}

bool IsOn(const Values& values, const std::string& name) { return values.at(name) == "true"; }

}  // namespace tenantry::flags
