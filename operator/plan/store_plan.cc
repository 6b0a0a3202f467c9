#include "operator/plan/store_plan.h"

#include <utility>

#include "common/api/protocol_codec.h"
#include "common/api/reasons.h"
#include "common/base/fingerprint.h"
#include "operator/plan/tenant_plan.h"

namespace tenantry::plan {
namespace {

namespace condition = api::condition;
namespace reason = api::reason;
using api::DataStore;

constexpr std::chrono::seconds kTaskPoll{20};

void SetDatabaseConditions(const StoreObserved& observed, const StoreOutcome& outcome,
                           ConditionSet* conditions) {
  if (!outcome.result) {
    return;
  }
  const api::StoreResult& result = *outcome.result;
  if (result.postgres_error) {
    conditions->SetFalse(condition::kDatabaseReady, result.postgres_error->reason,
                         result.postgres_error->message);
  } else {
    conditions->SetTrue(condition::kDatabaseReady, reason::kSucceeded,
                        "PostgreSQL answers, and its admin may do what is needed.");
  }
  if (!observed.store.spec.redis) {
    conditions->Remove(condition::kCacheReady);
  } else if (result.redis_error) {
    conditions->SetFalse(condition::kCacheReady, result.redis_error->reason,
                         result.redis_error->message);
  } else {
    conditions->SetTrue(condition::kCacheReady, reason::kSucceeded,
                        "Redis answers, and its admin may do what is needed.");
  }
}

void SetAgentCondition(const StoreOutcome& outcome, ConditionSet* conditions) {
  if (!outcome.agents_asked) {
    return;
  }
  if (outcome.agents_ready > 0) {
    conditions->SetTrue(condition::kAgentReachable, reason::kSucceeded,
                        std::to_string(outcome.agents_ready) + " agents answer.");
  } else if (outcome.agent_error) {
    conditions->SetFalse(condition::kAgentReachable, outcome.agent_error->reason,
                         outcome.agent_error->message);
  }
}

// The first thing that is wrong, if any.
std::optional<Error> FirstError(const StorePlan& plan, const StoreOutcome& outcome) {
  if (plan.refused) {
    return plan.refused;
  }
  if (outcome.error) {
    return outcome.error;
  }
  if (outcome.result && outcome.result->postgres_error) {
    return outcome.result->postgres_error;
  }
  if (outcome.result && outcome.result->redis_error) {
    return outcome.result->redis_error;
  }
  return std::nullopt;
}

}  // namespace

std::string StoreFingerprint(const StoreObserved& observed, const std::string& versions) {
  return Fingerprint(std::to_string(observed.store.meta.generation) + "/" + versions + "/" +
                     observed.store.meta.Annotation(api::kRequestedAtAnnotation));
}

StorePlan MakeStorePlan(const StoreObserved& observed, const StoreMemory& memory,
                        const StoreSettings& settings, const std::string& versions,
                        MonotonicTime monotonic) {
  const DataStore& store = observed.store;
  StorePlan plan;
  const bool held = store.meta.HasFinalizer(api::kDataStoreFinalizer);
  if (store.meta.deleting()) {
    const bool forced = store.meta.Annotation(api::kForceFinalizeAnnotation) == "true";
    plan.remove_finalizer = held && (observed.tenants == 0 || forced);
    if (held && !plan.remove_finalizer) {
      plan.refused = Error{ErrorCode::kUnavailable,
                           observed.tenants == 1
                               ? "1 Tenant still lives in this DataStore. Delete it first."
                               : std::to_string(observed.tenants) +
                                     " Tenants still live in this DataStore. Delete them first.",
                           reason::kFinalizerBlocked};
    }
    return plan;
  }
  plan.add_finalizer = !held;
  plan.refused = observed.blocked;
  if (plan.refused) {
    return plan;
  }
  const bool unchanged = memory.checked == StoreFingerprint(observed, versions);
  const bool recent = memory.last_check && monotonic < *memory.last_check + settings.drift_interval;
  if (unchanged && recent && api::IsTrue(store.status.conditions, condition::kReady)) {
    return plan;
  }
  plan.task = api::TaskRequest{.id = TaskId(store.meta, "check-" + settings.process_id + "-" +
                                                            std::to_string(memory.checks)),
                               .kind = api::TaskKind::kObserve,
                               .tenant = {},
                               .spec_json = api::Encode(*observed.access)};
  return plan;
}

StoreSummary SummarizeStore(const StoreObserved& observed, const StorePlan& plan,
                            const StoreOutcome& outcome, const StoreSettings& settings,
                            WallTime now) {
  const DataStore& store = observed.store;
  api::DataStoreStatus status = store.status;
  status.observed_generation = store.meta.generation;
  status.tenants = observed.tenants;
  ConditionSet conditions(store.status.conditions, store.meta.generation, now);
  if (outcome.agents_asked) {
    status.agents_ready = outcome.agents_ready;
  }
  SetAgentCondition(outcome, &conditions);
  SetDatabaseConditions(observed, outcome, &conditions);
  Verdict verdict{Shape::kReady, reason::kSucceeded, "Succeeded"};
  Requeue requeue = Requeue::After(settings.drift_interval);
  if (const std::optional<Error> error = FirstError(plan, outcome)) {
    verdict = MakeVerdict(*error);
    requeue = store.meta.deleting() ? Requeue::Never() : DecideRequeue(*error);
  } else if (outcome.task && !api::IsFinal(outcome.task->state)) {
    const bool was_ready = api::IsTrue(store.status.conditions, condition::kReady) &&
                           store.status.observed_generation == store.meta.generation;
    const auto failure = StandingFailure(store.status.conditions, store.meta.generation);
    verdict = was_ready ? verdict
              : failure ? *failure
                        : Verdict{Shape::kInProgress, reason::kProgressing, "Checking the stores"};
    requeue = Requeue::After(kTaskPoll);
  } else if (outcome.result) {
    status.postgres_version = outcome.result->postgres_version;
    status.redis_version = outcome.result->redis_version;
    status.last_handled_reconcile_at = store.meta.Annotation(api::kRequestedAtAnnotation);
  }
  if (store.meta.deleting()) {
    conditions.SetTrue(condition::kTerminating, verdict.reason, verdict.message);
  }
  conditions.SetVerdict(verdict);
  status.conditions = std::move(conditions).Take();
  StoreSummary summary{.status = std::move(status), .events = {}, .requeue = requeue};
  if (auto event = ReadyEvent(store.status.conditions, summary.status.conditions)) {
    summary.events.push_back(*std::move(event));
  }
  return summary;
}

}  // namespace tenantry::plan
