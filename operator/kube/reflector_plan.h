#pragma once

#include <chrono>
#include <string>

#include "common/base/result.h"

// What a reflector does next. Pure.
namespace tenantry::kube {

enum class ReflectorStep {
  kStreamingList,  // a watch that begins with the whole state and goes on as a watch
  kPagedList,
  kWatch,
};

// How a step ended.
struct ReflectorOutcome {
  Result<void> ended;
  bool list_complete = false;   // kStreamingList: the end of the initial state came
  bool plain_bookmark = false;  // kStreamingList: a bookmark came before that end did
  bool progressed = false;      // anything came
  std::chrono::steady_clock::duration lasted{0};
};

struct ReflectorState {
  ReflectorStep step = ReflectorStep::kStreamingList;
  bool streaming_served = true;
  bool cache_will_do = true;  // kPagedList: nothing newer was seen yet
  int failures = 0;  // steps that failed in a row: how long to wait before `step`; 0: not at all
  std::string reason = {};  // why the step before ended; empty: a list was completed

  friend bool operator==(const ReflectorState&, const ReflectorState&) = default;
};

ReflectorState NextReflectorState(const ReflectorState& state, const ReflectorOutcome& outcome);

// Wait after the n-th failure in a row (from 1): 800 ms doubled up to 30 s, half of it by chance;
// `random` in [0, 1). Source: client-go, reflector.go.
std::chrono::milliseconds ReflectorBackoff(int failures, double random);

}  // namespace tenantry::kube
