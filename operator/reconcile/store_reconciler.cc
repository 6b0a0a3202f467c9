#include "operator/reconcile/store_reconciler.h"

#include <utility>

#include "common/api/protocol_codec.h"
#include "common/api/reasons.h"
#include "operator/reconcile/writes.h"

namespace tenantry::reconcile {

using api::DataStore;

Result<StoreReconciler::Observed> StoreReconciler::Observe(const DataStore& store) {
  Observed observed{.state = {.store = store}};
  observed.state.tenants = services_.world.tenant_index.CountOfStore(store.meta.key());
  if (store.meta.deleting()) {
    return observed;
  }
  Result<References::StoreCredentials> credentials = services_.references.ReadStore(store);
  if (!credentials && credentials.error().code == ErrorCode::kInvalid) {
    observed.state.blocked = std::move(credentials).error();
    return observed;
  }
  References::StoreCredentials read = TRY(std::move(credentials));
  observed.state.access = api::StoreSpec{.postgres = std::move(read.access.postgres),
                                         .redis = std::move(read.access.redis)};
  observed.versions = std::move(read.versions);
  return observed;
}

plan::StoreOutcome StoreReconciler::Ask(const DataStore& store, const plan::StorePlan& plan) {
  plan::StoreOutcome outcome;
  if (!plan.task) {
    return outcome;
  }
  outcome.agents_asked = true;
  std::vector<plan::AgentCandidate> reachable;
  for (plan::AgentCandidate& candidate : AgentsOf(services_.world, store)) {
    const auto info = services_.agents.Info({candidate.name, candidate.url});
    if (!info) {
      outcome.agent_error = info.error();
    } else if (candidate.bound_tenant.empty()) {
      ++outcome.agents_ready;
      reachable.push_back(std::move(candidate));
    }
  }
  if (reachable.empty() && outcome.agent_error) {
    outcome.error = outcome.agent_error;
    return outcome;
  }
  Result<TaskBoard::Step> step =
      services_.board.Run(services_.agents, {api::Kind::kDataStore, store.meta.key()}, *plan.task,
                          plan::RankAgents(std::move(reachable), store.meta.name, store.meta.uid));
  if (!step) {
    outcome.error = std::move(step).error();
    outcome.agent_error = outcome.agent_error ? outcome.agent_error : outcome.error;
    return outcome;
  }
  outcome.task = step->report;
  outcome.error = ErrorOf(step->report);
  if (step->report.state == api::TaskState::kSucceeded) {
    const std::string& json = step->report.result_json;
    Result<api::StoreResult> result = api::Decode<api::StoreResult>(json.empty() ? "{}" : json);
    if (result) {
      outcome.result = *std::move(result);
    } else {
      outcome.error = std::move(result).error();
    }
  }
  return outcome;
}

Pass StoreReconciler::Reconcile(const api::ObjectKey& key) {
  const auto store = services_.world.stores.Get(key);
  if (!store) {
    services_.board.Abandon(services_.agents, {api::Kind::kDataStore, key});
    memory_.Forget(key);
    return {};
  }
  plan::StoreMemory& memory = memory_.Of(store->meta);
  const Result<Observed> observed = Observe(*store);
  if (!observed) {
    return {plan::Requeue::Backoff(), observed.error()};
  }
  const plan::StorePlan plan = plan::MakeStorePlan(observed->state, memory, settings_,
                                                   observed->versions, services_.clock.Monotonic());
  if (plan.add_finalizer || plan.remove_finalizer) {
    const auto change = plan.add_finalizer ? FinalizerChange::kAdd : FinalizerChange::kRemove;
    const auto changed = ChangeFinalizer(services_, *store, api::kDataStoreFinalizer, change);
    if (!changed) {
      return {plan::Requeue::Backoff(), changed.error()};
    }
  }
  if (store->meta.deleting() && !plan.refused) {
    return {};
  }
  const plan::StoreOutcome outcome = Ask(*store, plan);
  plan::StoreSummary summary =
      plan::SummarizeStore(observed->state, plan, outcome, settings_, services_.clock.Now());
  if (const auto patched = PatchStatus(services_, *store, summary.status); !patched) {
    return {plan::Requeue::Backoff(), patched.error()};
  }
  RecordEvents(services_, api::Kind::kDataStore, store->meta, summary.events);
  if (outcome.task && api::IsFinal(outcome.task->state)) {
    services_.board.Finish(services_.agents, plan.task->id);
    ++memory.checks;
    memory.last_check = services_.clock.Monotonic();
    memory.checked = plan::StoreFingerprint(observed->state, observed->versions);
  }
  return {summary.requeue, plan.refused ? plan.refused : outcome.error};
}

}  // namespace tenantry::reconcile
