#pragma once

#include "agent/tasks/runner.h"
#include "common/api/protocol.h"
#include "common/base/clock.h"

namespace tenantry::agent {

// tenantry_agent_tasks_running, tenantry_agent_tasks_total{kind,outcome} and
// tenantry_agent_task_duration_seconds{kind}; nothing when there is no registry. Thread-safe.
class TaskMetrics {
 public:
  explicit TaskMetrics(const RunnerOptions& options) : registry_(options.metrics) {}

  void OnStart();
  void OnEnd(const api::TaskReport& report, MonotonicTime::duration duration);

 private:
  void AddRunning(double by);

  telemetry::Registry* const registry_;
};

}  // namespace tenantry::agent
