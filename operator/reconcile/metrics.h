#pragma once

#include <chrono>
#include <string>

#include "common/api/meta.h"
#include "common/base/result.h"
#include "common/telemetry/metrics.h"
#include "operator/plan/requeue.h"

namespace tenantry::reconcile {

// The controllers' metrics, with controller-runtime's names, labels and buckets, so that dashboards
// made for Go operators work; and our own. Thread-safe.
class Metrics {
 public:
  // All series of the three controllers exist from the start, at 0.
  Metrics(telemetry::Registry& registry, int max_concurrent_reconciles);

  void PassStarted(api::Kind kind);
  void PassEnded(api::Kind kind, const plan::Requeue& requeue, const Error* error,
                 std::chrono::duration<double> took);
  void PassPanicked(api::Kind kind);

  void DriftDetected(api::Kind kind);
  void SetCacheObjects(const std::string& kind, std::size_t objects);

 private:
  telemetry::Registry& registry_;
};

// The name of a kind's controller: "tenant".
std::string ControllerName(api::Kind kind);

}  // namespace tenantry::reconcile
