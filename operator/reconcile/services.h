#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/api/tier.h"
#include "common/base/clock.h"
#include "operator/agents/client.h"
#include "operator/kube/client.h"
#include "operator/kube/events.h"
#include "operator/plan/requeue.h"
#include "operator/plan/tenant_status.h"
#include "operator/reconcile/metrics.h"
#include "operator/reconcile/references.h"
#include "operator/reconcile/router.h"
#include "operator/reconcile/running_loads.h"
#include "operator/reconcile/scope.h"
#include "operator/reconcile/task_board.h"
#include "operator/reconcile/world.h"

namespace tenantry::reconcile {

// What every reconciler works with; built once, in main.
struct Services {
  kube::Client& kube;
  agents::Client& agents;
  kube::EventRecorder& events;
  World& world;
  Router& router;
  TaskBoard& board;
  ReferenceIndex& index;
  References& references;
  RunningLoads& running_loads;
  Metrics& metrics;
  const Clock& clock;
  const api::TierCatalogue& tiers;
  const Scope& scope;
};

// How one pass ended.
struct Pass {
  plan::Requeue requeue;
  std::optional<Error> error;  // for log and metrics
};

// The error of a task that ended badly; none while it runs and when it succeeded.
std::optional<Error> ErrorOf(const api::TaskReport& report);

// Records the events of a summary.
void RecordEvents(const Services& services, api::Kind kind, const api::ObjectMeta& meta,
                  const std::vector<plan::EventNote>& events);

}  // namespace tenantry::reconcile
