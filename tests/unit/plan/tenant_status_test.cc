#include "operator/plan/tenant_status.h"

#include <gtest/gtest.h>

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

TEST(SummarizeTenant, TellsWhatANewTenantIsWaitingFor) {
  TenantLife life;
  life.mood = AgentMood::kStillRuns;

  const TenantSummary summary = life.Run();

  EXPECT_EQ(life.Find(condition::kReady)->status, ConditionStatus::kUnknown);
  EXPECT_EQ(life.ReasonOf(condition::kReady), reason::kProgressing);
  EXPECT_EQ(life.Find(condition::kReady)->message, "Provisioning the tenant");
  EXPECT_EQ(summary.status.tenant_id, "acme");
  EXPECT_EQ(summary.status.binding, "") << "there is nothing to bind to yet";
  EXPECT_EQ(summary.status.provisioned_hash, "");
  EXPECT_EQ(summary.requeue.kind, Kind::kAfter) << "in case the agent's event is lost";
  EXPECT_TRUE(summary.events.empty());
}

TEST(SummarizeTenant, ReportsAProvisionedTenant) {
  TenantLife life;
  life.provision.usage = {.storage_bytes = 48 << 20, .rows = 154'321, .connections = 4};

  const TenantSummary summary = life.Run();

  const api::TenantStatus& status = summary.status;
  EXPECT_EQ(status.binding, "acme-connection");
  EXPECT_EQ(status.cache_binding, "acme-cache");
  EXPECT_EQ(status.schema_version, "3");
  EXPECT_EQ(status.incarnation, "first");
  EXPECT_EQ(status.usage, life.provision.usage);
  EXPECT_EQ(status.storage_size, "48Mi");
  EXPECT_EQ(status.agent_name, "main-0");
  EXPECT_EQ(status.agent_version, "0.1.0");
  EXPECT_FALSE(status.provisioned_hash.empty());
  for (const char* type : {condition::kReady, condition::kAgentReachable, condition::kDatabaseReady,
                           condition::kCacheReady, condition::kDriftFree}) {
    EXPECT_TRUE(api::IsTrue(status.conditions, type)) << type;
  }
  EXPECT_EQ(Reasons(summary), List{"Succeeded"});
  EXPECT_EQ(life.Run().events, std::vector<EventNote>()) << "only the transition is an event";
}

TEST(SummarizeTenant, ShowsEachErrorInItsShape) {
  struct Case {
    Error error;
    const char* condition;  // that it also shows in; nullptr: none
    Shape shape;
  };
  const Case cases[] = {
      {Retryable(reason::kDatabaseUnreachable), condition::kDatabaseReady, Shape::kRetrying},
      {Hopeless(reason::kCredentialsRefused), condition::kDatabaseReady, Shape::kStalled},
      {Hopeless(reason::kDatabaseNotFound), condition::kDatabaseReady, Shape::kStalled},
      {Hopeless(reason::kInsufficientPrivilege), condition::kDatabaseReady, Shape::kStalled},
      {Hopeless(reason::kMigrationFailed), condition::kDatabaseReady, Shape::kStalled},
      {Hopeless(reason::kAdoptionRequired), condition::kDatabaseReady, Shape::kStalled},
      {Hopeless(reason::kOwnershipConflict), condition::kDatabaseReady, Shape::kStalled},
      {Retryable(reason::kRedisUnreachable), condition::kCacheReady, Shape::kRetrying},
      {Hopeless(reason::kAgentVersionSkew), condition::kAgentReachable, Shape::kStalled},
      {Hopeless(reason::kAgentUnauthorized), condition::kAgentReachable, Shape::kStalled},
      {Retryable(reason::kTenantBusy), nullptr, Shape::kRetrying},
      {{ErrorCode::kOutcomeUnknown, "The answer was lost.", ""}, nullptr, Shape::kRetrying},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.error.reason);
    TenantLife life;
    life.mood = AgentMood::kFailsTask;
    life.error = each.error;

    const TenantSummary summary = life.Run();

    const bool stalled = each.shape == Shape::kStalled;
    EXPECT_EQ(life.Find(condition::kReady)->message, each.error.message);
    EXPECT_EQ(api::IsTrue(summary.status.conditions, condition::kStalled), stalled);
    EXPECT_EQ(summary.requeue, DecideRequeue(each.error));
    EXPECT_EQ(summary.status.provisioned_hash, "") << "it was not provisioned";
    if (each.condition != nullptr) {
      EXPECT_EQ(life.Find(each.condition)->status, ConditionStatus::kFalse);
      EXPECT_EQ(life.ReasonOf(each.condition), each.error.reason);
    }
    ASSERT_EQ(summary.events.size(), 1U);
    EXPECT_TRUE(summary.events.front().warning);
    EXPECT_EQ(summary.events.front().message, each.error.message);
  }
}

TEST(SummarizeTenant, SaysThatTheAgentAnswersOnlyWhenItDid) {
  TenantLife life;
  life.mood = AgentMood::kUnreachable;
  life.Run();
  EXPECT_EQ(life.Find(condition::kAgentReachable)->status, ConditionStatus::kFalse);

  life.mood = AgentMood::kFailsTask;
  life.Run();
  EXPECT_EQ(life.Find(condition::kAgentReachable)->status, ConditionStatus::kTrue);

  TenantLife other;
  TenantOutcome no_api_server;
  no_api_server.error = Retryable("");
  const TenantSummary summary =
      SummarizeTenant(other.observed, other.memory, other.Plan(), no_api_server, kNow);
  EXPECT_EQ(api::FindCondition(summary.status.conditions, condition::kAgentReachable), nullptr);
}

TEST(SummarizeTenant, TellsOfAFailureOnceHoweverOftenItIsTriedAgain) {
  for (const Error& error :
       {Hopeless(reason::kCredentialsRefused), Retryable(reason::kDatabaseUnreachable)}) {
    SCOPED_TRACE(error.reason);
    TenantLife life;
    life.mood = AgentMood::kFailsTask;
    life.error = error;
    const api::TenantStatus failed = life.Run().status;

    for (int attempt = 0; attempt < 3; ++attempt) {
      life.Wait(std::chrono::seconds(10));
      life.mood = AgentMood::kStillRuns;
      const TenantSummary trying = life.Run();
      EXPECT_EQ(trying.status, failed);
      EXPECT_EQ(trying.requeue.kind, Kind::kAfter);
      life.mood = AgentMood::kFailsTask;
      const TenantSummary again = life.Run();
      EXPECT_EQ(again.status, failed);
      EXPECT_TRUE(trying.events.empty() && again.events.empty());
    }

    life.mood = AgentMood::kWorks;
    EXPECT_EQ(Reasons(life.Run()), List{"Succeeded"});
  }
}

TEST(SummarizeTenant, IsInProgressAgainWhenTheUserEditsAFailedTenant) {
  TenantLife life;
  life.mood = AgentMood::kFailsTask;
  life.error = Hopeless(reason::kMigrationFailed);
  life.Run();
  life.Edit();
  life.mood = AgentMood::kStillRuns;

  life.Run();

  EXPECT_EQ(life.Find(condition::kReady)->status, ConditionStatus::kUnknown);
}

TEST(SummarizeTenant, ShowsWhatBlocksItAndKeepsWhatItCannotSeeNow) {
  TenantLife life = TenantLife::Provisioned();
  life.observed.fixture_sets = life.observed.fixture_sets_loaded = 1;
  life.observed.effective.limits.storage = "1Gi";
  life.check.usage.storage_bytes = 1;
  life.Run();
  const api::TenantStatus before = life.observed.tenant.status;
  life.observed.blocked = Hopeless(reason::kSecretNotFound, "Secret main-admin does not exist.");
  life.observed.store.reset();
  life.observed.effective = {};
  life.observed.fixture_sets = 0;

  const TenantSummary summary = life.Run();

  EXPECT_EQ(life.ReasonOf(condition::kStalled), reason::kSecretNotFound);
  EXPECT_EQ(summary.requeue, Requeue::After(kStalledPoll));
  EXPECT_EQ(summary.status.provisioned_hash, before.provisioned_hash);
  for (const char* type : {condition::kDatabaseReady, condition::kQuotaWithinLimit,
                           condition::kFixturesLoaded, condition::kAgentReachable}) {
    ASSERT_NE(life.Find(type), nullptr) << type;
    EXPECT_EQ(*life.Find(type), *api::FindCondition(before.conditions, type));
  }
}

TEST(SummarizeTenant, DoesNotBlameTheDatabaseForAConfigMapOfOthers) {
  TenantLife life = TenantLife::Provisioned();
  life.observed.config->object.ownership = {};

  life.Run();

  EXPECT_EQ(life.ReasonOf(condition::kReady), reason::kOwnershipConflict);
  EXPECT_TRUE(api::IsTrue(life.observed.tenant.status.conditions, condition::kDatabaseReady));
}

TEST(SummarizeTenant, StaysReadyWhileACheckRuns) {
  TenantLife life = TenantLife::Provisioned();
  const api::TenantStatus before = life.observed.tenant.status;
  life.Wait(life.settings.drift_interval);
  life.mood = AgentMood::kStillRuns;

  EXPECT_EQ(life.Run().status, before);
  life.mood = AgentMood::kWorks;
  EXPECT_EQ(life.Run().status, before);
}

TEST(SummarizeTenant, SaysThatItChecksATenantThatWasNotReady) {
  TenantLife life = TenantLife::Provisioned();
  life.observed.blocked = Retryable(reason::kDependencyNotReady);
  life.Run();
  life.observed.blocked.reset();
  life.memory = {};
  life.mood = AgentMood::kStillRuns;

  life.Run();

  EXPECT_EQ(life.Find(condition::kReady)->status, ConditionStatus::kUnknown);
  EXPECT_EQ(life.Find(condition::kReady)->message, "Checking the tenant");
}

TEST(SummarizeTenant, FollowsDriftFromItsDiscoveryToItsEnd) {
  TenantLife life = TenantLife::Provisioned();
  life.Wait(life.settings.drift_interval);
  life.check.drift = {"role tenant_acme_reader is missing", "a grant is missing"};

  const TenantSummary found = life.Run();
  EXPECT_EQ(found.requeue, Requeue::Now());
  EXPECT_EQ(Reasons(found), List{reason::kDriftDetected});
  EXPECT_TRUE(found.events.front().warning);
  EXPECT_EQ(life.Find(condition::kDriftFree)->status, ConditionStatus::kFalse);
  EXPECT_EQ(life.ReasonOf(condition::kReady), reason::kDriftDetected);
  EXPECT_EQ(life.Find(condition::kReady)->message,
            "Putting right: role tenant_acme_reader is missing (and 1 more)");

  life.mood = AgentMood::kStillRuns;
  EXPECT_TRUE(life.Run().events.empty());
  EXPECT_EQ(life.ReasonOf(condition::kReady), reason::kDriftDetected);

  life.mood = AgentMood::kWorks;
  life.provision.changes = {"role tenant_acme_reader", "grant"};
  const TenantSummary corrected = life.Run();
  EXPECT_EQ(Reasons(corrected), (List{reason::kDriftCorrected, reason::kSucceeded}));
  EXPECT_EQ(corrected.events.front().message, "Put right: role tenant_acme_reader; grant");
  EXPECT_EQ(life.ReasonOf(condition::kDriftFree), reason::kDriftCorrected);
  EXPECT_TRUE(api::IsTrue(life.observed.tenant.status.conditions, condition::kReady));
  EXPECT_TRUE(life.Run().events.empty());
}

TEST(SummarizeTenant, SaysSoWhenDriftWentByItself) {
  TenantLife life = TenantLife::Provisioned();
  life.memory.drift = {"a grant is missing"};
  life.provision.changes.clear();

  EXPECT_EQ(life.Run().events.front(),
            (EventNote{false, reason::kDriftCorrected, "The difference has gone by itself."}));
}

TEST(SummarizeTenant, DoesNotCallDriftCorrectedBeforeAllIsDone) {
  TenantLife life = TenantLife::Provisioned();
  life.memory.drift = {"a grant is missing"};
  const TenantPlan plan = life.Plan();
  TenantOutcome outcome;
  outcome.task =
      api::TaskReport{.kind = api::TaskKind::kProvision, .state = api::TaskState::kSucceeded};
  outcome.provisioned.emplace();
  outcome.error = Retryable("", "The API server is away.");

  const TenantSummary summary = SummarizeTenant(life.observed, life.memory, plan, outcome, kNow);

  EXPECT_EQ(Reasons(summary), List{reason::kFailed});
}

TEST(SummarizeTenant, ComparesMeasuredStorageWithTheLimit) {
  struct Case {
    const char* name;
    std::optional<std::string> limit;
    std::optional<std::int64_t> used;
    std::optional<ConditionStatus> expected;
  };
  const Case cases[] = {
      {"below", "1Gi", 1 << 20, ConditionStatus::kTrue},
      {"exactly", "1Mi", 1 << 20, ConditionStatus::kTrue},
      {"above", "1Mi", (1 << 20) + 1, ConditionStatus::kFalse},
      {"no limit", std::nullopt, 1 << 20, std::nullopt},
      {"not measured", "1Gi", std::nullopt, std::nullopt},
      {"no quantity", "much", 1 << 20, std::nullopt},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    TenantLife life = TenantLife::Provisioned();
    life.observed.effective.limits.storage = each.limit;
    life.check.usage.storage_bytes = each.used;
    life.Wait(life.settings.drift_interval);

    life.Run();

    const api::Condition* quota = life.Find(condition::kQuotaWithinLimit);
    EXPECT_EQ(quota == nullptr ? std::nullopt : std::optional(quota->status), each.expected);
    EXPECT_TRUE(api::IsTrue(life.observed.tenant.status.conditions, condition::kReady))
        << "a full tenant works";
  }
}

TEST(SummarizeTenant, NamesUsedAndAllowedStorage) {
  TenantLife life = TenantLife::Provisioned();
  life.observed.effective.limits.storage = "1Mi";
  life.check.usage.storage_bytes = 3 << 20;
  life.Wait(life.settings.drift_interval);
  life.Run();

  EXPECT_EQ(life.ReasonOf(condition::kQuotaWithinLimit), reason::kQuotaExceeded);
  EXPECT_EQ(life.Find(condition::kQuotaWithinLimit)->message,
            "3Mi of 1Mi are used. Delete data or raise limits.storage.");
  EXPECT_EQ(life.observed.tenant.status.storage_size, "3Mi");
}

TEST(SummarizeTenant, CountsItsFixtureSets) {
  TenantLife life = TenantLife::Provisioned();
  EXPECT_EQ(life.Find(condition::kFixturesLoaded), nullptr);

  life.observed.fixture_sets = 2;
  life.observed.fixture_sets_loaded = 1;
  life.Run();
  EXPECT_EQ(life.Find(condition::kFixturesLoaded)->status, ConditionStatus::kFalse);
  EXPECT_EQ(life.Find(condition::kFixturesLoaded)->message, "1 of 2 fixture sets are loaded.");

  life.observed.fixture_sets_loaded = 2;
  life.Run();
  EXPECT_TRUE(api::IsTrue(life.observed.tenant.status.conditions, condition::kFixturesLoaded));

  life.observed.fixture_sets = life.observed.fixture_sets_loaded = 0;
  life.Run();
  EXPECT_EQ(life.Find(condition::kFixturesLoaded), nullptr);
}

TEST(SummarizeTenant, EchoesARequestOnceItIsAnswered) {
  TenantLife life = TenantLife::Provisioned();
  life.observed.tenant.meta.annotations[api::kRequestedAtAnnotation] = "noon";
  life.mood = AgentMood::kFailsTask;
  EXPECT_EQ(life.Run().status.last_handled_reconcile_at, "");

  life.mood = AgentMood::kWorks;
  EXPECT_EQ(life.Run().status.last_handled_reconcile_at, "noon");
}

TEST(SummarizeTenant, ReportsARotationWhenItsCredentialsArePublished) {
  TenantLife life = TenantLife::Provisioned();
  life.observed.tenant.meta.annotations[api::kRotateAnnotation] = "monday";
  Credentials next = FreshCredentials("next");
  next.username = "tenant_acme_app_2";
  life.memory.rotation = TenantMemory::NextCredentials{"monday", next};
  life.mood = AgentMood::kStillRuns;
  EXPECT_EQ(life.Run().status.last_handled_rotation, "");

  life.mood = AgentMood::kWorks;
  const TenantSummary summary = life.Run();

  EXPECT_EQ(summary.status.last_handled_rotation, "monday");
  EXPECT_EQ(Reasons(summary), (List{"CredentialsRotated", reason::kSucceeded}));
}

TEST(ReadyEvent, IsWorthATransitionThatUsersCareAbout) {
  const auto ready = [](ConditionStatus status, const char* why, const char* message) {
    return std::vector<api::Condition>{
        {.type = condition::kReady, .status = status, .reason = why, .message = message}};
  };
  const auto good = ready(ConditionStatus::kTrue, reason::kSucceeded, "Succeeded");
  const auto busy = ready(ConditionStatus::kUnknown, reason::kProgressing, "Working");
  const auto bad = ready(ConditionStatus::kFalse, reason::kSecretNotFound, "No Secret.");
  const auto halted = ready(ConditionStatus::kFalse, reason::kSuspended, "Suspended.");

  EXPECT_EQ(ReadyEvent({}, good), (EventNote{false, reason::kSucceeded, "Succeeded"}));
  EXPECT_EQ(ReadyEvent(busy, bad), (EventNote{true, reason::kSecretNotFound, "No Secret."}));
  EXPECT_EQ(ReadyEvent(good, halted), (EventNote{false, reason::kSuspended, "Suspended."}));
  EXPECT_EQ(ReadyEvent(good, good), std::nullopt);
  EXPECT_EQ(ReadyEvent(bad, bad), std::nullopt);
  EXPECT_EQ(ReadyEvent(good, busy), std::nullopt);
  EXPECT_EQ(ReadyEvent(good, {}), std::nullopt);
}

}  // namespace
}  // namespace tenantry::plan
