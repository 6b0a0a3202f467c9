#pragma once

#include <optional>
#include <string>

#include "operator/plan/tenant_plan.h"
#include "operator/plan/tenant_status.h"
#include "tests/unit/plan/builders.h"

namespace tenantry::plan {

// How the pretend agent takes the next task.
enum class AgentMood { kWorks, kStillRuns, kFailsTask, kUnreachable };

// One Tenant from pass to pass: its plans are applied to pretend objects and a pretend agent, in
// the way the reconciler does it. Each pass also checks that its status is legal.
class TenantLife {
 public:
  explicit TenantLife(TenantObserved start = ObservedTenant()) : observed(std::move(start)) {}

  TenantPlan Plan() const;  // what a pass would do now
  TenantSummary Run();      // one pass
  void Provision();         // passes until there is nothing to do
  // A Tenant that is Ready and has been for a while.
  static TenantLife Provisioned(TenantObserved start = ObservedTenant());

  const api::Condition* Find(const std::string& type) const {
    return api::FindCondition(observed.tenant.status.conditions, type);
  }
  std::string ReasonOf(const std::string& type) const {
    const api::Condition* condition = Find(type);
    return condition == nullptr ? "" : condition->reason;
  }
  void Wait(std::chrono::seconds time) {
    now += time;
    monotonic += time;
  }
  void Edit() { ++observed.tenant.meta.generation; }

  TenantObserved observed;
  TenantMemory memory;
  TenantSettings settings{.process_id = "run1"};
  WallTime now = kNow;
  MonotonicTime monotonic = kMonotonic;

  // The agent.
  AgentMood mood = AgentMood::kWorks;
  Error error = Retryable(api::reason::kDatabaseUnreachable, "PostgreSQL does not answer.");
  api::ProvisionResult provision{
      .schema_version = "3", .incarnation = "first", .changes = {"schema tenant_acme"}};
  api::ObserveResult check;
  api::DeprovisionResult release;

 private:
  void Apply(const Action& action);
  TenantOutcome Ask(const api::TaskRequest& request);
  void Remember(const TenantPlan& plan, const TenantOutcome& outcome);

  int version_ = 100;
  mutable int fresh_ = 0;
};

}  // namespace tenantry::plan
