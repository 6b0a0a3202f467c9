#include "agent/tasks/task_metrics.h"

#include <chrono>
#include <string>
#include <vector>

#include "common/telemetry/metrics.h"

namespace tenantry::agent {

void TaskMetrics::AddRunning(double by) {
  registry_->GetGauge("tenantry_agent_tasks_running", "Tasks that run now.").Add(by);
}

void TaskMetrics::OnStart() {
  if (registry_ != nullptr) {
    AddRunning(1);
  }
}

void TaskMetrics::OnEnd(const api::TaskReport& report, MonotonicTime::duration duration) {
  if (registry_ == nullptr) {
    return;
  }
  const std::string kind = api::ToString(report.kind);
  const std::vector<double> buckets{0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 1800};
  AddRunning(-1);
  registry_
      ->GetCounter("tenantry_agent_tasks_total", "Tasks that ended, by kind and outcome.",
                   {{"kind", kind}, {"outcome", api::ToString(report.state)}})
      .Increment();
  registry_
      ->GetHistogram("tenantry_agent_task_duration_seconds", "How long tasks ran.", buckets,
                     {{"kind", kind}})
      .Observe(std::chrono::duration<double>(duration).count());
}

}  // namespace tenantry::agent
