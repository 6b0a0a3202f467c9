#pragma once

#include <chrono>
#include <optional>

#include "common/base/clock.h"

namespace tenantry::kube {

// How many calls may be made when: `burst` at once, and `qps` each second. Time is an argument. Not
// thread-safe.
class TokenBucket {
 public:
  TokenBucket(double qps, int burst);  // qps > 0; a burst below 1 counts as 1

  // Takes the next token and returns how long it is until that one is there. None, and nothing is
  // taken: that would be longer than `patience`.
  std::optional<std::chrono::nanoseconds> Take(MonotonicTime now,
                                               std::chrono::nanoseconds patience);

 private:
  const double qps_;
  const double burst_;
  double tokens_;  // left at `at_`; below zero: taken ahead of their time
  MonotonicTime at_;
};

}  // namespace tenantry::kube
