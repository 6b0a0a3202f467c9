#pragma once

#include <map>

#include "operator/plan/fixture_plan.h"
#include "operator/reconcile/memory.h"
#include "operator/reconcile/services.h"

namespace tenantry::reconcile {

// Observe → MakeFixturePlan → Apply → SummarizeFixtures → PatchStatus. Thread-safe for different
// keys.
class FixtureReconciler {
 public:
  FixtureReconciler(const Services& services, plan::FixtureSettings settings)
      : services_(services), settings_(settings) {}

  Pass Reconcile(const api::ObjectKey& key);

 private:
  using Outcomes = std::map<api::Name, plan::TenantTaskOutcome>;

  Result<plan::FixtureObserved> Observe(const api::FixtureSet& set);
  Result<plan::CoveredTenant> Cover(const api::Tenant& tenant);
  plan::TenantTaskOutcome RunTask(const api::FixtureSet& set, const plan::TenantTask& task);
  Pass Release(const api::FixtureSet& set, const plan::FixturePlan& plan);
  void EndLoad(const api::ObjectKey& tenant, const api::Name& set);
  void Remember(const api::FixtureSet& set, const plan::FixturePlan& plan, const Outcomes& outcomes,
                plan::FixtureMemory* memory);
  // Loads that are not wanted any more: their Tenant goes or waits, or the set is suspended.
  void CancelUnplanned(const api::FixtureSet& set, const plan::FixturePlan& plan,
                       plan::FixtureMemory* memory);
  void Abandon(const api::ObjectKey& set);

  const Services& services_;
  plan::FixtureSettings settings_;
  Memory<plan::FixtureMemory> memory_;
};

}  // namespace tenantry::reconcile
