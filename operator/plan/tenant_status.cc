#include "operator/plan/tenant_status.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/api/reasons.h"
#include "common/base/quantity.h"
#include "common/base/strings.h"

namespace tenantry::plan {
namespace {

namespace condition = api::condition;
namespace reason = api::reason;
using api::Tenant;
using api::TenantStatus;

constexpr std::chrono::seconds kTaskPoll{20};  // events wake us; this is for a lost one

bool IsOneOf(const std::string& text, std::initializer_list<const char*> names) {
  return std::any_of(names.begin(), names.end(), [&](const char* name) { return text == name; });
}

bool TaskIsRunning(const TenantOutcome& outcome) {
  return outcome.task && !api::IsFinal(outcome.task->state);
}

std::string StepName(const TenantPlan& plan) {
  return plan.task->kind == api::TaskKind::kObserve ? "Checking the tenant"
                                                    : "Provisioning the tenant";
}

// `lines` is not empty.
std::string FirstOf(const std::vector<std::string>& lines) {
  const std::string more =
      lines.size() == 1 ? "" : " (and " + std::to_string(lines.size() - 1) + " more)";
  return lines.front() + more;
}

// Whose fault an error is, as conditions of their own.
void SetDependencyConditions(const TenantOutcome& outcome, ConditionSet* conditions) {
  const Error& error = *outcome.error;
  const std::string& why = error.reason;
  if (IsOneOf(why,
              {reason::kAgentUnreachable, reason::kAgentUnauthorized, reason::kAgentVersionSkew})) {
    conditions->SetFalse(condition::kAgentReachable, why, error.message);
    return;
  }
  if (!outcome.task) {
    return;  // it did not come to asking the agent
  }
  conditions->SetTrue(condition::kAgentReachable, reason::kSucceeded, "The agent answers.");
  if (why == reason::kRedisUnreachable) {
    conditions->SetFalse(condition::kCacheReady, why, error.message);
  } else if (IsOneOf(why, {reason::kDatabaseUnreachable, reason::kCredentialsRefused,
                           reason::kDatabaseNotFound, reason::kInsufficientPrivilege,
                           reason::kMigrationFailed, reason::kAdoptionRequired,
                           reason::kOwnershipConflict})) {
    conditions->SetFalse(condition::kDatabaseReady, why, error.message);
  }
}

void SetSuccessConditions(const TenantObserved& observed, ConditionSet* conditions) {
  conditions->SetTrue(condition::kAgentReachable, reason::kSucceeded, "The agent answers.");
  conditions->SetTrue(condition::kDatabaseReady, reason::kSucceeded,
                      "Schema, roles and grants are as the spec says.");
  if (observed.store->redis) {
    conditions->SetTrue(condition::kCacheReady, reason::kSucceeded,
                        "The Redis user and its prefix are as the spec says.");
  } else {
    conditions->Remove(condition::kCacheReady);
  }
}

void SetFixtureCondition(const TenantObserved& observed, ConditionSet* conditions) {
  if (observed.fixture_sets == 0) {
    conditions->Remove(condition::kFixturesLoaded);
    return;
  }
  const std::string message = std::to_string(observed.fixture_sets_loaded) + " of " +
                              std::to_string(observed.fixture_sets) + " fixture sets are loaded.";
  if (observed.fixture_sets_loaded == observed.fixture_sets) {
    conditions->SetTrue(condition::kFixturesLoaded, reason::kSucceeded, message);
  } else {
    conditions->SetFalse(condition::kFixturesLoaded, reason::kProgressing, message);
  }
}

void SetQuotaCondition(const TenantObserved& observed, const api::Usage& usage,
                       ConditionSet* conditions) {
  const std::optional<std::string>& limit_text = observed.effective.limits.storage;
  if (!limit_text || !usage.storage_bytes) {
    conditions->Remove(condition::kQuotaWithinLimit);
    return;
  }
  const Result<std::int64_t> limit = ParseBytes(*limit_text);
  if (!limit) {
    conditions->Remove(condition::kQuotaWithinLimit);
    return;
  }
  const std::string message =
      FormatBytes(*usage.storage_bytes) + " of " + *limit_text + " are used.";
  if (*usage.storage_bytes <= *limit) {
    conditions->SetTrue(condition::kQuotaWithinLimit, reason::kSucceeded, message);
  } else {
    conditions->SetFalse(condition::kQuotaWithinLimit, reason::kQuotaExceeded,
                         message + " Delete data or raise limits.storage.");
  }
}

void TakeUsage(const api::Usage& usage, TenantStatus* status) {
  status->usage = usage;
  status->storage_size = usage.storage_bytes ? FormatBytes(*usage.storage_bytes) : "";
}

void TakeProvisionResult(const TenantObserved& observed, const TenantPlan& plan,
                         const TenantOutcome& outcome, TenantStatus* status) {
  const api::ProvisionResult& result = *outcome.provisioned;
  status->provisioned_hash = plan.provisioned_hash;
  status->schema_version = result.schema_version;
  status->incarnation = result.incarnation;
  status->binding = BindingName(observed.tenant).value();
  status->cache_binding = observed.store->redis ? CacheBindingName(observed.tenant).value() : "";
  TakeUsage(result.usage, status);
}

// Suspended: nothing is done; Ready tells whether the tenant is as it was asked for all the same.
TenantSummary SummarizeSuspended(const TenantObserved& observed, const TenantPlan& plan,
                                 TenantStatus status, ConditionSet conditions) {
  conditions.SetTrue(condition::kSuspended, reason::kSuspended,
                     "spec.suspend is set: Tenantry changes nothing here.");
  const bool as_asked = !plan.refused && !status.provisioned_hash.empty() &&
                        status.provisioned_hash == plan.provisioned_hash &&
                        api::IsTrue(observed.tenant.status.conditions, condition::kReady);
  conditions.SetVerdict(
      as_asked ? Verdict{Shape::kReady, reason::kSuspended,
                         "Suspended; the tenant is as it was last provisioned."}
               : Verdict{Shape::kHalted, reason::kSuspended,
                         "Suspended before the spec was put into effect. Set spec.suspend to false "
                         "to go on."});
  status.conditions = std::move(conditions).Take();
  TenantSummary summary{.status = std::move(status), .events = {}, .requeue = Requeue::Never()};
  if (auto event = ReadyEvent(observed.tenant.status.conditions, summary.status.conditions)) {
    summary.events.push_back(*std::move(event));
  }
  return summary;
}

Verdict DriftVerdict(const std::vector<std::string>& drift) {
  return {Shape::kInProgress, reason::kDriftDetected, "Putting right: " + FirstOf(drift)};
}

struct Judgement {
  Verdict verdict;
  Requeue requeue;
};

// The heart: what the pass means for Ready.
Judgement Judge(const TenantObserved& observed, const TenantMemory& memory, const TenantPlan& plan,
                const TenantOutcome& outcome) {
  const Tenant& tenant = observed.tenant;
  if (plan.refused) {
    return {MakeVerdict(*plan.refused), DecideRequeue(*plan.refused)};
  }
  if (outcome.error) {
    return {MakeVerdict(*outcome.error), DecideRequeue(*outcome.error)};
  }
  if (outcome.checked && !outcome.checked->drift.empty()) {
    return {DriftVerdict(outcome.checked->drift), Requeue::Now()};
  }
  if (TaskIsRunning(outcome)) {
    const bool only_a_check = plan.task->kind == api::TaskKind::kObserve;
    if (only_a_check && api::IsTrue(tenant.status.conditions, condition::kReady)) {
      return {{Shape::kReady, reason::kSucceeded, "Succeeded"}, Requeue::After(kTaskPoll)};
    }
    if (const auto failure = StandingFailure(tenant.status.conditions, tenant.meta.generation)) {
      return {*failure, Requeue::After(kTaskPoll)};
    }
    const Verdict verdict = memory.drift.empty()
                                ? Verdict{Shape::kInProgress, reason::kProgressing, StepName(plan)}
                                : DriftVerdict(memory.drift);
    return {verdict, Requeue::After(kTaskPoll)};
  }
  return {{Shape::kReady, reason::kSucceeded, "Succeeded"}, Requeue::Never()};
}

bool DriftIsCorrected(const TenantMemory& memory, const TenantOutcome& outcome) {
  return outcome.provisioned && !outcome.error && !memory.drift.empty();
}

std::string WhatWasCorrected(const TenantOutcome& outcome) {
  const std::vector<std::string>& changes = outcome.provisioned->changes;
  return changes.empty() ? "The difference has gone by itself."
                         : "Put right: " + Join(changes, "; ");
}

std::vector<EventNote> TenantEvents(const TenantMemory& memory, const TenantPlan& plan,
                                    const TenantOutcome& outcome) {
  std::vector<EventNote> events;
  if (outcome.checked && !outcome.checked->drift.empty()) {
    events.push_back({true, reason::kDriftDetected, Join(outcome.checked->drift, "; ")});
  }
  if (DriftIsCorrected(memory, outcome)) {
    events.push_back({false, reason::kDriftCorrected, WhatWasCorrected(outcome)});
  }
  if (!plan.rotation_token.empty() && outcome.provisioned && !outcome.error) {
    events.push_back({false, "CredentialsRotated",
                      "New credentials are published; the previous ones work a while longer."});
  }
  return events;
}

void SetDriftCondition(const TenantMemory& memory, const TenantOutcome& outcome,
                       ConditionSet* conditions) {
  if (outcome.checked && !outcome.checked->drift.empty()) {
    conditions->SetFalse(condition::kDriftFree, reason::kDriftDetected,
                         Join(outcome.checked->drift, "; "));
  } else if (DriftIsCorrected(memory, outcome)) {
    conditions->SetTrue(condition::kDriftFree, reason::kDriftCorrected, WhatWasCorrected(outcome));
  } else if ((outcome.provisioned && !outcome.error) || outcome.checked) {
    conditions->SetTrue(condition::kDriftFree, reason::kSucceeded,
                        "The database is as the spec says.");
  }
}

TenantSummary SummarizeDeletion(const TenantPlan& plan, const TenantOutcome& outcome,
                                TenantStatus status, ConditionSet conditions) {
  TenantSummary summary;
  Verdict verdict{Shape::kInProgress, reason::kProgressing, "Releasing the tenant"};
  summary.requeue = Requeue::After(kTaskPoll);
  if (plan.refused || outcome.error) {
    const Error& error = plan.refused ? *plan.refused : *outcome.error;
    verdict = {Shape::kRetrying, error.reason.empty() ? reason::kFailed : error.reason,
               error.message};
    summary.requeue = error.code == ErrorCode::kInvalid || plan.refused
                          ? Requeue::After(kStalledPoll)
                          : Requeue::Backoff();
  }
  if (outcome.error) {
    SetDependencyConditions(outcome, &conditions);
  }
  if (outcome.released) {
    summary.events.push_back(
        outcome.released->kept.empty()
            ? EventNote{false, "DataDeleted", Join(outcome.released->removed, "; ")}
            : EventNote{false, "DataRetained", "Kept: " + Join(outcome.released->kept, "; ")});
  }
  conditions.SetVerdict(verdict);
  conditions.SetTrue(condition::kTerminating, verdict.reason, verdict.message);
  const std::vector<api::Condition> before = std::move(status.conditions);
  status.conditions = std::move(conditions).Take();
  if (auto event = ReadyEvent(before, status.conditions)) {
    summary.events.push_back(*std::move(event));
  }
  summary.status = std::move(status);
  return summary;
}

}  // namespace

std::optional<EventNote> ReadyEvent(const std::vector<api::Condition>& before,
                                    const std::vector<api::Condition>& after) {
  const api::Condition* old_ready = api::FindCondition(before, condition::kReady);
  const api::Condition* ready = api::FindCondition(after, condition::kReady);
  const bool same = old_ready != nullptr && ready != nullptr &&
                    old_ready->status == ready->status && old_ready->reason == ready->reason &&
                    old_ready->message == ready->message;
  if (ready == nullptr || same || ready->status == api::ConditionStatus::kUnknown) {
    return std::nullopt;
  }
  const bool warning =
      ready->status == api::ConditionStatus::kFalse && ready->reason != reason::kSuspended;
  return EventNote{warning, ready->reason, ready->message};
}

bool IsSelfEvident(const TenantObserved& observed, const TenantOutcome& outcome) {
  const Tenant& tenant = observed.tenant;
  return TaskIsRunning(outcome) && !outcome.error && !tenant.meta.deleting() &&
         tenant.status.observed_generation < tenant.meta.generation;
}

TenantSummary SummarizeTenant(const TenantObserved& observed, const TenantMemory& memory,
                              const TenantPlan& plan, const TenantOutcome& outcome, WallTime now) {
  const Tenant& tenant = observed.tenant;
  TenantStatus status = tenant.status;
  status.observed_generation = tenant.meta.generation;
  status.tenant_id = api::EffectiveTenantId(tenant).value();
  ConditionSet conditions(tenant.status.conditions, tenant.meta.generation, now);
  if (tenant.meta.deleting()) {
    return SummarizeDeletion(plan, outcome, std::move(status), std::move(conditions));
  }
  if (tenant.spec.suspend) {
    return SummarizeSuspended(observed, plan, std::move(status), std::move(conditions));
  }
  conditions.Remove(condition::kSuspended);
  const auto [verdict, requeue] = Judge(observed, memory, plan, outcome);
  if (outcome.error) {
    SetDependencyConditions(outcome, &conditions);
  }
  if (outcome.provisioned && !outcome.error) {
    TakeProvisionResult(observed, plan, outcome, &status);
    SetSuccessConditions(observed, &conditions);
    if (!plan.rotation_token.empty()) {
      status.last_handled_rotation = plan.rotation_token;
    }
  }
  if (outcome.checked) {
    TakeUsage(outcome.checked->usage, &status);
    if (outcome.checked->drift.empty()) {
      SetSuccessConditions(observed, &conditions);
    }
  }
  if ((outcome.checked || outcome.provisioned) && !outcome.error) {
    status.last_handled_reconcile_at = tenant.meta.Annotation(api::kRequestedAtAnnotation);
    status.agent_name = outcome.agent_name;
    status.agent_version = outcome.agent_version;
  }
  SetDriftCondition(memory, outcome, &conditions);
  if (!observed.blocked) {  // then neither limits nor fixture sets were looked at
    SetQuotaCondition(observed, status.usage, &conditions);
    SetFixtureCondition(observed, &conditions);
  }
  conditions.SetVerdict(verdict);
  status.conditions = std::move(conditions).Take();
  TenantSummary summary{.status = std::move(status),
                        .events = TenantEvents(memory, plan, outcome),
                        .requeue = requeue};
  if (auto event = ReadyEvent(tenant.status.conditions, summary.status.conditions)) {
    summary.events.push_back(*std::move(event));
  }
  return summary;
}

}  // namespace tenantry::plan
