#pragma once

#include <chrono>
#include <optional>

#include "common/base/error.h"
#include "operator/plan/conditions.h"

namespace tenantry::plan {

// When the same key is looked at again without anything waking it.
struct Requeue {
  enum class Kind { kNever, kNow, kAfter, kBackoff };
  Kind kind = Kind::kNever;
  std::chrono::milliseconds delay{0};  // of kAfter

  static Requeue After(std::chrono::milliseconds delay) { return {Kind::kAfter, delay}; }
  static Requeue Backoff() { return {Kind::kBackoff, {}}; }
  static Requeue Now() { return {Kind::kNow, {}}; }
  static Requeue Never() { return {}; }

  friend bool operator==(const Requeue&, const Requeue&) = default;
};

// How often a Stalled object looks whether its Secret, file or password was mended: these changes
// wake nobody.
inline constexpr std::chrono::seconds kStalledPoll{10};

// The one place that maps an error to what happens next. Two mistakes never end by themselves or by
// anything that we could look at: InvalidSpec waits for a new generation.
Requeue DecideRequeue(const Error& error);

// The shape that an error gives its object.
Verdict MakeVerdict(const Error& error);

}  // namespace tenantry::plan
