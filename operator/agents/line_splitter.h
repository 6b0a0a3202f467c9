#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace tenantry::agents {

// Makes lines of a stream of bytes that arrives in pieces. Pure; holds at most one line.
class LineSplitter {
 public:
  explicit LineSplitter(std::size_t longest_line) : longest_line_(longest_line) {}

  // The lines that `piece` completes, without their line feed. kInvalid when a line is too long;
  // then the stream is of no further use.
  Result<std::vector<std::string>> Feed(std::string_view piece);

 private:
  Result<void> Append(std::string_view part);

  std::size_t longest_line_;
  std::string line_;  // begun, not ended
};

}  // namespace tenantry::agents
