#include "agent/postgres/wait.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <utility>

namespace tenantry::postgres {
namespace {

// Longest single poll(). Bounds the delay of a stop request when there is no eventfd.
constexpr std::chrono::milliseconds kSlice{250};

std::chrono::milliseconds TimeLeft(std::optional<MonotonicTime> deadline) {
  if (!deadline) {
    return kSlice;
  }
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(*deadline - std::chrono::steady_clock::now());
  return std::clamp(left, std::chrono::milliseconds(0), kSlice);
}

}  // namespace

void StopSignal::Writer::operator()() const noexcept {
  const std::uint64_t one = 1;
  // An eventfd takes this write always; a failure only delays the wake-up by one slice.
  [[maybe_unused]] const ssize_t written = write(descriptor, &one, sizeof one);
}

StopSignal::StopSignal(std::stop_token stop) : stop_(std::move(stop)) {
  if (!stop_.stop_possible()) {
    return;
  }
  event_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (event_ >= 0) {
    callback_.emplace(stop_, Writer{event_});
  }
}

StopSignal::~StopSignal() {
  callback_.reset();
  if (event_ >= 0) {
    close(event_);
  }
}

Wake StopSignal::Wait(int descriptor, short events, std::optional<MonotonicTime> deadline,
                      Heed heed) const {
  const bool heeds_stop = heed == Heed::kStop;
  for (;;) {
    if (heeds_stop && requested()) {
      return Wake::kStopped;
    }
    std::array<pollfd, 2> waits = {pollfd{descriptor, events, 0},
                                   pollfd{heeds_stop ? event_ : -1, POLLIN, 0}};
    const int ready =
        poll(waits.data(), waits.size(), static_cast<int>(TimeLeft(deadline).count()));
    if (ready < 0 && errno != EINTR) {
      return Wake::kReady;  // libpq meets the same error and reports it
    }
    if (ready > 0 && waits[0].revents != 0) {
      return Wake::kReady;
    }
    if (deadline && std::chrono::steady_clock::now() >= *deadline) {
      return Wake::kTimedOut;
    }
  }
}

}  // namespace tenantry::postgres
