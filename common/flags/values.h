#pragma once

#include <chrono>
#include <set>
#include <string>

#include "common/base/result.h"
#include "common/flags/flags.h"

// Typed reading of flags. `name` must be a flag of the program. Every error is kInvalid and names
// the flag, its value and what would do.
namespace tenantry::flags {

Error BadValue(const Values& values, const std::string& name, const std::string& why);

Result<std::chrono::milliseconds> Duration(const Values& values, const std::string& name);  // > 0
Result<int> WholeNumber(const Values& values, const std::string& name, int least, int most);
Result<double> NumberFromZero(const Values& values, const std::string& name);
// `why` ends the sentence "--name is required: ".
Result<std::string> Required(const Values& values, const std::string& name, const std::string& why);
// "a,b" → {"a", "b"}; blanks around the parts and empty parts do not count.
std::set<std::string> List(const Values& values, const std::string& name);
bool IsOn(const Values& values, const std::string& name);

// The result of a parser that does not know of flags, with the flag's name in its error.
template <class T>
Result<T> Named(Result<T> result, const Values& values, const std::string& name) {
  if (!result) {
    return BadValue(values, name, result.error().message);
  }
  return result;
}

}  // namespace tenantry::flags
