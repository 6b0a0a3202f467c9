#include "operator/plan/store_plan.h"

#include <gtest/gtest.h>

#include "common/api/protocol_codec.h"
#include "tests/unit/plan/builders.h"
#include "tests/unit/plan/legal_shape.h"

namespace tenantry::plan {
namespace {

namespace condition = api::condition;
namespace reason = api::reason;
using api::ConditionStatus;
using std::chrono::seconds;

constexpr char kVersions[] = "7/8";

// One DataStore from pass to pass, as the reconciler takes it.
struct StoreLife {
  StorePlan Plan() const { return MakeStorePlan(observed, memory, settings, versions, monotonic); }

  StoreSummary Run(const StoreOutcome& outcome) {
    const StorePlan plan = Plan();
    StoreSummary summary = SummarizeStore(observed, plan, outcome, settings, now);
    ExpectLegalShape(summary.status.conditions, observed.store.meta.generation);
    EXPECT_EQ(summary.status.observed_generation, observed.store.meta.generation);
    observed.store.status = summary.status;
    if (outcome.task && api::IsFinal(outcome.task->state)) {
      ++memory.checks;
      memory.last_check = monotonic;
      memory.checked = StoreFingerprint(observed, versions);
    }
    return summary;
  }

  const api::Condition* Find(const std::string& type) const {
    return api::FindCondition(observed.store.status.conditions, type);
  }
  std::string ReasonOf(const std::string& type) const {
    return Find(type) == nullptr ? "" : Find(type)->reason;
  }
  bool IsReady() const { return api::IsTrue(observed.store.status.conditions, condition::kReady); }

  StoreObserved observed = ObservedStore();
  StoreMemory memory;
  StoreSettings settings{.process_id = "run1"};
  std::string versions = kVersions;
  WallTime now = kNow;
  MonotonicTime monotonic = kMonotonic;
};

StoreOutcome Answered(api::TaskState state) {
  StoreOutcome outcome{.agents_asked = true, .agents_ready = 2};
  outcome.task = api::TaskReport{.kind = api::TaskKind::kObserve, .state = state};
  return outcome;
}

StoreOutcome Checked(const api::StoreResult& result) {
  StoreOutcome outcome = Answered(api::TaskState::kSucceeded);
  outcome.result = result;
  return outcome;
}

StoreOutcome AllWell() { return Checked({.postgres_version = "15.18", .redis_version = "7.0"}); }

StoreLife ReadyStore() {
  StoreLife life;
  life.Run(AllWell());
  return life;
}

TEST(MakeStorePlan, HoldsAndChecksANewStore) {
  StoreLife life;
  life.observed.store.meta.finalizers.clear();

  const StorePlan plan = life.Plan();

  EXPECT_TRUE(plan.add_finalizer);
  ASSERT_TRUE(plan.task);
  EXPECT_EQ(plan.task->id, "uid-main-3-check-run1-0");
  EXPECT_EQ(plan.task->kind, api::TaskKind::kObserve);
  EXPECT_TRUE(plan.task->tenant.empty());
  const auto spec = api::Decode<api::StoreSpec>(plan.task->spec_json);
  ASSERT_TRUE(spec);
  EXPECT_EQ(*spec, *life.observed.access);
}

TEST(MakeStorePlan, ChecksAgainWhenItIsDue) {
  struct Case {
    const char* name;
    void (*change)(StoreLife&);
    bool due;
  };
  const Case cases[] = {
      {"just checked", [](StoreLife&) {}, false},
      {"within the interval", [](StoreLife& l) { l.monotonic += seconds(599); }, false},
      {"after it", [](StoreLife& l) { l.monotonic += seconds(600); }, true},
      {"edited", [](StoreLife& l) { ++l.observed.store.meta.generation; }, true},
      {"a Secret changed", [](StoreLife& l) { l.versions = "7/9"; }, true},
      {"asked for",
       [](StoreLife& l) {
         l.observed.store.meta.annotations[api::kRequestedAtAnnotation] = "noon";
       },
       true},
      {"not ready", [](StoreLife& l) { l.observed.store.status.conditions.clear(); }, true},
      {"a new process", [](StoreLife& l) { l.memory = {}; }, true},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    StoreLife life = ReadyStore();

    each.change(life);

    EXPECT_EQ(life.Plan().task.has_value(), each.due);
    if (each.due) {
      life.Run(AllWell());
      EXPECT_FALSE(life.Plan().task) << "one check answers it";
    }
  }
}

TEST(MakeStorePlan, AsksNobodyWhileASecretIsMissing) {
  StoreLife life;
  life.observed.blocked = Hopeless(reason::kSecretNotFound);
  life.observed.access.reset();

  EXPECT_EQ(life.Plan().refused, life.observed.blocked);
  EXPECT_FALSE(life.Plan().task);
}

TEST(MakeStorePlan, GoesOnlyWhenNobodyLivesThere) {
  struct Case {
    const char* name;
    std::int64_t tenants;
    bool held;
    bool forced;
    bool remove;
    bool refused;
  };
  const Case cases[] = {
      {"empty", 0, true, false, true, false},
      {"inhabited", 2, true, false, false, true},
      {"inhabited, forced", 2, true, true, true, false},
      {"not ours to hold", 2, false, false, false, false},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    StoreLife life = ReadyStore();
    life.observed.store.meta.deletion_timestamp = "2026-01-01T00:00:00Z";
    life.observed.tenants = each.tenants;
    if (!each.held) {
      life.observed.store.meta.finalizers.clear();
    }
    if (each.forced) {
      life.observed.store.meta.annotations[api::kForceFinalizeAnnotation] = "true";
    }

    const StorePlan plan = life.Plan();

    EXPECT_EQ(plan.remove_finalizer, each.remove);
    EXPECT_EQ(plan.refused.has_value(), each.refused);
    EXPECT_FALSE(plan.task || plan.add_finalizer);
  }
}

TEST(SummarizeStore, ReportsAStoreThatAnswers) {
  StoreLife life;
  life.observed.tenants = 5;
  life.observed.store.meta.annotations[api::kRequestedAtAnnotation] = "noon";

  const StoreSummary summary = life.Run(AllWell());

  EXPECT_EQ(summary.status.postgres_version, "15.18");
  EXPECT_EQ(summary.status.redis_version, "7.0");
  EXPECT_EQ(summary.status.tenants, 5);
  EXPECT_EQ(summary.status.agents_ready, 2);
  EXPECT_EQ(summary.status.last_handled_reconcile_at, "noon");
  for (const char* type : {condition::kReady, condition::kAgentReachable, condition::kDatabaseReady,
                           condition::kCacheReady}) {
    EXPECT_TRUE(api::IsTrue(summary.status.conditions, type)) << type;
  }
  EXPECT_EQ(summary.requeue, Requeue::After(life.settings.drift_interval));
  EXPECT_EQ(summary.events.size(), 1U);
}

TEST(SummarizeStore, WritesNothingNewWhenNothingChanged) {
  StoreLife life = ReadyStore();
  const api::DataStoreStatus before = life.observed.store.status;
  life.now += seconds(60);

  const StoreSummary idle = life.Run({});
  EXPECT_EQ(idle.status, before);
  EXPECT_EQ(idle.requeue, Requeue::After(life.settings.drift_interval));
  EXPECT_EQ(life.Run(AllWell()).status, before);
  EXPECT_TRUE(idle.events.empty());
}

TEST(SummarizeStore, TellsTheTwoStoresApart) {
  const Error postgres = Hopeless(reason::kCredentialsRefused, "PostgreSQL refuses admin.");
  const Error redis = Retryable(reason::kRedisUnreachable, "Redis does not answer.");
  struct Case {
    const char* name;
    api::StoreResult result;
    const char* ready;
    const char* database;
    const char* cache;
    bool stalled;
  };
  const Case cases[] = {
      {"PostgreSQL",
       {.redis_version = "7.0", .postgres_error = postgres},
       reason::kCredentialsRefused,
       reason::kCredentialsRefused,
       reason::kSucceeded,
       true},
      {"Redis",
       {.postgres_version = "15.18", .redis_error = redis},
       reason::kRedisUnreachable,
       reason::kSucceeded,
       reason::kRedisUnreachable,
       false},
      {"both",
       {.postgres_error = postgres, .redis_error = redis},
       reason::kCredentialsRefused,
       reason::kCredentialsRefused,
       reason::kRedisUnreachable,
       true},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    StoreLife life;

    const StoreSummary summary = life.Run(Checked(each.result));

    EXPECT_EQ(life.ReasonOf(condition::kReady), each.ready);
    EXPECT_EQ(life.ReasonOf(condition::kDatabaseReady), each.database);
    EXPECT_EQ(life.ReasonOf(condition::kCacheReady), each.cache);
    EXPECT_EQ(api::IsTrue(summary.status.conditions, condition::kStalled), each.stalled);
    EXPECT_NE(summary.requeue, Requeue::Never());
    EXPECT_TRUE(life.Plan().task) << "it is looked at again";
  }
}

TEST(SummarizeStore, KnowsNoCacheWithoutRedis) {
  StoreLife life = ReadyStore();
  life.observed.store.spec.redis.reset();

  life.Run(Checked({.postgres_version = "15.18"}));

  EXPECT_EQ(life.Find(condition::kCacheReady), nullptr);
  EXPECT_TRUE(life.IsReady());
}

TEST(SummarizeStore, SaysThatNoAgentAnswers) {
  StoreLife life = ReadyStore();
  ++life.observed.store.meta.generation;
  StoreOutcome outcome{.agents_asked = true};
  outcome.agent_error = outcome.error =
      Retryable(reason::kAgentUnreachable, "Agent main-0 does not answer.");

  const StoreSummary summary = life.Run(outcome);

  EXPECT_EQ(life.ReasonOf(condition::kReady), reason::kAgentUnreachable);
  EXPECT_EQ(life.Find(condition::kAgentReachable)->status, ConditionStatus::kFalse);
  EXPECT_EQ(summary.status.agents_ready, 0);
  EXPECT_EQ(summary.requeue, Requeue::Backoff());
}

TEST(SummarizeStore, LivesWithAnAgentLess) {
  StoreLife life;
  StoreOutcome outcome = AllWell();
  outcome.agent_error = Retryable(reason::kAgentUnreachable);

  life.Run(outcome);

  EXPECT_TRUE(api::IsTrue(life.observed.store.status.conditions, condition::kAgentReachable));
  EXPECT_TRUE(life.IsReady());
}

TEST(SummarizeStore, IsInProgressOnlyDuringTheFirstCheckOfAGeneration) {
  StoreLife life;
  const StoreSummary first = life.Run(Answered(api::TaskState::kRunning));
  EXPECT_EQ(life.Find(condition::kReady)->status, ConditionStatus::kUnknown);
  EXPECT_EQ(first.requeue.kind, Requeue::Kind::kAfter);
  EXPECT_TRUE(first.events.empty());

  life.Run(AllWell());
  life.monotonic += seconds(600);
  life.Run(Answered(api::TaskState::kQueued));
  EXPECT_TRUE(life.IsReady());

  ++life.observed.store.meta.generation;
  life.Run(Answered(api::TaskState::kRunning));
  EXPECT_EQ(life.Find(condition::kReady)->status, ConditionStatus::kUnknown);
}

TEST(SummarizeStore, TellsOfAFailureOnceHoweverOftenItIsTriedAgain) {
  StoreLife life;
  const StoreOutcome refused =
      Checked({.postgres_error = Hopeless(reason::kCredentialsRefused, "Refused.")});
  const StoreSummary failed = life.Run(refused);
  EXPECT_EQ(failed.events.size(), 1U);

  for (int attempt = 0; attempt < 3; ++attempt) {
    life.now += kStalledPoll;
    const StoreSummary trying = life.Run(Answered(api::TaskState::kRunning));
    const StoreSummary again = life.Run(refused);
    EXPECT_EQ(trying.status, failed.status);
    EXPECT_EQ(again.status, failed.status);
    EXPECT_TRUE(trying.events.empty() && again.events.empty());
  }

  life.Run(AllWell());
  EXPECT_TRUE(life.IsReady());
}

TEST(SummarizeStore, ShowsAMissingSecretAndComesBack) {
  StoreLife life = ReadyStore();
  life.observed.blocked = Hopeless(reason::kSecretNotFound, "Secret main-admin does not exist.");

  const StoreSummary summary = life.Run({});

  EXPECT_EQ(life.ReasonOf(condition::kStalled), reason::kSecretNotFound);
  EXPECT_EQ(summary.requeue, Requeue::After(kStalledPoll));
  EXPECT_TRUE(life.Run({}).events.empty());

  life.observed.blocked.reset();
  EXPECT_TRUE(life.Plan().task) << "nobody was there to see whether it still works";
}

TEST(SummarizeStore, SaysWhoHoldsItsDeletionUp) {
  for (const auto& [tenants, message] :
       {std::pair(2, "2 Tenants still live in this DataStore. Delete them first."),
        std::pair(1, "1 Tenant still lives in this DataStore. Delete it first.")}) {
    SCOPED_TRACE(tenants);
    StoreLife life = ReadyStore();
    life.observed.store.meta.deletion_timestamp = "2026-01-01T00:00:00Z";
    life.observed.tenants = tenants;

    const StoreSummary summary = life.Run({});

    EXPECT_EQ(life.ReasonOf(condition::kReady), reason::kFinalizerBlocked);
    EXPECT_EQ(life.Find(condition::kReady)->message, message);
    EXPECT_TRUE(api::IsTrue(summary.status.conditions, condition::kTerminating));
    EXPECT_EQ(summary.requeue, Requeue::Never()) << "the last Tenant to go wakes it";
    EXPECT_EQ(summary.events.size(), 1U);
    EXPECT_TRUE(life.Run({}).events.empty());
  }
}

}  // namespace
}  // namespace tenantry::plan
