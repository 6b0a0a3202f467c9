#include "operator/plan/fixture_plan.h"

#include <gtest/gtest.h>

#include "common/api/protocol_codec.h"
#include "tests/unit/plan/fixture_life.h"

namespace tenantry::plan {
namespace {

namespace reason = api::reason;
using List = std::vector<std::string>;
using Labels = std::map<std::string, std::string>;
using std::chrono::seconds;

FixtureLife LoadedSet(const List& tenants) {
  FixtureLife life(ObservedSet(tenants));
  life.Run();
  return life;
}

void UseVolume(FixtureObserved* observed) {
  for (api::Dataset* dataset :
       {&observed->set.spec.datasets.front(), &observed->datasets.front().dataset}) {
    dataset->source = {.volume_path = "albums.csv"};
  }
}

FixtureLife LoadedVolume() {
  FixtureObserved observed = ObservedSet({"acme"});
  UseVolume(&observed);
  FixtureLife life(observed);
  life.Run();
  return life;
}

TEST(Covers, MatchesByNameOrByAllLabels) {
  api::ObjectMeta acme = MetaOf("acme");
  acme.labels = {{"plan", "paid"}, {"region", "eu"}};
  struct Case {
    const char* name;
    api::FixtureSetSpec spec;
    bool covered;
  };
  const Case cases[] = {
      {"its name", {.tenant = "acme"}, true},
      {"another name", {.tenant = "globex"}, false},
      {"one label", {.tenant_labels = Labels{{"plan", "paid"}}}, true},
      {"both labels", {.tenant_labels = Labels{{"plan", "paid"}, {"region", "eu"}}}, true},
      {"another value", {.tenant_labels = Labels{{"plan", "free"}}}, false},
      {"a label it lacks", {.tenant_labels = Labels{{"plan", "paid"}, {"team", "a"}}}, false},
      {"no label: every tenant", {.tenant_labels = Labels()}, true},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    EXPECT_EQ(Covers(each.spec, acme), each.covered);
  }
}

TEST(MakeFixturePlan, LoadsEveryTenantWithItsOwnLogin) {
  FixtureObserved observed = ObservedSet({"acme", "globex"});
  observed.set.meta.finalizers.clear();
  observed.set.spec.deletion_policy = api::UnloadPolicy::kUnload;

  const FixturePlan plan = FixtureLife(observed).Plan();

  EXPECT_TRUE(plan.add_finalizer);
  EXPECT_FALSE(plan.release);
  ASSERT_EQ(plan.tasks.size(), 2U);
  const TenantTask& task = plan.tasks.front();
  EXPECT_EQ(task.tenant.value(), "acme");
  EXPECT_EQ(task.tenant_uid.value(), "uid-acme");
  EXPECT_EQ(task.request.kind, api::TaskKind::kLoad);
  EXPECT_EQ(task.request.id, "uid-catalog-3-load-acme-" + task.hash.substr(0, 12));
  const auto spec = api::Decode<api::LoadSpec>(task.request.spec_json);
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->postgres.user, "tenant_acme_app");
  EXPECT_EQ(spec->schema, "tenant_acme");
  EXPECT_EQ(spec->fixture_set, "uid-catalog");
  EXPECT_TRUE(spec->track_rows) << "Unload needs to know what was inserted";
  EXPECT_EQ(spec->datasets, observed.datasets);
}

TEST(MakeFixturePlan, HasNothingToDoOnceAllIsLoaded) {
  FixtureLife life = LoadedSet({"acme", "globex"});
  const api::FixtureSetStatus before = life.status();

  EXPECT_TRUE(life.Plan().tasks.empty());
  life.memory = {};
  EXPECT_TRUE(life.Plan().tasks.empty()) << "a new process reads it in the status";
  EXPECT_EQ(life.Run().status, before);
}

TEST(MakeFixturePlan, LoadsWhoeverItsDataIsNewFor) {
  struct Case {
    const char* name;
    void (*change)(FixtureObserved&);
    List loads;
  };
  const Case cases[] = {
      {"other content",
       [](FixtureObserved& o) { o.datasets.front().dataset.source.inline_text = "[{}]"; },
       {"acme", "globex"}},
      {"a tenant that came later",
       [](FixtureObserved& o) { o.tenants.push_back(CoveredNamed("initech")); },
       {"initech"}},
      {"a storage made anew",
       [](FixtureObserved& o) { o.tenants[1].incarnation = "second"; },
       {"globex"}},
      {"a tenant created anew",
       [](FixtureObserved& o) { o.tenants[0].uid = api::Uid("uid-2"); },
       {"acme"}},
      {"rows to be remembered",
       [](FixtureObserved& o) { o.set.spec.deletion_policy = api::UnloadPolicy::kUnload; },
       {"acme", "globex"}},
      {"another password",
       [](FixtureObserved& o) { o.tenants[0].postgres.password = Secret("other"); },
       {}},
      {"another host", [](FixtureObserved& o) { o.tenants[0].postgres.host = "moved.db"; }, {}},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    FixtureLife life = LoadedSet({"acme", "globex"});

    each.change(life.observed);

    EXPECT_EQ(life.Loads(), each.loads);
  }
}

TEST(MakeFixturePlan, LeavesOutTenantsThatAreNotReady) {
  FixtureObserved observed = ObservedSet({"acme", "globex"});
  observed.tenants[0].waits_for = Retryable(reason::kDependencyNotReady);

  EXPECT_EQ(FixtureLife(observed).Loads(), List{"globex"});
}

TEST(MakeFixturePlan, LetsALoadThatHasBegunEndInATenantThatIsBeingDeleted) {
  FixtureLife life(ObservedSet({"acme", "globex"}));
  life.moods["acme"].running.emplace();
  life.moods["globex"].running.emplace();
  life.Run();
  for (CoveredTenant& tenant : life.observed.tenants) {
    tenant.waits_for = Retryable(reason::kDependencyNotReady, "it is being deleted");
    tenant.leaving = true;
  }
  life.observed.tenants[1].incarnation = "another";  // its load would be a new one

  EXPECT_EQ(life.Loads(), List{"acme"});
}

TEST(MakeFixturePlan, DoesNothingWhileSuspendedOrBlocked) {
  FixtureObserved suspended = ObservedSet({"acme"});
  suspended.set.spec.suspend = true;
  EXPECT_TRUE(FixtureLife(suspended).Plan().tasks.empty());

  FixtureObserved blocked = ObservedSet({"acme"});
  blocked.set.meta.finalizers.clear();
  blocked.blocked = Hopeless(reason::kConfigMapNotFound);
  const FixturePlan plan = FixtureLife(blocked).Plan();
  EXPECT_EQ(plan.refused, blocked.blocked);
  EXPECT_TRUE(plan.tasks.empty());
  EXPECT_FALSE(plan.add_finalizer);
}

TEST(MakeFixturePlan, LetsNoTenantStarveWhenThereIsNotRoomForAll) {
  FixtureLife life(ObservedSet({"a", "b", "c", "d"}));
  life.settings.max_parallel_loads = 2;
  EXPECT_EQ(life.Loads(), (List{"a", "b"}));

  life.moods["a"].error = Retryable(reason::kDatabaseUnreachable);
  life.moods["b"].running.emplace();
  life.Run();
  EXPECT_EQ(life.Loads(), (List{"b", "c"})) << "what runs, then who never had a turn";

  life.moods["b"] = {};
  life.Run();
  EXPECT_EQ(life.Loads(), (List{"d", "a"}));
}

TEST(MakeFixturePlan, AsksForARunningLoadAgainWithoutStartingAnother) {
  FixtureLife life(ObservedSet({"acme"}));
  life.moods["acme"].running.emplace();
  const std::string id = life.Plan().tasks.front().request.id;
  life.Run();
  life.observed.set.meta.annotations[api::kRequestedAtAnnotation] = "noon";

  EXPECT_EQ(life.Plan().tasks.front().request.id, id);
}

TEST(MakeFixturePlan, TriesAgainWhatMayHaveBeenMended) {
  struct Case {
    const char* name;
    Error error;
    bool volume;
    seconds since;
    bool again;
  };
  const Case cases[] = {
      {"an outage, at once", Retryable(reason::kDatabaseUnreachable), false, seconds(0), true},
      {"a lost answer", {ErrorCode::kOutcomeUnknown, "lost", ""}, false, seconds(0), true},
      {"bad data stays bad", Hopeless(reason::kInvalidData), false, seconds(3600), false},
      {"a bad file may be replaced", Hopeless(reason::kInvalidData), true, kStalledPoll, true},
      {"but not within a second", Hopeless(reason::kInvalidData), true, seconds(1), false},
      {"a missing file may be put there", Hopeless(reason::kSourceNotFound), true, kStalledPoll,
       true},
      {"a missing table may be made", Hopeless(reason::kInvalidSpec), false, kStalledPoll, true},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    FixtureObserved observed = ObservedSet({"acme"});
    if (each.volume) {
      UseVolume(&observed);
    }
    FixtureLife life(observed);
    life.moods["acme"].error = each.error;
    life.Run();

    life.Wait(each.since);

    EXPECT_EQ(!life.Plan().tasks.empty(), each.again);
  }
}

TEST(MakeFixturePlan, TriesBadDataAgainWhenItChangesOrSomebodyAsks) {
  FixtureLife life(ObservedSet({"acme"}));
  life.moods["acme"].error = Hopeless(reason::kInvalidData);
  life.Run();

  FixtureLife mended = life;
  mended.observed.datasets.front().dataset.source.inline_text = "[{}]";
  EXPECT_EQ(mended.Loads(), List{"acme"});

  life.observed.set.meta.annotations[api::kRequestedAtAnnotation] = "noon";
  EXPECT_EQ(life.Loads(), List{"acme"});
  life.Run();
  EXPECT_TRUE(life.Loads().empty()) << "asked for once, tried once";
}

TEST(MakeFixturePlan, LooksAtFilesAgainAfterTheDriftInterval) {
  FixtureLife life = LoadedVolume();
  EXPECT_TRUE(life.Loads().empty());

  life.Wait(life.settings.drift_interval - seconds(1));
  EXPECT_TRUE(life.Loads().empty());

  life.Wait(seconds(1));
  EXPECT_EQ(life.Loads(), List{"acme"});
  life.Run();
  EXPECT_TRUE(life.Loads().empty());

  life.memory = {};
  EXPECT_EQ(life.Loads(), List{"acme"}) << "a new process does not know when it last looked";
}

TEST(MakeFixturePlan, AnswersARequestOnceForEachTenant) {
  FixtureLife life = LoadedSet({"acme", "globex", "initech"});
  life.settings.max_parallel_loads = 2;
  life.observed.set.meta.annotations[api::kRequestedAtAnnotation] = "noon";
  EXPECT_EQ(life.Loads(), (List{"acme", "globex"}));

  // They do not end in the same pass.
  life.moods["globex"].running.emplace();
  life.Run();
  EXPECT_EQ(life.Loads(), (List{"globex", "initech"}));
  life.moods["globex"] = {};
  life.moods["initech"].running.emplace();
  life.Run();
  EXPECT_EQ(life.Loads(), List{"initech"});
  EXPECT_EQ(life.status().last_handled_reconcile_at, "");
  life.moods["initech"] = {};
  life.Run();

  EXPECT_TRUE(life.Loads().empty());
  EXPECT_EQ(life.status().last_handled_reconcile_at, "noon");
}

TEST(MakeFixturePlan, AnswersARequestThoughATenantIsNotReady) {
  FixtureLife life = LoadedSet({"acme", "globex"});
  life.observed.tenants[1].waits_for = Retryable(reason::kDependencyNotReady);
  life.observed.set.meta.annotations[api::kRequestedAtAnnotation] = "noon";
  life.Run();

  EXPECT_TRUE(life.Loads().empty());
}

// ---- deletion ----

FixtureObserved DeletedSet(api::UnloadPolicy policy) {
  FixtureObserved observed = ObservedSet({"acme", "globex"});
  observed.set.spec.deletion_policy = policy;
  observed.set.meta.deletion_timestamp = "2026-01-01T00:00:00Z";
  return observed;
}

TEST(MakeFixturePlan, UnloadsEachTenantBeforeItGoes) {
  const FixturePlan plan = FixtureLife(DeletedSet(api::UnloadPolicy::kUnload)).Plan();

  EXPECT_TRUE(plan.release);
  EXPECT_FALSE(plan.refused);
  ASSERT_EQ(plan.tasks.size(), 2U);
  const api::TaskRequest& request = plan.tasks.back().request;
  EXPECT_EQ(request.kind, api::TaskKind::kUnload);
  EXPECT_EQ(request.id, "uid-catalog-3-unload-globex");
  const auto spec = api::Decode<api::UnloadSpec>(request.spec_json);
  ASSERT_TRUE(spec);
  EXPECT_EQ(spec->fixture_set, "uid-catalog");
  EXPECT_EQ(spec->schema, "tenant_globex");
  EXPECT_EQ(spec->postgres.user, "tenant_globex_app");
}

TEST(MakeFixturePlan, UnloadsATenantOnceWhileOthersAreStillAtIt) {
  FixtureLife life(DeletedSet(api::UnloadPolicy::kUnload));
  const FixturePlan first = life.Plan();
  ASSERT_EQ(first.tasks.size(), 2U);
  EXPECT_EQ(first.unloads, 2);
  life.memory.attempts[api::Name("acme")] = {.hash = first.tasks[0].hash};
  life.memory.attempts[api::Name("globex")] = {.hash = first.tasks[1].hash,
                                               .task_id = first.tasks[1].request.id};

  const FixturePlan second = life.Plan();
  ASSERT_EQ(second.tasks.size(), 1U);
  EXPECT_EQ(second.tasks[0].tenant, api::Name("globex"));
  EXPECT_EQ(second.unloads, 2);

  life.memory.attempts[api::Name("globex")] = {.hash = first.tasks[1].hash};
  EXPECT_TRUE(life.Plan().tasks.empty());
  EXPECT_TRUE(life.Plan().release);

  life.observed.tenants[0].uid = api::Uid("another");  // a new one of the same name
  EXPECT_EQ(life.Plan().tasks.size(), 1U);
}

TEST(MakeFixturePlan, GoesAtOnceWhenItsRowsStay) {
  const FixturePlan retained = FixtureLife(DeletedSet(api::UnloadPolicy::kRetain)).Plan();
  EXPECT_TRUE(retained.release);
  EXPECT_TRUE(retained.tasks.empty());

  FixtureObserved forced = DeletedSet(api::UnloadPolicy::kUnload);
  forced.set.meta.annotations[api::kForceFinalizeAnnotation] = "true";
  EXPECT_TRUE(FixtureLife(forced).Plan().release);
  EXPECT_TRUE(FixtureLife(forced).Plan().tasks.empty());

  FixtureObserved never_held = DeletedSet(api::UnloadPolicy::kUnload);
  never_held.set.meta.finalizers.clear();
  EXPECT_FALSE(FixtureLife(never_held).Plan().release);
}

TEST(MakeFixturePlan, WaitsWithItsDeletionForATenantThatIsNotReady) {
  FixtureObserved observed = DeletedSet(api::UnloadPolicy::kUnload);
  observed.tenants[0].waits_for = Retryable(reason::kDependencyNotReady, "PostgreSQL is away.");

  const FixturePlan plan = FixtureLife(observed).Plan();

  ASSERT_TRUE(plan.refused);
  EXPECT_EQ(plan.refused->reason, reason::kFinalizerBlocked);
  EXPECT_NE(plan.refused->message.find("Tenant acme (PostgreSQL is away.)"), std::string::npos);
  EXPECT_NE(plan.refused->message.find(api::kForceFinalizeAnnotation), std::string::npos);
  EXPECT_EQ(plan.tasks.size(), 1U) << "the others are unloaded meanwhile";
}

TEST(IsLoaded, IsToldByTheStatusOfThisGeneration) {
  FixtureLife life = LoadedSet({"acme"});
  api::FixtureSet set = life.observed.set;
  EXPECT_TRUE(IsLoaded(set, api::Name("acme")));
  EXPECT_FALSE(IsLoaded(set, api::Name("globex")));

  api::FixtureSet edited = set;
  ++edited.meta.generation;
  EXPECT_FALSE(IsLoaded(edited, api::Name("acme")));

  set.status.tenants.front().message = "Loading";
  EXPECT_FALSE(IsLoaded(set, api::Name("acme")));
}

}  // namespace
}  // namespace tenantry::plan
