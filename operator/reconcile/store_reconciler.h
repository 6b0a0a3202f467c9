#pragma once

#include "operator/plan/store_plan.h"
#include "operator/reconcile/memory.h"
#include "operator/reconcile/services.h"

namespace tenantry::reconcile {

// Observe → MakeStorePlan → Apply → SummarizeStore → PatchStatus. Thread-safe for different keys.
class StoreReconciler {
 public:
  StoreReconciler(const Services& services, plan::StoreSettings settings)
      : services_(services), settings_(std::move(settings)) {}

  Pass Reconcile(const api::ObjectKey& key);

 private:
  struct Observed {
    plan::StoreObserved state;
    std::string versions;
  };

  Result<Observed> Observe(const api::DataStore& store);
  plan::StoreOutcome Ask(const api::DataStore& store, const plan::StorePlan& plan);

  const Services& services_;
  plan::StoreSettings settings_;
  Memory<plan::StoreMemory> memory_;
};

}  // namespace tenantry::reconcile
