#include "operator/reconcile/fixture_reconciler.h"

#include <algorithm>
#include <set>
#include <utility>

#include "common/api/protocol_codec.h"
#include "common/api/reasons.h"
#include "operator/reconcile/writes.h"

namespace tenantry::reconcile {
namespace {

namespace reason = api::reason;
using api::FixtureSet;
using api::Tenant;
using plan::FixtureObserved;
using plan::FixturePlan;
using plan::TenantTaskOutcome;

Error NoSuchTenant(const FixtureSet& set) {
  return {ErrorCode::kUnavailable,
          "Tenant " + ToString(api::ObjectKey{set.meta.ns, api::Name(set.spec.tenant)}) +
              " does not exist. Create it. spec.tenantRef refers to it.",
          reason::kDependencyNotReady};
}

// Why a Tenant cannot be loaded now; none: it can.
std::optional<Error> WhyNot(const Tenant& tenant) {
  const api::Condition* ready =
      api::FindCondition(tenant.status.conditions, api::condition::kReady);
  const bool is_ready = ready != nullptr && ready->status == api::ConditionStatus::kTrue &&
                        tenant.status.observed_generation == tenant.meta.generation;
  if (is_ready && !tenant.status.binding.empty() && !tenant.meta.deleting()) {
    return std::nullopt;
  }
  std::string why = tenant.meta.deleting() ? "it is being deleted"
                    : ready == nullptr     ? "it is not provisioned yet"
                                           : ready->message;
  return Error{ErrorCode::kUnavailable, std::move(why), reason::kDependencyNotReady};
}

std::string ValueOf(const plan::SecretObject& secret, const std::string& key) {
  const auto found = secret.data.find(key);
  return found == secret.data.end() ? "" : found->second.reveal();
}

}  // namespace

Result<plan::CoveredTenant> FixtureReconciler::Cover(const Tenant& tenant) {
  plan::CoveredTenant covered{.name = tenant.meta.name,
                              .uid = tenant.meta.uid,
                              .id = api::EffectiveTenantId(tenant),
                              .incarnation = tenant.status.incarnation,
                              .waits_for = WhyNot(tenant),
                              .leaving = tenant.meta.deleting()};
  if (covered.waits_for && !covered.leaving) {
    return covered;
  }
  const auto store = services_.world.stores.Get(StoreKey(tenant));
  if (!store) {
    covered.waits_for =
        Error{ErrorCode::kUnavailable,
              "its DataStore " + ToString(StoreKey(tenant)) + " does not exist. Create it.",
              reason::kDependencyNotReady};
    return covered;
  }
  Result<References::StoreCredentials> credentials = services_.references.ReadStore(*store);
  if (!credentials && credentials.error().code == ErrorCode::kInvalid) {
    covered.waits_for = std::move(credentials).error();
    return covered;
  }
  const plan::BindingTarget target = plan::TargetOf(tenant, TRY(std::move(credentials)).access);
  const api::Namespace& ns = tenant.meta.ns;
  const auto binding = TRY(services_.references.FindOwnSecret({ns, plan::BindingName(tenant)}));
  if (!binding) {
    covered.waits_for = Error{ErrorCode::kUnavailable, "its binding Secret is being made",
                              reason::kDependencyNotReady};
    return covered;
  }
  covered.schema = target.schema;
  covered.postgres = target.postgres;
  covered.postgres.user = ValueOf(binding->object, "username");
  covered.postgres.password = Secret(ValueOf(binding->object, "password"));
  if (target.redis) {
    const auto cache =
        TRY(services_.references.FindOwnSecret({ns, plan::CacheBindingName(tenant)}));
    if (cache) {
      covered.redis = target.redis;
      covered.redis->user = ValueOf(cache->object, "username");
      covered.redis->password = Secret(ValueOf(cache->object, "password"));
    }
  }
  return covered;
}

Result<FixtureObserved> FixtureReconciler::Observe(const FixtureSet& set) {
  FixtureObserved observed{.set = set};
  const auto tenants = TenantsOf(services_.world, set);
  for (const auto& tenant : tenants) {
    observed.tenants.push_back(TRY(Cover(*tenant)));
  }
  if (set.meta.deleting()) {
    return observed;
  }
  if (tenants.empty() && !set.spec.tenant_labels) {
    observed.blocked = NoSuchTenant(set);
    return observed;
  }
  Result<std::vector<api::LoadDataset>> datasets = services_.references.ReadDatasets(set);
  if (!datasets && datasets.error().code == ErrorCode::kInvalid) {
    observed.blocked = std::move(datasets).error();
    return observed;
  }
  observed.datasets = TRY(std::move(datasets));
  return observed;
}

TenantTaskOutcome FixtureReconciler::RunTask(const FixtureSet& set, const plan::TenantTask& task) {
  TenantTaskOutcome outcome;
  const auto tenant = services_.world.tenants.Get({set.meta.ns, task.tenant});
  const auto store = tenant ? services_.world.stores.Get(StoreKey(*tenant)) : nullptr;
  const auto candidates = plan::RankAgents(
      store ? AgentsOf(services_.world, *store) : std::vector<plan::AgentCandidate>(), task.tenant,
      task.tenant_uid);
  if (task.request.kind == api::TaskKind::kLoad) {
    // Before it begins, so that there is no moment in which the Tenant could be released under it.
    services_.running_loads.Begin({set.meta.ns, task.tenant}, set.meta.name);
  }
  Result<TaskBoard::Step> step = services_.board.Run(
      services_.agents, {api::Kind::kFixtureSet, set.meta.key()}, task.request, candidates);
  if (!step) {
    outcome.error = std::move(step).error();
    return outcome;
  }
  outcome.task = step->report;
  outcome.error = ErrorOf(step->report);
  const bool has_result = api::IsFinal(step->report.state) && !step->report.result_json.empty();
  if (task.request.kind != api::TaskKind::kLoad || (!has_result && outcome.error) ||
      !api::IsFinal(step->report.state)) {
    return outcome;
  }
  Result<api::LoadResult> loaded =
      api::Decode<api::LoadResult>(has_result ? step->report.result_json : "{}");
  if (loaded) {
    outcome.loaded = *std::move(loaded);
  } else if (!outcome.error) {
    outcome.error = std::move(loaded).error();
  }
  return outcome;
}

// A Tenant that is being deleted waits for the end of its last load.
void FixtureReconciler::EndLoad(const api::ObjectKey& tenant, const api::Name& set) {
  const bool was_last = services_.running_loads.End(tenant, set);
  const auto waiting = was_last ? services_.world.tenants.Get(tenant) : nullptr;
  if (waiting && waiting->meta.deleting()) {
    services_.router.Wake({api::Kind::kTenant, tenant});
  }
}

void FixtureReconciler::Remember(const FixtureSet& set, const FixturePlan& plan,
                                 const Outcomes& outcomes, plan::FixtureMemory* memory) {
  for (const plan::TenantTask& task : plan.tasks) {
    const TenantTaskOutcome& outcome = outcomes.at(task.tenant);
    const bool running = outcome.task && !api::IsFinal(outcome.task->state);
    plan::FixtureMemory::Attempt& attempt = memory->attempts[task.tenant];
    if (!attempt.task_id.empty() && attempt.task_id != task.request.id) {
      services_.board.Finish(services_.agents, attempt.task_id);  // outdated: cancel it
    }
    const bool same_load = attempt.hash == task.hash;
    const bool same_task = attempt.task_id == task.request.id;
    attempt = {
        .hash = task.hash,
        .task_id = running ? task.request.id : "",
        .error = running && same_load ? attempt.error : outcome.error,
        .ended = services_.clock.Monotonic(),
        .request = same_task ? attempt.request : set.meta.Annotation(api::kRequestedAtAnnotation)};
    if (!running) {
      EndLoad({set.meta.ns, task.tenant}, set.meta.name);
    }
    if (outcome.task && !running) {
      services_.board.Finish(services_.agents, task.request.id);
    }
  }
}

void FixtureReconciler::CancelUnplanned(const FixtureSet& set, const FixturePlan& plan,
                                        plan::FixtureMemory* memory) {
  std::set<api::Name> planned;
  for (const plan::TenantTask& task : plan.tasks) {
    planned.insert(task.tenant);
  }
  for (auto& [tenant, attempt] : memory->attempts) {
    if (planned.contains(tenant) || attempt.task_id.empty()) {
      continue;
    }
    services_.board.Finish(services_.agents, attempt.task_id);
    EndLoad({set.meta.ns, tenant}, set.meta.name);
    attempt.task_id.clear();
  }
}

void FixtureReconciler::Abandon(const api::ObjectKey& set) {
  services_.board.Abandon(services_.agents, {api::Kind::kFixtureSet, set});
  for (const api::ObjectKey& tenant : services_.world.tenants.Keys()) {
    if (tenant.ns == set.ns) {
      EndLoad(tenant, set.name);
    }
  }
}

Pass FixtureReconciler::Release(const FixtureSet& set, const FixturePlan& plan) {
  Abandon(set.meta.key());
  if (plan.unloads > 0) {
    RecordEvents(
        services_, api::Kind::kFixtureSet, set.meta,
        {{false, "Unloaded",
          "The rows that this set inserted are removed from " + std::to_string(plan.unloads) +
              (plan.unloads == 1 ? " tenant." : " tenants.")}});
  }
  const Result<void> removed =
      ChangeFinalizer(services_, set, api::kFixtureSetFinalizer, FinalizerChange::kRemove);
  return removed ? Pass{} : Pass{plan::Requeue::Backoff(), removed.error()};
}

Pass FixtureReconciler::Reconcile(const api::ObjectKey& key) {
  const auto set = services_.world.fixture_sets.Get(key);
  if (!set) {
    Abandon(key);
    memory_.Forget(key);
    return {};
  }
  plan::FixtureMemory& memory = memory_.Of(set->meta);
  const Result<FixtureObserved> observed = Observe(*set);
  if (!observed) {
    return {plan::Requeue::Backoff(), observed.error()};
  }
  const FixturePlan plan =
      plan::MakeFixturePlan(*observed, memory, settings_, services_.clock.Monotonic());
  if (plan.add_finalizer) {
    if (const auto added =
            ChangeFinalizer(services_, *set, api::kFixtureSetFinalizer, FinalizerChange::kAdd);
        !added) {
      return {plan::Requeue::Backoff(), added.error()};
    }
  }
  Outcomes outcomes;
  for (const plan::TenantTask& task : plan.tasks) {
    outcomes.emplace(task.tenant, RunTask(*set, task));
  }
  const bool all_done = std::all_of(outcomes.begin(), outcomes.end(), [](const auto& entry) {
    return !entry.second.error && entry.second.task && api::IsFinal(entry.second.task->state);
  });
  if (plan.release && !plan.refused && all_done) {
    return Release(*set, plan);
  }
  plan::FixtureSummary summary =
      plan::SummarizeFixtures(*observed, memory, plan, outcomes, settings_, services_.clock.Now());
  if (const auto patched = PatchStatus(services_, *set, summary.status); !patched) {
    return {plan::Requeue::Backoff(), patched.error()};
  }
  RecordEvents(services_, api::Kind::kFixtureSet, set->meta, summary.events);
  Remember(*set, plan, outcomes, &memory);
  CancelUnplanned(*set, plan, &memory);
  std::optional<Error> error = plan.refused;
  for (const auto& [tenant, outcome] : outcomes) {
    error = error ? error : outcome.error;
  }
  return {summary.requeue, std::move(error)};
}

}  // namespace tenantry::reconcile
