#pragma once

#include <chrono>
#include <optional>
#include <stop_token>

#include "common/base/clock.h"

namespace tenantry::postgres {

enum class Wake { kReady, kStopped, kTimedOut };

// Waits for a socket so that a stop request ends the wait at once.
class StopSignal {
 public:
  explicit StopSignal(std::stop_token stop);
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  bool requested() const { return stop_.stop_requested(); }

  // Until `descriptor` has one of `events` (poll.h), the stop or the deadline comes.
  // Without heed to stops when `heed` says so: for what must still be said after one.
  enum class Heed { kStop, kOnlyDeadline };
  Wake Wait(int descriptor, short events, std::optional<MonotonicTime> deadline,
            Heed heed = Heed::kStop) const;

 private:
  struct Writer {
    int descriptor;
    void operator()() const noexcept;
  };

  std::stop_token stop_;
  int event_ = -1;  // an eventfd, readable after a stop request; -1: none could be made
  std::optional<std::stop_callback<Writer>> callback_;
};

}  // namespace tenantry::postgres
