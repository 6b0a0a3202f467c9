#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/api/protocol.h"
#include "common/api/tenant.h"
#include "common/base/clock.h"
#include "operator/plan/requeue.h"
#include "operator/plan/tenant_plan.h"

namespace tenantry::plan {

// What became of a plan.
struct TenantOutcome {
  std::optional<Error> error;           // of an action or the task; the pass ended there
  std::optional<api::TaskReport> task;  // as last seen
  std::optional<api::ProvisionResult> provisioned;  // these three: when the task has succeeded
  std::optional<api::ObserveResult> checked;
  std::optional<api::DeprovisionResult> released;
  std::string agent_name;
  std::string agent_version;
};

// One Kubernetes event to record.
struct EventNote {
  bool warning = false;
  std::string reason;
  std::string message;

  friend bool operator==(const EventNote&, const EventNote&) = default;
};

struct TenantSummary {
  api::TenantStatus status;
  std::vector<EventNote> events;
  Requeue requeue;
};

// Pure.
TenantSummary SummarizeTenant(const TenantObserved& observed, const TenantMemory& memory,
                              const TenantPlan& plan, const TenantOutcome& outcome, WallTime now);

// The event that a change of the Ready condition is worth, if any. Shared by the three kinds.
std::optional<EventNote> ReadyEvent(const std::vector<api::Condition>& before,
                                    const std::vector<api::Condition>& after);

// Whether all that a status could say now is that a new generation is being put into effect: that
// shows already, in observedGeneration. Most tasks end within moments, and their result is the
// first status worth a write.
bool IsSelfEvident(const TenantObserved& observed, const TenantOutcome& outcome);

}  // namespace tenantry::plan
