#pragma once

#include <chrono>

#include "common/base/clock.h"
#include "common/base/mutex.h"

namespace tenantry::testing {

// A clock that stands still until it is told to go on.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(WallTime now = WallTime(std::chrono::hours(24 * 365 * 50))) : wall_(now) {}

  WallTime Now() const override {
    const MutexLock lock(mutex_);
    return wall_;
  }
  MonotonicTime Monotonic() const override {
    const MutexLock lock(mutex_);
    return monotonic_;
  }
  void Advance(std::chrono::nanoseconds by) {
    const MutexLock lock(mutex_);
    wall_ += std::chrono::duration_cast<WallTime::duration>(by);
    monotonic_ += std::chrono::duration_cast<MonotonicTime::duration>(by);
  }

 private:
  mutable Mutex mutex_;
  WallTime wall_ GUARDED_BY(mutex_);
  // Not at zero: code that subtracts from "now" must stay in range.
  MonotonicTime monotonic_ GUARDED_BY(mutex_) = MonotonicTime(std::chrono::hours(1000));
};

}  // namespace tenantry::testing
