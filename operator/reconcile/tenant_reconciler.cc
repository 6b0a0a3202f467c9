#include "operator/reconcile/tenant_reconciler.h"

#include <algorithm>
#include <utility>

#include "common/api/protocol_codec.h"
#include "common/api/reasons.h"
#include "operator/reconcile/random.h"
#include "operator/reconcile/tenant_observe.h"
#include "operator/reconcile/writes.h"

namespace tenantry::reconcile {
namespace {

using api::Tenant;
using plan::TenantMemory;
using plan::TenantObserved;
using plan::TenantOutcome;
using plan::TenantPlan;

// Longer than most tasks take, shorter than a user's patience.
constexpr std::chrono::milliseconds kProgressGrace{200};

template <class Object>
WriteMode ModeFor(const std::optional<plan::Existing<Object>>& existing) {
  return existing ? WriteMode::kApply : WriteMode::kCreate;
}

template <class T>
std::optional<T> DecodeIf(const api::TaskReport& report, api::TaskKind kind,
                          std::optional<Error>* error) {
  if (report.kind != kind || report.state != api::TaskState::kSucceeded) {
    return std::nullopt;
  }
  Result<T> result = api::Decode<T>(report.result_json.empty() ? "{}" : report.result_json);
  if (!result) {
    *error = std::move(result).error();
    return std::nullopt;
  }
  return *std::move(result);
}

}  // namespace

Result<void> TenantReconciler::ApplyAction(const plan::Action& action, TenantObserved* observed) {
  const Tenant& tenant = observed->tenant;
  const api::Namespace& ns = tenant.meta.ns;
  if (const auto* add = std::get_if<plan::AddFinalizer>(&action)) {
    return ChangeFinalizer(services_, tenant, add->finalizer, FinalizerChange::kAdd);
  }
  if (const auto* remove = std::get_if<plan::RemoveFinalizer>(&action)) {
    return ChangeFinalizer(services_, tenant, remove->finalizer, FinalizerChange::kRemove);
  }
  if (const auto* secret = std::get_if<plan::ApplySecret>(&action)) {
    const bool cache = secret->object.name == plan::CacheBindingName(tenant);
    auto& existing = cache ? observed->cache_binding : observed->binding;
    existing = TRY(Write(services_, secret->object, ModeFor(existing)));
    return {};
  }
  if (const auto* config = std::get_if<plan::ApplyConfigMap>(&action)) {
    observed->config = TRY(Write(services_, config->object, ModeFor(observed->config)));
    return {};
  }
  if (const auto* secret = std::get_if<plan::DeleteSecret>(&action)) {
    return DeleteSecret(services_, {ns, secret->name});
  }
  return DeleteConfigMap(services_, {ns, std::get<plan::DeleteConfigMap>(action).name});
}

Result<void> TenantReconciler::RunTask(const TenantObserved& observed,
                                       const api::TaskRequest& request, TenantOutcome* outcome) {
  const Tenant& tenant = observed.tenant;
  const auto store = services_.world.stores.Get(StoreKey(tenant));
  const auto candidates = plan::RankAgents(
      store ? AgentsOf(services_.world, *store) : std::vector<plan::AgentCandidate>(),
      tenant.meta.name, tenant.meta.uid);
  const TaskBoard::Step step = TRY(services_.board.Run(
      services_.agents, {api::Kind::kTenant, tenant.meta.key()}, request, candidates));
  outcome->task = step.report;
  outcome->agent_name = step.agent.name;
  if (const auto info = services_.agents.RecentInfo(step.agent); info) {
    outcome->agent_version = info->version;
  }
  outcome->error = ErrorOf(step.report);
  outcome->provisioned =
      DecodeIf<api::ProvisionResult>(step.report, api::TaskKind::kProvision, &outcome->error);
  outcome->checked =
      DecodeIf<api::ObserveResult>(step.report, api::TaskKind::kObserve, &outcome->error);
  outcome->released =
      DecodeIf<api::DeprovisionResult>(step.report, api::TaskKind::kDeprovision, &outcome->error);
  return {};
}

TenantOutcome TenantReconciler::Apply(TenantObserved* observed, const TenantPlan& plan) {
  TenantOutcome outcome;
  if (plan.refused) {
    return outcome;
  }
  const auto run_all = [&](const std::vector<plan::Action>& actions) -> Result<void> {
    for (const plan::Action& action : actions) {
      TRY(ApplyAction(action, observed));
    }
    return {};
  };
  if (auto done = run_all(plan.before); !done) {
    outcome.error = std::move(done).error();
    return outcome;
  }
  if (plan.task) {
    if (auto asked = RunTask(*observed, *plan.task, &outcome); !asked) {
      outcome.error = std::move(asked).error();
    }
    if (outcome.error || !api::IsFinal(outcome.task->state)) {
      return outcome;
    }
  }
  if (observed->tenant.meta.deleting() && outcome.released) {
    // The event that tells what became of the data needs its object: before the finalizer goes.
    const auto summary = plan::SummarizeTenant(*observed, {}, plan, outcome, services_.clock.Now());
    RecordEvents(services_, api::Kind::kTenant, observed->tenant.meta, summary.events);
  }
  if (auto done = run_all(plan.after); !done) {
    outcome.error = std::move(done).error();
  }
  return outcome;
}

void TenantReconciler::PrepareRotation(const TenantObserved& observed, TenantMemory* memory) {
  const Tenant& tenant = observed.tenant;
  const std::string token = plan::WantedRotation(tenant);
  if (token.empty() || !observed.binding || tenant.status.provisioned_hash.empty()) {
    memory->rotation.reset();
    return;
  }
  if (memory->rotation) {
    memory->rotation->token = token;  // asked for again meanwhile: these are new enough
    return;
  }
  const api::TenantId id = api::EffectiveTenantId(tenant);
  plan::Credentials next = RandomCredentials();
  next.username = plan::OtherAppRole(
      id, plan::CurrentCredentials(id, observed.binding->object, std::nullopt, {}).username);
  memory->rotation = TenantMemory::NextCredentials{token, std::move(next)};
}

void TenantReconciler::Remember(const TenantObserved& observed, const TenantPlan& plan,
                                const TenantOutcome& outcome, TenantMemory* memory) {
  if (plan.task && plan.task->kind == api::TaskKind::kObserve && outcome.task &&
      api::IsFinal(outcome.task->state)) {
    ++memory->checks;  // the next one is a new task
  }
  if (plan.task && plan.task->kind == api::TaskKind::kProvision) {
    memory->provisioning = !outcome.provisioned || outcome.error.has_value();
  }
  if (outcome.error || (!outcome.checked && !outcome.provisioned)) {
    return;
  }
  memory->last_check = services_.clock.Monotonic();
  memory->checked_inputs = plan::CheckInputs(observed);
  memory->drift = outcome.checked ? outcome.checked->drift : std::vector<std::string>();
  if (outcome.provisioned) {
    memory->rotation.reset();
  }
}

void TenantReconciler::Report(const TenantObserved& observed, const plan::TenantSummary& summary,
                              const TenantOutcome& outcome) {
  RecordEvents(services_, api::Kind::kTenant, observed.tenant.meta, summary.events);
  if (outcome.checked && !outcome.checked->drift.empty()) {
    services_.metrics.DriftDetected(api::Kind::kTenant);
  }
}

plan::Requeue TenantReconciler::ScheduleCheck(const Tenant& tenant, const TenantMemory& memory,
                                              MonotonicTime::duration at_most) const {
  const MonotonicTime now = services_.clock.Monotonic();
  auto wait = plan::NextCheck(tenant, memory, settings_, now) - now;
  // Tenants that came together are checked apart.
  wait += std::chrono::duration_cast<MonotonicTime::duration>(settings_.drift_interval *
                                                              (0.1 * RandomFraction()));
  return plan::Requeue::After(
      std::max(std::chrono::duration_cast<std::chrono::milliseconds>(std::min(wait, at_most)),
               std::chrono::milliseconds(1)));
}

plan::Requeue TenantReconciler::Schedule(const TenantObserved& observed, const TenantMemory& memory,
                                         plan::Requeue requeue) const {
  if (requeue.kind != plan::Requeue::Kind::kNever || observed.blocked ||
      observed.tenant.spec.suspend || observed.tenant.meta.deleting()) {
    return requeue;
  }
  auto at_most = MonotonicTime::duration::max();
  if (const auto rotation = RotationOf(observed)) {
    const auto overlap = rotation->at + settings_.rotation_overlap - services_.clock.Now();
    at_most = overlap + std::chrono::milliseconds(50);
  }
  return ScheduleCheck(observed.tenant, memory, at_most);
}

std::optional<plan::Rotation> TenantReconciler::RotationOf(const TenantObserved& observed) const {
  return observed.binding ? plan::CurrentRotation(observed.binding->object, std::nullopt,
                                                  services_.clock.Now(), settings_.rotation_overlap)
                          : std::nullopt;
}

// A Tenant whose pass found nothing to do, and for which nothing has changed since.
bool TenantReconciler::IsSettled(const Tenant& tenant, const TenantMemory& memory,
                                 const std::string& inputs) const {
  const MonotonicTime now = services_.clock.Monotonic();
  return !inputs.empty() && inputs == memory.settled_inputs &&
         plan::NextCheck(tenant, memory, settings_, now) > now;
}

std::optional<std::chrono::milliseconds> TenantReconciler::WaitBeforeTelling(
    const TenantObserved& observed, const TenantOutcome& outcome, TenantMemory* memory) const {
  if (!plan::IsSelfEvident(observed, outcome)) {
    memory->tell_progress_at.reset();
    return std::nullopt;
  }
  const MonotonicTime now = services_.clock.Monotonic();
  if (!memory->tell_progress_at) {
    memory->tell_progress_at = now + kProgressGrace;
  }
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(*memory->tell_progress_at - now);
  return wait.count() > 0 ? std::optional(wait) : std::nullopt;
}

Pass TenantReconciler::Reconcile(const api::ObjectKey& key) {
  const auto tenant = services_.world.tenants.Get(key);
  if (!tenant) {
    services_.board.Abandon(services_.agents, {api::Kind::kTenant, key});
    memory_.Forget(key);
    return {};
  }
  TenantMemory& memory = memory_.Of(tenant->meta);
  const std::string inputs = PassInputs(services_, *tenant);
  if (IsSettled(*tenant, memory, inputs)) {
    return {ScheduleCheck(*tenant, memory, MonotonicTime::duration::max()), std::nullopt};
  }
  memory.settled_inputs.clear();
  Result<TenantObserved> observed = ObserveTenant(services_, *tenant);
  if (!observed) {
    return {plan::Requeue::Backoff(), observed.error()};
  }
  PrepareRotation(*observed, &memory);
  const plan::Credentials fresh = RandomCredentials();
  const TenantPlan plan = plan::MakeTenantPlan(*observed, memory, settings_, fresh,
                                               services_.clock.Now(), services_.clock.Monotonic());
  if (plan.task && plan.task->kind == api::TaskKind::kProvision) {
    memory.provisioning = true;  // also if this pass ends badly
  }
  const TenantOutcome outcome = Apply(&*observed, plan);
  if (outcome.error && outcome.error->reason == kAlreadyExists) {
    return {plan::Requeue::Now(), std::nullopt};  // the next pass looks at what is there
  }
  if (tenant->meta.deleting() && !plan.refused && !outcome.error &&
      (!plan.task || outcome.released)) {
    if (plan.task) {
      services_.board.Finish(services_.agents, plan.task->id);
    }
    return {};
  }
  if (const auto wait = WaitBeforeTelling(*observed, outcome, &memory)) {
    return {plan::Requeue::After(*wait), std::nullopt};
  }
  plan::TenantSummary summary =
      plan::SummarizeTenant(*observed, memory, plan, outcome, services_.clock.Now());
  if (Result<void> patched = PatchStatus(services_, *tenant, summary.status); !patched) {
    return {plan::Requeue::Backoff(), patched.error()};
  }
  Report(*observed, summary, outcome);
  observed->tenant.status = summary.status;
  Remember(*observed, plan, outcome, &memory);
  if (plan.task && outcome.task && api::IsFinal(outcome.task->state)) {
    services_.board.Finish(services_.agents, plan.task->id);
  }
  const bool nothing_to_do = !plan.task && plan.before.empty() && plan.after.empty() &&
                             !plan.refused && !outcome.error && summary.status == tenant->status;
  if (nothing_to_do && !tenant->spec.suspend && !RotationOf(*observed)) {
    memory.settled_inputs = inputs;
  }
  return {Schedule(*observed, memory, summary.requeue),
          plan.refused ? plan.refused : outcome.error};
}

}  // namespace tenantry::reconcile
