#include "operator/reconcile/metrics.h"

#include <vector>

namespace tenantry::reconcile {
namespace {

using plan::Requeue;
using telemetry::Labels;

// controller-runtime, pkg/internal/controller/metrics/metrics.go
const std::vector<double>& ReconcileBuckets() {
  static const std::vector<double> buckets = {
      0.005, 0.01, 0.025, 0.05, 0.1,  0.15, 0.2,  0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6,
      0.7,   0.8,  0.9,   1,    1.25, 1.5,  1.75, 2,    2.5, 3,    3.5, 4,    4.5, 5,
      6,     7,    8,     9,    10,   15,   20,   25,   30,  40,   50,  60};
  return buckets;
}

constexpr char kTotal[] = "controller_runtime_reconcile_total";
constexpr char kTotalHelp[] = "Total number of reconciliations per controller";
constexpr char kErrors[] = "controller_runtime_reconcile_errors_total";
constexpr char kErrorsHelp[] = "Total number of reconciliation errors per controller";
constexpr char kTerminal[] = "controller_runtime_terminal_reconcile_errors_total";
constexpr char kTerminalHelp[] = "Total number of terminal reconciliation errors per controller";
constexpr char kPanics[] = "controller_runtime_reconcile_panics_total";
constexpr char kPanicsHelp[] = "Total number of reconciliation panics per controller";
constexpr char kTimeouts[] = "controller_runtime_reconcile_timeouts_total";
constexpr char kTimeoutsHelp[] = "Total number of reconciliation timeouts per controller";
constexpr char kTime[] = "controller_runtime_reconcile_time_seconds";
constexpr char kTimeHelp[] = "Length of time per reconciliation per controller";
constexpr char kWorkers[] = "controller_runtime_max_concurrent_reconciles";
constexpr char kWorkersHelp[] = "Maximum number of concurrent reconciles per controller";
constexpr char kActive[] = "controller_runtime_active_workers";
constexpr char kActiveHelp[] = "Number of currently used workers per controller";
constexpr char kDrift[] = "tenantry_drift_detected_total";
constexpr char kDriftHelp[] = "Checks that found the database to differ from the spec";

Labels Of(api::Kind kind) { return {{"controller", ControllerName(kind)}}; }

Labels WithResult(api::Kind kind, const char* result) {
  return {{"controller", ControllerName(kind)}, {"result", result}};
}

const char* ResultName(const Requeue& requeue, const Error* error) {
  if (error != nullptr) {
    return "error";
  }
  switch (requeue.kind) {
    case Requeue::Kind::kNever:
      return "success";
    case Requeue::Kind::kAfter:
      return "requeue_after";
    case Requeue::Kind::kNow:
    case Requeue::Kind::kBackoff:
      return "requeue";
  }
  return "success";
}

}  // namespace

std::string ControllerName(api::Kind kind) {
  switch (kind) {
    case api::Kind::kDataStore:
      return "datastore";
    case api::Kind::kTenant:
      return "tenant";
    case api::Kind::kFixtureSet:
      return "fixtureset";
  }
  return "";
}

Metrics::Metrics(telemetry::Registry& registry, int max_concurrent_reconciles)
    : registry_(registry) {
  for (const api::Kind kind : {api::Kind::kDataStore, api::Kind::kTenant, api::Kind::kFixtureSet}) {
    for (const char* result : {"success", "error", "requeue", "requeue_after"}) {
      registry_.GetCounter(kTotal, kTotalHelp, WithResult(kind, result));
    }
    registry_.GetCounter(kErrors, kErrorsHelp, Of(kind));
    registry_.GetCounter(kTerminal, kTerminalHelp, Of(kind));
    registry_.GetCounter(kPanics, kPanicsHelp, Of(kind));
    registry_.GetCounter(kTimeouts, kTimeoutsHelp, Of(kind));
    registry_.GetHistogram(kTime, kTimeHelp, ReconcileBuckets(), Of(kind));
    registry_.GetGauge(kActive, kActiveHelp, Of(kind));
    registry_.GetGauge(kWorkers, kWorkersHelp, Of(kind)).Set(max_concurrent_reconciles);
    registry_.GetCounter(kDrift, kDriftHelp, {{"kind", api::ToString(kind)}});
  }
}

void Metrics::PassStarted(api::Kind kind) {
  registry_.GetGauge(kActive, kActiveHelp, Of(kind)).Add(1);
}

void Metrics::PassEnded(api::Kind kind, const Requeue& requeue, const Error* error,
                        std::chrono::duration<double> took) {
  registry_.GetGauge(kActive, kActiveHelp, Of(kind)).Add(-1);
  registry_.GetCounter(kTotal, kTotalHelp, WithResult(kind, ResultName(requeue, error)))
      .Increment();
  registry_.GetHistogram(kTime, kTimeHelp, ReconcileBuckets(), Of(kind)).Observe(took.count());
  if (error == nullptr) {
    return;
  }
  registry_.GetCounter(kErrors, kErrorsHelp, Of(kind)).Increment();
  if (error->code == ErrorCode::kInvalid) {
    registry_.GetCounter(kTerminal, kTerminalHelp, Of(kind)).Increment();
  }
}

void Metrics::PassPanicked(api::Kind kind) {
  registry_.GetCounter(kPanics, kPanicsHelp, Of(kind)).Increment();
}

void Metrics::DriftDetected(api::Kind kind) {
  registry_.GetCounter(kDrift, kDriftHelp, {{"kind", api::ToString(kind)}}).Increment();
}

void Metrics::SetCacheObjects(const std::string& kind, std::size_t objects) {
  registry_
      .GetGauge("tenantry_cache_objects", "Objects that the operator keeps in memory",
                {{"kind", kind}})
      .Set(static_cast<double>(objects));
}

}  // namespace tenantry::reconcile
