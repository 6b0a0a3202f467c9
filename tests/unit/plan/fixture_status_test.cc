#include <gtest/gtest.h>

#include "operator/plan/fixture_plan.h"
#include "tests/unit/plan/fixture_life.h"

namespace tenantry::plan {
namespace {

namespace condition = api::condition;
namespace reason = api::reason;
using api::ConditionStatus;
using std::chrono::seconds;

api::Progress Done(std::int64_t done, std::int64_t total) {
  return {.done = done, .total = total, .unit = "rows"};
}

constexpr api::Counters kTen{
    .read = 10, .inserted = 7, .unchanged = 1, .skipped = 1, .rejected = 1};
constexpr api::Counters kTwo{.read = 2, .updated = 2};

TEST(SummarizeFixtures, SumsWhatEachTenantGot) {
  FixtureLife life(ObservedSet({"acme", "globex"}));
  life.moods["acme"].result.datasets = {ResultOf("albums", kTen), ResultOf("tracks", kTwo)};
  life.moods["globex"].result.datasets = {ResultOf("albums", kTwo)};

  const FixtureSummary summary = life.Run();

  const api::FixtureSetStatus& status = summary.status;
  ASSERT_EQ(status.datasets.size(), 2U);
  const api::Counters& albums = status.datasets[0].counters;
  EXPECT_EQ(status.datasets[0].name, "albums");
  EXPECT_EQ(
      albums,
      (api::Counters{
          .read = 12, .inserted = 7, .updated = 2, .unchanged = 1, .skipped = 1, .rejected = 1}));
  EXPECT_EQ(albums.read,
            albums.inserted + albums.updated + albums.unchanged + albums.skipped + albums.rejected);
  EXPECT_EQ(status.datasets[0].bytes, 20);
  EXPECT_EQ(status.datasets[0].checksum, "abc");
  EXPECT_EQ(status.datasets[1].counters, kTwo);
  EXPECT_EQ(status.rows, 14);
  EXPECT_EQ(status.rejected, 1);
  EXPECT_EQ(status.tenants_ready, "2/2");
  EXPECT_EQ(status.progress, "100%");
}

TEST(SummarizeFixtures, IsReadyWhenAllTenantsAreLoaded) {
  FixtureLife life(ObservedSet({"acme", "globex"}));

  const FixtureSummary summary = life.Run();

  EXPECT_TRUE(life.IsReady());
  EXPECT_TRUE(api::IsTrue(summary.status.conditions, condition::kLoaded));
  EXPECT_EQ(life.Find(condition::kLoaded)->message, "2/2 tenants");
  EXPECT_EQ(summary.requeue, Requeue::After(life.settings.drift_interval));
  ASSERT_EQ(summary.events.size(), 1U);
  EXPECT_FALSE(summary.events.front().warning);
  EXPECT_TRUE(life.Run().events.empty());
}

TEST(SummarizeFixtures, IsReadyWhenItsSelectorMatchesNobodyYet) {
  FixtureLife life(ObservedSet({}));

  life.Run();

  EXPECT_TRUE(life.IsReady());
  EXPECT_EQ(life.Find(condition::kReady)->message, "No tenant matches");
  EXPECT_EQ(life.status().tenants_ready, "0/0");
}

TEST(SummarizeFixtures, NeverClaimsAllBeforeTheEnd) {
  struct Case {
    const char* name;
    api::Progress progress;
    const char* expected;
  };
  const Case cases[] = {
      {"just begun", Done(0, 100), "50%"},
      {"size unknown", Done(7, 0), "50%"},
      {"half", Done(50, 100), "75%"},
      {"nearly", Done(999, 1000), "99%"},
      {"all rows, not committed", Done(10, 10), "99%"},
      {"more than expected", Done(30, 10), "99%"},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    FixtureLife life(ObservedSet({"acme", "globex"}));
    life.moods["globex"].running = each.progress;

    const FixtureSummary summary = life.Run();

    EXPECT_EQ(summary.status.progress, each.expected);
    EXPECT_EQ(summary.status.tenants_ready, "1/2");
    EXPECT_EQ(life.Find(condition::kReady)->status, ConditionStatus::kUnknown);
    EXPECT_EQ(life.Find(condition::kReady)->message, "Loading globex");
    EXPECT_EQ(summary.requeue.kind, Requeue::Kind::kAfter);
    EXPECT_EQ(summary.status.tenants[1].message, "Loading");
  }
}

TEST(SummarizeFixtures, NamesTheTenantThatFailedAndKeepsTheOthers) {
  FixtureLife life(ObservedSet({"acme", "globex"}));
  life.moods["globex"].error = Hopeless(reason::kInvalidData, "Record 17 is no date.");
  life.moods["globex"].result.datasets = {ResultOf("artists", kTwo)};  // before the failed one

  const FixtureSummary summary = life.Run();

  EXPECT_EQ(life.ReadyReason(), reason::kInvalidData);
  EXPECT_EQ(life.Find(condition::kReady)->message, "Tenant globex: Record 17 is no date.");
  EXPECT_TRUE(api::IsTrue(summary.status.conditions, condition::kStalled));
  EXPECT_EQ(life.Find(condition::kLoaded)->status, ConditionStatus::kFalse);
  EXPECT_EQ(summary.status.tenants_ready, "1/2");
  EXPECT_EQ(summary.status.progress, "50%");
  EXPECT_EQ(summary.status.rows, 2) << "what is committed is counted";
  EXPECT_EQ(summary.status.tenants[1].message, "Record 17 is no date.");
  EXPECT_EQ(summary.status.tenants[1].loaded_hash, "");
  EXPECT_TRUE(IsLoaded(life.observed.set, api::Name("acme")));
  ASSERT_EQ(summary.events.size(), 1U);
  EXPECT_TRUE(summary.events.front().warning);

  const FixtureSummary again = life.Run();
  EXPECT_EQ(again.status, summary.status) << "bad data is not tried again, and stays bad";
  EXPECT_TRUE(again.events.empty());
}

TEST(SummarizeFixtures, TriesTransientFailuresAgainBesideHopelessOnes) {
  FixtureLife life(ObservedSet({"acme", "globex", "initech"}));
  life.moods["acme"].error = Retryable(reason::kDatabaseUnreachable);
  life.moods["globex"].error = Hopeless(reason::kInvalidData, "Record 17 is no date.");
  life.moods["initech"].error = Retryable(reason::kTenantBusy);

  const FixtureSummary summary = life.Run();

  EXPECT_EQ(life.ReadyReason(), reason::kInvalidData) << "what a human must mend is told first";
  EXPECT_EQ(summary.requeue, Requeue::Backoff());
}

TEST(SummarizeFixtures, LooksAgainWhetherItsSurroundingsWereMended) {
  for (const char* mendable : {reason::kSourceNotFound, reason::kInvalidSpec}) {
    SCOPED_TRACE(mendable);
    FixtureLife life(ObservedSet({"acme"}));
    life.moods["acme"].error = Hopeless(mendable);

    EXPECT_EQ(life.Run().requeue, Requeue::After(kStalledPoll));
  }
}

TEST(SummarizeFixtures, TellsOfAFailureOnceHoweverOftenItIsTriedAgain) {
  for (const Error& error : {Hopeless(reason::kSourceNotFound, "File a.csv does not exist."),
                             Retryable(reason::kDatabaseUnreachable)}) {
    SCOPED_TRACE(error.reason);
    FixtureLife life(ObservedSet({"acme"}));
    life.moods["acme"].error = error;
    const api::FixtureSetStatus failed = life.Run().status;

    for (int attempt = 0; attempt < 3; ++attempt) {
      life.Wait(kStalledPoll);
      life.moods["acme"].running = Done(0, 0);
      const FixtureSummary trying = life.Run();
      EXPECT_EQ(trying.status, failed);
      EXPECT_EQ(trying.requeue.kind, Requeue::Kind::kAfter);
      life.Run();
      life.moods["acme"].running.reset();
      const FixtureSummary again = life.Run();
      EXPECT_EQ(again.status, failed);
      EXPECT_TRUE(trying.events.empty() && again.events.empty());
    }

    life.Wait(kStalledPoll);
    life.moods["acme"] = {};
    EXPECT_EQ(life.Run().events.size(), 1U);
    EXPECT_TRUE(life.IsReady());
  }
}

TEST(SummarizeFixtures, IsInProgressWhenMendedDataIsLoaded) {
  FixtureLife life(ObservedSet({"acme"}));
  life.moods["acme"].error = Hopeless(reason::kInvalidData);
  life.Run();
  life.observed.datasets.front().dataset.source.inline_text = "[{}]";
  life.moods["acme"].running = Done(1, 2);

  life.Run();

  EXPECT_EQ(life.ReadyReason(), reason::kProgressing);
}

TEST(SummarizeFixtures, ForgetsThatNoAgentWasThereWhenOneLoads) {
  FixtureLife life(ObservedSet({"acme"}));
  life.moods["acme"].agent_away = true;
  life.Run();
  EXPECT_EQ(life.ReadyReason(), reason::kAgentUnreachable);
  life.moods["acme"].agent_away = false;
  life.moods["acme"].running = Done(1, 2);

  life.Run();

  EXPECT_EQ(life.ReadyReason(), reason::kProgressing);
  EXPECT_EQ(life.status().tenants.front().message, "Loading");
}

TEST(SummarizeFixtures, SaysWhatIsWrongThoughTenantsStillQueue) {
  FixtureLife life(ObservedSet({"acme", "globex"}));
  life.settings.max_parallel_loads = 1;
  life.moods["acme"].agent_away = true;

  const FixtureSummary summary = life.Run();

  EXPECT_EQ(life.ReadyReason(), reason::kAgentUnreachable);
  EXPECT_EQ(summary.requeue, Requeue::Backoff());
  EXPECT_EQ(summary.status.tenants[1].message, "Waits for other loads of this fixture set");
}

TEST(SummarizeFixtures, IsInProgressBetweenTwoLoads) {
  FixtureLife life(ObservedSet({"acme", "globex"}));
  life.settings.max_parallel_loads = 1;

  const FixtureSummary summary = life.Run();

  EXPECT_EQ(life.Find(condition::kReady)->message, "Loading");
  EXPECT_EQ(life.ReadyReason(), reason::kProgressing);
  EXPECT_EQ(summary.status.tenants_ready, "1/2");
  EXPECT_EQ(summary.requeue.kind, Requeue::Kind::kAfter);
}

TEST(SummarizeFixtures, WaitsForATenantThatIsNotReady) {
  FixtureObserved observed = ObservedSet({"acme", "globex"});
  observed.tenants[1].waits_for = Retryable(reason::kDependencyNotReady, "PostgreSQL is away.");
  FixtureLife life(observed);

  const FixtureSummary summary = life.Run();

  EXPECT_EQ(life.ReadyReason(), reason::kDependencyNotReady);
  EXPECT_EQ(life.Find(condition::kReady)->message,
            "Tenant globex is not ready: PostgreSQL is away.");
  EXPECT_TRUE(api::IsTrue(summary.status.conditions, condition::kReconciling));
  EXPECT_EQ(summary.status.tenants_ready, "1/2");
  EXPECT_EQ(summary.requeue.kind, Requeue::Kind::kAfter);
}

TEST(SummarizeFixtures, IsReadyAgainWhenALoadedTenantIs) {
  FixtureLife life(ObservedSet({"acme"}));
  life.Run();
  const api::FixtureSetStatus before = life.status();
  life.observed.tenants[0].waits_for =
      Retryable(reason::kDependencyNotReady, "PostgreSQL is away.");
  life.Run();
  EXPECT_FALSE(life.IsReady());
  life.observed.tenants[0].waits_for.reset();

  life.Run();

  EXPECT_TRUE(life.IsReady());
  EXPECT_EQ(life.status().tenants_ready, "1/1");
  EXPECT_EQ(life.status().tenants, before.tenants);
  EXPECT_TRUE(IsLoaded(life.observed.set, api::Name("acme")));
}

TEST(SummarizeFixtures, StaysReadyWhileFilesAreLookedAtAgain) {
  FixtureObserved observed = ObservedSet({"acme"});
  observed.set.spec.datasets.front().source = {.volume_path = "albums.csv"};
  FixtureLife life(observed);
  life.moods["acme"].result.datasets = {ResultOf("albums", kTen)};
  life.Run();
  const api::FixtureSetStatus before = life.status();
  life.Wait(life.settings.drift_interval);
  life.moods["acme"].running = Done(0, 0);
  EXPECT_EQ(life.Run().status, before);

  // The file is the same: that nothing was inserted this time does not change what is there.
  life.moods["acme"].running.reset();
  life.moods["acme"].result.datasets = {ResultOf("albums", {.read = 10, .skipped = 10})};
  life.moods["acme"].result.datasets.front().skipped_by_hash = true;
  EXPECT_EQ(life.Run().status, before);

  // It is another one.
  life.Wait(life.settings.drift_interval);
  life.moods["acme"].result.datasets = {ResultOf("albums", kTwo)};
  EXPECT_EQ(life.Run().status.rows, 2);
}

TEST(SummarizeFixtures, TellsASuspendedSetFromABrokenOne) {
  FixtureLife life(ObservedSet({"acme"}));
  life.Run();
  life.observed.set.spec.suspend = true;

  const FixtureSummary summary = life.Run();

  EXPECT_EQ(life.ReadyReason(), reason::kSuspended);
  EXPECT_TRUE(api::IsTrue(summary.status.conditions, condition::kSuspended));
  EXPECT_TRUE(api::IsTrue(summary.status.conditions, condition::kLoaded)) << "its data is still in";
  EXPECT_EQ(summary.requeue, Requeue::Never());
  ASSERT_EQ(summary.events.size(), 1U);
  EXPECT_FALSE(summary.events.front().warning);

  life.observed.set.spec.suspend = false;
  life.Run();
  EXPECT_TRUE(life.IsReady());
  EXPECT_EQ(life.Find(condition::kSuspended), nullptr);
}

TEST(SummarizeFixtures, ShowsWhatBlocksIt) {
  FixtureLife life(ObservedSet({"acme"}));
  life.observed.blocked = Hopeless(reason::kSourceNotFound, "ConfigMap files has no key a.csv.");

  const FixtureSummary summary = life.Run();

  EXPECT_EQ(life.ReadyReason(), reason::kSourceNotFound);
  EXPECT_EQ(life.Find(condition::kLoaded)->message, "ConfigMap files has no key a.csv.");
  EXPECT_EQ(summary.requeue, Requeue::After(kStalledPoll));
  EXPECT_TRUE(life.Run().events.empty()) << "told once";
}

// ---- deletion ----

FixtureLife DeletedSet() {
  FixtureLife life(ObservedSet({"acme", "globex"}));
  life.Run();
  life.observed.set.spec.deletion_policy = api::UnloadPolicy::kUnload;
  life.observed.set.meta.deletion_timestamp = "2026-01-01T00:00:00Z";
  return life;
}

TEST(SummarizeFixtures, SaysThatItUnloads) {
  FixtureLife life = DeletedSet();
  life.moods["acme"].running = Done(0, 0);

  const FixtureSummary summary = life.Run();

  EXPECT_EQ(life.Find(condition::kReady)->message, "Unloading");
  EXPECT_EQ(life.Find(condition::kReady)->status, ConditionStatus::kUnknown);
  EXPECT_EQ(summary.requeue.kind, Requeue::Kind::kAfter);
}

TEST(SummarizeFixtures, NeverGivesUpUnloading) {
  struct Case {
    const char* name;
    void (*change)(FixtureLife&);
    const char* why;
  };
  const Case cases[] = {
      {"a task fails",
       [](FixtureLife& l) { l.moods["acme"].error = Hopeless(reason::kCredentialsRefused); },
       reason::kCredentialsRefused},
      {"an error without a reason", [](FixtureLife& l) { l.moods["acme"].error = Retryable(""); },
       reason::kFailed},
      {"a tenant is not ready",
       [](FixtureLife& l) {
         l.observed.tenants[0].waits_for = Retryable(reason::kDependencyNotReady);
       },
       reason::kFinalizerBlocked},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    FixtureLife life = DeletedSet();
    each.change(life);

    const FixtureSummary summary = life.Run();

    EXPECT_EQ(life.ReadyReason(), each.why);
    EXPECT_TRUE(api::IsTrue(summary.status.conditions, condition::kReconciling));
    EXPECT_EQ(summary.requeue, Requeue::After(kStalledPoll));
    EXPECT_EQ(summary.events.size(), 1U);
    EXPECT_TRUE(life.Run().events.empty());
  }
}

}  // namespace
}  // namespace tenantry::plan
