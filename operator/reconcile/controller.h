#pragma once

#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "operator/plan/requeue.h"
#include "operator/reconcile/fixture_reconciler.h"
#include "operator/reconcile/services.h"
#include "operator/reconcile/store_reconciler.h"
#include "operator/reconcile/tenant_reconciler.h"
#include "operator/reconcile/work_queue.h"

namespace tenantry::reconcile {

// The workers: take keys from the queue, run one pass for each, and put them back as the pass says.
class Controller {
 public:
  Controller(const Services& services, WorkQueue& queue, StoreReconciler& stores,
             TenantReconciler& tenants, FixtureReconciler& fixtures);

  // Runs `workers` threads until `stop`; returns when all passes have ended.
  void Run(int workers, std::stop_token stop);

 private:
  void Work(const std::stop_token& stop);
  Pass Dispatch(const WorkKey& key);
  void Requeue(const WorkKey& key, const Pass& pass);

  const Services& services_;
  WorkQueue& queue_;
  StoreReconciler& stores_;
  TenantReconciler& tenants_;
  FixtureReconciler& fixtures_;
};

}  // namespace tenantry::reconcile
