#include "tests/unit/plan/fixture_life.h"

#include <gtest/gtest.h>

#include "tests/unit/plan/legal_shape.h"

namespace tenantry::plan {

std::vector<std::string> FixtureLife::Loads() const {
  std::vector<std::string> names;
  for (const TenantTask& task : Plan().tasks) {
    names.push_back(task.tenant.value());
  }
  return names;
}

TenantTaskOutcome FixtureLife::Ask(const TenantTask& task) {
  const LoadMood& mood = moods[task.tenant.value()];
  TenantTaskOutcome outcome;
  if (mood.agent_away) {
    outcome.error = Retryable(api::reason::kAgentUnreachable, "Agent main-0 does not answer.");
    return outcome;
  }
  outcome.task = api::TaskReport{.id = task.request.id, .kind = task.request.kind};
  if (mood.running) {
    outcome.task->state = api::TaskState::kRunning;
    outcome.task->progress = *mood.running;
    return outcome;
  }
  outcome.task->state = mood.error ? api::TaskState::kFailed : api::TaskState::kSucceeded;
  outcome.error = mood.error;
  if (task.request.kind == api::TaskKind::kLoad && (!mood.error || !mood.result.datasets.empty())) {
    outcome.loaded = mood.result;
  }
  return outcome;
}

void FixtureLife::Remember(const FixturePlan& plan,
                           const std::map<api::Name, TenantTaskOutcome>& outcomes) {
  for (const TenantTask& task : plan.tasks) {
    const TenantTaskOutcome& outcome = outcomes.at(task.tenant);
    const bool running = outcome.task && !api::IsFinal(outcome.task->state);
    FixtureMemory::Attempt& attempt = memory.attempts[task.tenant];
    const bool same_load = attempt.hash == task.hash;
    const bool same_task = attempt.task_id == task.request.id;
    attempt = {.hash = task.hash,
               .task_id = running ? task.request.id : "",
               .error = running && same_load ? attempt.error : outcome.error,
               .ended = monotonic,
               .request = same_task ? attempt.request
                                    : observed.set.meta.Annotation(api::kRequestedAtAnnotation)};
  }
}

FixtureSummary FixtureLife::Run() {
  const FixturePlan plan = Plan();
  if (plan.add_finalizer) {
    observed.set.meta.finalizers.push_back(api::kFixtureSetFinalizer);
  }
  std::map<api::Name, TenantTaskOutcome> outcomes;
  for (const TenantTask& task : plan.tasks) {
    outcomes.emplace(task.tenant, Ask(task));
  }
  FixtureSummary summary = SummarizeFixtures(observed, memory, plan, outcomes, settings, now);
  ExpectLegalShape(summary.status.conditions, observed.set.meta.generation);
  EXPECT_EQ(summary.status.observed_generation, observed.set.meta.generation);
  observed.set.status = summary.status;
  Remember(plan, outcomes);
  return summary;
}

}  // namespace tenantry::plan
