#include "tests/unit/plan/tenant_life.h"

#include <gtest/gtest.h>

#include <utility>

#include "tests/unit/plan/legal_shape.h"

namespace tenantry::plan {

TenantPlan TenantLife::Plan() const {
  return MakeTenantPlan(observed, memory, settings,
                        FreshCredentials("fresh-" + std::to_string(++fresh_)), now, monotonic);
}

TenantLife TenantLife::Provisioned(TenantObserved start) {
  TenantLife life(std::move(start));
  life.Provision();
  return life;
}

void TenantLife::Provision() {
  for (int pass = 0; pass < 3; ++pass) {
    Run();
  }
  ASSERT_TRUE(api::IsTrue(observed.tenant.status.conditions, api::condition::kReady));
}

void TenantLife::Apply(const Action& action) {
  auto& finalizers = observed.tenant.meta.finalizers;
  if (const auto* add = std::get_if<AddFinalizer>(&action)) {
    finalizers.push_back(add->finalizer);
  } else if (const auto* remove = std::get_if<RemoveFinalizer>(&action)) {
    std::erase(finalizers, remove->finalizer);
  } else if (const auto* secret = std::get_if<ApplySecret>(&action)) {
    const bool cache = secret->object.name == CacheBindingName(observed.tenant);
    (cache ? observed.cache_binding : observed.binding) =
        Existing<SecretObject>{secret->object, std::to_string(++version_)};
  } else if (const auto* config = std::get_if<ApplyConfigMap>(&action)) {
    observed.config = Existing<ConfigMapObject>{config->object, std::to_string(++version_)};
  } else if (const auto* gone = std::get_if<DeleteSecret>(&action)) {
    (gone->name == CacheBindingName(observed.tenant) ? observed.cache_binding : observed.binding)
        .reset();
  } else {
    observed.config.reset();
  }
}

TenantOutcome TenantLife::Ask(const api::TaskRequest& request) {
  TenantOutcome outcome;
  if (mood == AgentMood::kUnreachable) {
    outcome.error = Retryable(api::reason::kAgentUnreachable, "Agent main-0 does not answer.");
    return outcome;
  }
  outcome.task = api::TaskReport{.id = request.id, .kind = request.kind};
  outcome.agent_name = "main-0";
  outcome.agent_version = "0.1.0";
  if (mood == AgentMood::kStillRuns) {
    outcome.task->state = api::TaskState::kRunning;
    return outcome;
  }
  if (mood == AgentMood::kFailsTask) {
    outcome.task->state = api::TaskState::kFailed;
    outcome.error = error;
    return outcome;
  }
  outcome.task->state = api::TaskState::kSucceeded;
  if (request.kind == api::TaskKind::kProvision) {
    outcome.provisioned = provision;
  } else if (request.kind == api::TaskKind::kObserve) {
    outcome.checked = check;
  } else {
    outcome.released = release;
  }
  return outcome;
}

void TenantLife::Remember(const TenantPlan& plan, const TenantOutcome& outcome) {
  if (plan.task && plan.task->kind == api::TaskKind::kProvision) {
    memory.provisioning = !outcome.provisioned || outcome.error;
  }
  if (outcome.checked) {
    ++memory.checks;
  }
  if (outcome.error || (!outcome.checked && !outcome.provisioned)) {
    return;
  }
  memory.last_check = monotonic;
  memory.checked_inputs = CheckInputs(observed);
  memory.drift = outcome.checked ? outcome.checked->drift : std::vector<std::string>();
  if (outcome.provisioned) {
    memory.rotation.reset();
  }
}

TenantSummary TenantLife::Run() {
  const TenantPlan plan = Plan();
  TenantOutcome outcome;
  if (!plan.refused) {
    for (const Action& action : plan.before) {
      Apply(action);
    }
    if (plan.task) {
      outcome = Ask(*plan.task);
    }
    const bool ended = !plan.task || (outcome.task && api::IsFinal(outcome.task->state));
    for (const Action& action : ended && !outcome.error ? plan.after : std::vector<Action>()) {
      Apply(action);
    }
  }
  TenantSummary summary = SummarizeTenant(observed, memory, plan, outcome, now);
  ExpectLegalShape(summary.status.conditions, observed.tenant.meta.generation);
  EXPECT_EQ(summary.status.observed_generation, observed.tenant.meta.generation);
  observed.tenant.status = summary.status;
  Remember(plan, outcome);
  return summary;
}

}  // namespace tenantry::plan
