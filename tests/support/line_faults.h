#pragma once

#include <string>
#include <vector>

#include "tests/support/fault.h"

namespace tenantry::testing {

// What one fault makes of a stream of lines. Pure.
class LineFaults {
 public:
  explicit LineFaults(HttpFault fault) : fault_(std::move(fault)) {}

  enum class Then { kGoOn, kCut, kEnd, kSilence };
  struct Verdict {
    std::vector<std::string> pieces;  // to be sent in this order
    Then then = Then::kGoOn;          // afterwards
  };
  // `line` with its end.
  Verdict Take(std::string line);

 private:
  HttpFault fault_;
  std::size_t count_ = 0;
  std::vector<std::string> seen_;  // for a replay
  std::string held_;               // for a swap
};

}  // namespace tenantry::testing
