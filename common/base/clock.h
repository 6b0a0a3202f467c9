#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace tenantry {

using WallTime = std::chrono::system_clock::time_point;
using MonotonicTime = std::chrono::steady_clock::time_point;

// Where time comes from. Implementations are thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime Now() const = 0;             // for what users read
  virtual MonotonicTime Monotonic() const = 0;  // for measuring and waiting
};

class SystemClock final : public Clock {
 public:
  WallTime Now() const override { return std::chrono::system_clock::now(); }
  MonotonicTime Monotonic() const override { return std::chrono::steady_clock::now(); }
};

// RFC 3339 in UTC with seconds: "2026-11-21T12:00:00Z".
std::string FormatTime(WallTime time);
// RFC 3339 in UTC with microseconds (metav1.MicroTime).
std::string FormatMicroTime(WallTime time);
// Reads RFC 3339 with or without a fraction, in UTC ("Z") or with an offset, of the years 1678 to
// 2261; anything else: none.
std::optional<WallTime> ParseTime(const std::string& text);

}  // namespace tenantry
