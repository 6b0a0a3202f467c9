#pragma once

#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>

#include "common/api/protocol.h"
#include "common/base/result.h"

namespace tenantry::agent {

// What a running task may ask of its runner.
class TaskContext {
 public:
  virtual ~TaskContext() = default;
  // Set when the task is cancelled, its deadline has passed or the agent stops. A task looks at it
  // between steps that can be undone, leaves no half-done step, and returns kCancelled.
  virtual std::stop_token stop() const = 0;
  // Cheap; the runner passes at most ten a second on.
  virtual void ReportProgress(const api::Progress& progress) = 0;
};

// Does one kind of task: decodes the spec, works, returns the result's JSON. Called on a runner's
// thread; tasks of different tenants run side by side.
// A failure may leave a partial result behind (datasets loaded before the one that failed).
struct TaskOutcome {
  std::string result_json;
  std::optional<Error> error;  // set: the task failed
};
using TaskHandler =
    std::function<TaskOutcome(const api::TaskRequest& request, TaskContext& context)>;
using TaskHandlers = std::map<api::TaskKind, TaskHandler>;

}  // namespace tenantry::agent
