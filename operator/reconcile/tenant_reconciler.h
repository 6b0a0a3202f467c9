#pragma once

#include <optional>

#include "operator/plan/tenant_plan.h"
#include "operator/plan/tenant_status.h"
#include "operator/reconcile/memory.h"
#include "operator/reconcile/services.h"

namespace tenantry::reconcile {

// Observe → MakeTenantPlan → Apply → SummarizeTenant → PatchStatus. Thread-safe for different keys.
class TenantReconciler {
 public:
  TenantReconciler(const Services& services, plan::TenantSettings settings)
      : services_(services), settings_(std::move(settings)) {}

  Pass Reconcile(const api::ObjectKey& key);

 private:
  plan::TenantOutcome Apply(plan::TenantObserved* observed, const plan::TenantPlan& plan);
  Result<void> ApplyAction(const plan::Action& action, plan::TenantObserved* observed);
  Result<void> RunTask(const plan::TenantObserved& observed, const api::TaskRequest& request,
                       plan::TenantOutcome* outcome);
  void PrepareRotation(const plan::TenantObserved& observed, plan::TenantMemory* memory);
  void Remember(const plan::TenantObserved& observed, const plan::TenantPlan& plan,
                const plan::TenantOutcome& outcome, plan::TenantMemory* memory);
  // How long to go on without a status write; none: it is to be written now.
  std::optional<std::chrono::milliseconds> WaitBeforeTelling(const plan::TenantObserved& observed,
                                                             const plan::TenantOutcome& outcome,
                                                             plan::TenantMemory* memory) const;
  void Report(const plan::TenantObserved& observed, const plan::TenantSummary& summary,
              const plan::TenantOutcome& outcome);
  bool IsSettled(const api::Tenant& tenant, const plan::TenantMemory& memory,
                 const std::string& inputs) const;
  std::optional<plan::Rotation> RotationOf(const plan::TenantObserved& observed) const;
  plan::Requeue ScheduleCheck(const api::Tenant& tenant, const plan::TenantMemory& memory,
                              MonotonicTime::duration at_most) const;
  plan::Requeue Schedule(const plan::TenantObserved& observed, const plan::TenantMemory& memory,
                         plan::Requeue requeue) const;

  const Services& services_;
  plan::TenantSettings settings_;
  Memory<plan::TenantMemory> memory_;
};

}  // namespace tenantry::reconcile
