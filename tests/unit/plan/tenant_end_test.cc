#include <gtest/gtest.h>

#include "operator/plan/tenant_status.h"
#include "tests/unit/plan/tenant_life.h"

namespace tenantry::plan {
namespace {

namespace condition = api::condition;
namespace reason = api::reason;
using api::ConditionStatus;
using Kind = Requeue::Kind;

std::vector<std::string> Reasons(const TenantSummary& summary) {
  std::vector<std::string> reasons;
  for (const EventNote& event : summary.events) {
    reasons.push_back(event.reason);
  }
  return reasons;
}

using List = std::vector<std::string>;

// ---- suspended ----

TEST(SummarizeTenant, IsReadyWhileSuspendedAsItWasProvisioned) {
  TenantLife life = TenantLife::Provisioned();
  life.observed.tenant.spec.suspend = true;
  life.Edit();

  const TenantSummary summary = life.Run();

  EXPECT_TRUE(api::IsTrue(summary.status.conditions, condition::kReady));
  EXPECT_EQ(life.ReasonOf(condition::kReady), reason::kSuspended);
  EXPECT_TRUE(api::IsTrue(summary.status.conditions, condition::kSuspended));
  EXPECT_EQ(summary.requeue, Requeue::Never());
  EXPECT_EQ(summary.events,
            std::vector{(EventNote{false, reason::kSuspended,
                                   "Suspended; the tenant is as it was last provisioned."})});
  EXPECT_TRUE(life.Run().events.empty());  // once

  life.observed.tenant.spec.suspend = false;
  life.Edit();
  life.Run();
  EXPECT_EQ(life.Find(condition::kSuspended), nullptr);
  EXPECT_EQ(life.ReasonOf(condition::kReady), reason::kSucceeded);
}

TEST(SummarizeTenant, IsHaltedWhileSuspendedBeforeTheSpecIsInEffect) {
  struct Case {
    const char* name;
    void (*change)(TenantLife&);
  };
  const Case cases[] = {
      {"never provisioned", [](TenantLife& l) { l.observed.tenant.status = {}; }},
      {"edited", [](TenantLife& l) { l.observed.effective.limits.connections = 1; }},
      {"blocked", [](TenantLife& l) { l.observed.blocked = Hopeless(reason::kInvalidSpec); }},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    TenantLife life = TenantLife::Provisioned();
    life.observed.tenant.spec.suspend = true;
    each.change(life);

    const TenantSummary summary = life.Run();

    EXPECT_EQ(life.Find(condition::kReady)->status, ConditionStatus::kFalse);
    EXPECT_EQ(life.ReasonOf(condition::kReady), reason::kSuspended);
    EXPECT_EQ(summary.requeue, Requeue::Never());
  }
}

// ---- deletion ----

TenantLife Deleted() {
  TenantLife life = TenantLife::Provisioned();
  life.observed.tenant.meta.deletion_timestamp = "2026-01-01T00:00:00Z";
  return life;
}

TEST(SummarizeTenant, SaysThatItReleasesADeletedTenant) {
  TenantLife life = Deleted();
  life.mood = AgentMood::kStillRuns;

  const TenantSummary summary = life.Run();

  EXPECT_TRUE(api::IsTrue(summary.status.conditions, condition::kTerminating));
  EXPECT_EQ(life.Find(condition::kReady)->message, "Releasing the tenant");
  EXPECT_EQ(summary.requeue.kind, Kind::kAfter);
}

TEST(SummarizeTenant, TellsWhatBecameOfTheData) {
  TenantLife kept = Deleted();
  kept.release.kept = {"schema tenant_acme"};
  EXPECT_EQ(kept.Run().events,
            (std::vector<EventNote>{{false, "DataRetained", "Kept: schema tenant_acme"}}));

  TenantLife gone = Deleted();
  gone.release.removed = {"schema tenant_acme", "role tenant_acme_app"};
  EXPECT_EQ(
      gone.Run().events,
      (std::vector<EventNote>{{false, "DataDeleted", "schema tenant_acme; role tenant_acme_app"}}));
}

TEST(SummarizeTenant, TellsOnceWhatHoldsADeletionUp) {
  TenantLife life = Deleted();
  life.observed.running_load = "catalog";

  const TenantSummary first = life.Run();
  const TenantSummary second = life.Run();

  EXPECT_EQ(life.ReasonOf(condition::kReady), reason::kFinalizerBlocked);
  EXPECT_TRUE(api::IsTrue(first.status.conditions, condition::kReconciling));
  EXPECT_EQ(first.requeue, Requeue::After(kStalledPoll));
  EXPECT_EQ(Reasons(first), List{reason::kFinalizerBlocked});
  EXPECT_TRUE(second.events.empty());
  EXPECT_EQ(second.status, first.status);
}

TEST(SummarizeTenant, NeverGivesUpADeletionThatFails) {
  for (const Error& error :
       {Hopeless(reason::kCredentialsRefused), Retryable(reason::kDatabaseUnreachable)}) {
    SCOPED_TRACE(error.reason);
    TenantLife life = Deleted();
    life.mood = AgentMood::kFailsTask;
    life.error = error;

    const TenantSummary summary = life.Run();

    EXPECT_TRUE(api::IsTrue(summary.status.conditions, condition::kReconciling));
    EXPECT_NE(summary.requeue, Requeue::Never());
    EXPECT_EQ(life.Find(condition::kDatabaseReady)->status, ConditionStatus::kFalse);
    EXPECT_EQ(life.ReasonOf(condition::kTerminating), error.reason);
  }
}

// ---- times ----

TEST(SummarizeTenant, MovesTransitionTimesOnlyWithTheStatus) {
  TenantLife life = TenantLife::Provisioned();
  const std::string since = life.Find(condition::kReady)->last_transition_time;
  life.Wait(life.settings.drift_interval);
  life.Edit();
  life.Run();
  EXPECT_EQ(life.Find(condition::kReady)->last_transition_time, since);

  life.memory.last_check.reset();
  life.mood = AgentMood::kFailsTask;
  life.Run();
  EXPECT_EQ(life.Find(condition::kReady)->last_transition_time, FormatTime(life.now));
  EXPECT_EQ(life.Find(condition::kCacheReady)->last_transition_time, since);
}

}  // namespace
}  // namespace tenantry::plan
