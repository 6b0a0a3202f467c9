#include "operator/reconcile/controller.h"

#include <chrono>
#include <exception>
#include <utility>

#include "common/telemetry/log.h"
#include "operator/reconcile/random.h"

namespace tenantry::reconcile {
namespace {

const char* RequeueName(plan::Requeue::Kind kind) {
  switch (kind) {
    case plan::Requeue::Kind::kNever:
      return "done";
    case plan::Requeue::Kind::kNow:
      return "requeue";
    case plan::Requeue::Kind::kAfter:
      return "requeue_after";
    case plan::Requeue::Kind::kBackoff:
      return "backoff";
  }
  return "done";
}

void LogPass(const WorkKey& key, const Pass& pass, std::chrono::duration<double> took) {
  const std::string id = RandomToken();
  const log::Fields common = {
      {"controller", ControllerName(key.kind)},    {"controllerGroup", api::kGroup},
      {"controllerKind", api::ToString(key.kind)}, {"namespace", key.object.ns.value()},
      {"name", key.object.name.value()},           {"reconcileID", id},
      {"outcome", RequeueName(pass.requeue.kind)}, {"seconds", took.count()}};
  if (!pass.error) {
    log::Debug("reconciled", common);
    return;
  }
  log::Warn("reconcile met a problem", {{"controller", ControllerName(key.kind)},
                                        {"controllerGroup", api::kGroup},
                                        {"controllerKind", api::ToString(key.kind)},
                                        {"namespace", key.object.ns.value()},
                                        {"name", key.object.name.value()},
                                        {"reconcileID", id},
                                        {"outcome", RequeueName(pass.requeue.kind)},
                                        {"seconds", took.count()},
                                        {"error", pass.error->message}});
}

}  // namespace

Controller::Controller(const Services& services, WorkQueue& queue, StoreReconciler& stores,
                       TenantReconciler& tenants, FixtureReconciler& fixtures)
    : services_(services), queue_(queue), stores_(stores), tenants_(tenants), fixtures_(fixtures) {}

void Controller::Run(int workers, std::stop_token stop) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < workers; ++i) {
    threads.emplace_back([this, stop] { Work(stop); });
  }
}

void Controller::Work(const std::stop_token& stop) {
  while (const std::optional<WorkKey> key = queue_.Get(stop)) {
    const MonotonicTime start = services_.clock.Monotonic();
    services_.metrics.PassStarted(key->kind);
    const Pass pass = Dispatch(*key);
    const std::chrono::duration<double> took = services_.clock.Monotonic() - start;
    services_.metrics.PassEnded(key->kind, pass.requeue, pass.error ? &*pass.error : nullptr, took);
    LogPass(*key, pass, took);
    Requeue(*key, pass);
    queue_.Done(*key);
  }
}

// The last resort against our own bugs: one object's pass must not end the operator.
Pass Controller::Dispatch(const WorkKey& key) {
  try {
    switch (key.kind) {
      case api::Kind::kDataStore:
        return stores_.Reconcile(key.object);
      case api::Kind::kTenant:
        return tenants_.Reconcile(key.object);
      case api::Kind::kFixtureSet:
        return fixtures_.Reconcile(key.object);
    }
    return {};
  } catch (const std::exception& exception) {
    services_.metrics.PassPanicked(key.kind);
    return {plan::Requeue::Backoff(), Error{ErrorCode::kInternal, exception.what()}};
  }
}

void Controller::Requeue(const WorkKey& key, const Pass& pass) {
  switch (pass.requeue.kind) {
    case plan::Requeue::Kind::kNever:
      return queue_.Forget(key);
    case plan::Requeue::Kind::kNow:
      queue_.Forget(key);
      return queue_.Add(key);
    case plan::Requeue::Kind::kAfter:
      queue_.Forget(key);
      return queue_.AddAfter(key, pass.requeue.delay);
    case plan::Requeue::Kind::kBackoff:
      return queue_.AddRateLimited(key);
  }
}

}  // namespace tenantry::reconcile
