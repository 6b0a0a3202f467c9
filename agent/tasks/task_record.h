#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "common/api/protocol.h"
#include "common/base/clock.h"

namespace tenantry::agent {

// Why a task was asked to stop before it had ended.
enum class StopReason { kNone, kCancelled, kDeadline, kAgentStops };

// What the runner knows of one task. Guarded by the runner's mutex, but for `request` and `stop`
// while the task runs: those its thread reads.
struct TaskRecord {
  api::TaskRequest request;  // without its spec once the task has ended
  std::string digest;        // of the body: BodyDigest
  api::TaskReport report;
  std::stop_source stop;
  StopReason stop_reason = StopReason::kNone;
  std::uint64_t order = 0;    // of submission
  std::uint64_t version = 0;  // of the newest change: grows over all tasks
  MonotonicTime started;
  MonotonicTime ended;
};
using TaskPointer = std::shared_ptr<TaskRecord>;

// SHA-256 of kind, tenant and spec: tells whether two bodies are the same after the spec is gone.
std::string BodyDigest(const api::TaskRequest& request);

// Overwrites the spec, which holds credentials, and frees it.
void WipeSpec(api::TaskRequest& request);

// How a task ends whose handler came to `error` (none: it succeeded). Pure.
struct Ending {
  api::TaskState state = api::TaskState::kSucceeded;
  std::optional<Error> error;
};
Ending DecideEnding(const std::optional<Error>& error, StopReason reason);

}  // namespace tenantry::agent
