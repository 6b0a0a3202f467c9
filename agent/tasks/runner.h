#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "agent/tasks/task.h"
#include "common/api/protocol.h"
#include "common/base/clock.h"
#include "common/base/result.h"

namespace tenantry::telemetry {
class Registry;
}

namespace tenantry::agent {

struct RunnerOptions {
  int max_concurrent_tasks = 4;
  std::size_t max_tasks = 10'000;           // known at once; more: kUnavailable (503)
  std::size_t max_spec_bytes = 256 << 20;   // of unfinished tasks together; more: kUnavailable
  std::chrono::seconds keep_finished{600};  // a finished task is forgotten then
  telemetry::Registry* metrics = nullptr;   // tenantry_agent_task*; must outlive the runner
};

// Runs submitted tasks and remembers them until they are deleted or the agent ends. Two tasks of
// the same tenant never run at once. Thread-safe.
class TaskRunner {
 public:
  static std::unique_ptr<TaskRunner> Make(RunnerOptions options, TaskHandlers handlers,
                                          const Clock& clock);
  virtual ~TaskRunner() = default;  // cancels what runs and waits for its safe points

  struct Submitted {
    api::TaskReport report;
    bool is_new = false;
  };
  // The same id with the same body again: the task as it is. kConflict: the same id, another body.
  // kInvalid with reason AgentVersionSkew: no handler for that kind. kUnavailable: too many tasks,
  // or the agent is stopping.
  virtual Result<Submitted> Submit(api::TaskRequest request) = 0;
  virtual Result<api::TaskReport> Get(const std::string& id) = 0;  // kNotFound
  // Running or queued: cancels it (the report tells the state by then). Finished: forgets it.
  virtual Result<api::TaskReport> Delete(const std::string& id) = 0;
  virtual std::vector<api::TaskReport> List() = 0;

  // A reader of task changes. Starts with the reports of all known tasks. A slow reader gets the
  // newest report of each task, never an unbounded backlog. May outlive the runner, not its clock.
  class Subscription {
   public:
    virtual ~Subscription() = default;
    // Waits at most `patience` for changes.
    virtual std::vector<api::TaskReport> Next(std::chrono::milliseconds patience) = 0;
  };
  virtual std::unique_ptr<Subscription> Subscribe() = 0;

  virtual void Stop() = 0;  // no new tasks; cancels; returns when all have ended
};

}  // namespace tenantry::agent
