#include "operator/plan/tenant_plan.h"

#include <gtest/gtest.h>

#include "tests/unit/plan/tenant_life.h"
#include "tests/unit/plan/tenant_plan_words.h"

namespace tenantry::plan {
namespace {

using api::TaskKind;

bool StartsWith(const std::string& text, const std::string& start) {
  return text.rfind(start, 0) == 0;
}

TEST(MakeTenantPlan, HoldsPublishesAndProvisionsANewTenant) {
  const TenantPlan plan = TenantLife().Plan();

  EXPECT_EQ(Words(plan.before), (List{"add finalizer", "apply acme-connection", "apply acme-cache",
                                      "apply acme-config"}));
  ASSERT_TRUE(plan.task);
  EXPECT_EQ(plan.task->kind, TaskKind::kProvision);
  EXPECT_TRUE(StartsWith(plan.task->id, "uid-acme-3-provision-")) << plan.task->id;
  EXPECT_EQ(plan.task->tenant.value(), "acme");
  EXPECT_TRUE(plan.after.empty());
}

TEST(MakeTenantPlan, TellsTheAgentAllItNeeds) {
  TenantObserved observed = ObservedTenant();
  observed.effective.limits.connections = 7;
  observed.tenant.spec.schema.version = 2;
  observed.tenant.meta.annotations[api::kAdoptAnnotation] = "true";

  const TenantPlan plan = TenantLife(observed).Plan();
  const api::TenantStorageSpec spec = SpecOf(plan);

  EXPECT_EQ(spec.postgres, observed.store->postgres);
  EXPECT_EQ(spec.redis, observed.store->redis);
  EXPECT_EQ(spec.owner_uid, "uid-acme");
  EXPECT_EQ(spec.owner, "platform/acme");
  EXPECT_TRUE(spec.adopt);
  EXPECT_EQ(spec.template_name, "Music");
  EXPECT_EQ(spec.version, 2);
  EXPECT_EQ(spec.connection_limit, 7);
  EXPECT_EQ(spec.config_json, observed.effective.config_json);
  const SecretObject& binding = std::get<ApplySecret>(plan.before[1]).object;
  const SecretObject& cache = std::get<ApplySecret>(plan.before[2]).object;
  EXPECT_EQ(spec.logins, (std::vector<api::Login>{{.role = "tenant_acme_app",
                                                   .password = binding.data.at("password")}}));
  EXPECT_EQ(spec.redis_passwords, (std::vector<Secret>{cache.data.at("password")}));
}

TEST(MakeTenantPlan, PutsTheBindingWhereTheIsolationKeepsTheData) {
  struct Case {
    api::Isolation isolation;
    const char* schema_map;
    const char* database;
    const char* schema;
  };
  const Case cases[] = {
      {api::Isolation::kSchema, "", "app", "tenant_acme"},
      {api::Isolation::kDatabase, "", "tenant_acme", nullptr},
      {api::Isolation::kRowLevel, "", "app", nullptr},
      {api::Isolation::kRowLevel, "My-Tables.v2", "app", nullptr},
  };
  for (const Case& each : cases) {
    api::Tenant tenant = TenantNamed("acme");
    tenant.spec.isolation = each.isolation;
    tenant.spec.schema = {.config_map = each.schema_map};
    SCOPED_TRACE(std::string(ToString(each.isolation)) + each.schema_map);

    const BindingTarget target = TargetOf(tenant, PostgresAndRedis());

    EXPECT_EQ(target.postgres.database, each.database);
    EXPECT_FALSE(target.schema.empty());
    EXPECT_EQ(target.schema.find_first_of(".- M"), std::string::npos) << target.schema;
    if (each.schema != nullptr) {
      EXPECT_EQ(target.schema, each.schema);
    }
  }
}

TEST(MakeTenantPlan, NeedsNoCacheBindingWithoutRedis) {
  TenantObserved observed = ObservedTenant();
  observed.store = PostgresOnly();

  const TenantPlan plan = TenantLife(observed).Plan();

  EXPECT_EQ(Words(plan.before),
            (List{"add finalizer", "apply acme-connection", "apply acme-config"}));
  EXPECT_TRUE(SpecOf(plan).redis_passwords.empty());
}

TEST(MakeTenantPlan, TakesTheCacheBindingAwayWhenTheStoreLosesItsRedis) {
  TenantLife life = TenantLife::Provisioned();
  life.observed.store = PostgresOnly();

  const TenantPlan plan = life.Plan();

  EXPECT_EQ(Words(plan.before), List{"delete acme-cache"});
  EXPECT_EQ(plan.task->kind, TaskKind::kProvision);
  life.Run();
  EXPECT_EQ(life.observed.tenant.status.cache_binding, "");
  EXPECT_EQ(life.Find(api::condition::kCacheReady), nullptr);
}

TEST(MakeTenantPlan, IsEmptyOnceItsPlanWasApplied) {
  for (const api::Isolation isolation :
       {api::Isolation::kSchema, api::Isolation::kDatabase, api::Isolation::kRowLevel}) {
    SCOPED_TRACE(ToString(isolation));
    TenantObserved observed = ObservedTenant();
    observed.tenant.spec.isolation = isolation;
    TenantLife life(observed);

    life.Run();

    EXPECT_TRUE(IsEmpty(life.Plan()));
    const api::TenantStatus before = life.observed.tenant.status;
    life.Wait(std::chrono::seconds(5));
    EXPECT_EQ(life.Run().status, before) << "nothing to do, but a status to write";
  }
}

TEST(MakeTenantPlan, AsksForTheSameTaskWhileItRuns) {
  TenantLife life;
  life.mood = AgentMood::kStillRuns;
  const TenantPlan first = life.Plan();
  life.Run();

  const TenantPlan second = life.Plan();

  EXPECT_TRUE(second.before.empty());
  EXPECT_EQ(second.task->id, first.task->id);
}

TEST(MakeTenantPlan, ProvisionsAgainWhenWhatItDependsOnChanges) {
  struct Case {
    const char* name;
    void (*change)(TenantObserved&);
  };
  const Case cases[] = {
      {"connection limit", [](TenantObserved& o) { o.effective.limits.connections = 1; }},
      {"configuration", [](TenantObserved& o) { o.effective.config_json = "{}"; }},
      {"schema", [](TenantObserved& o) { o.tenant.spec.schema.version = 1; }},
      {"migrations",
       [](TenantObserved& o) {
         o.migrations = {{"V1__a.sql", "SELECT 1"}};
       }},
      {"host", [](TenantObserved& o) { o.store->postgres.host = "other.db"; }},
      {"admin", [](TenantObserved& o) { o.store->postgres.user = "other"; }},
      {"adoption",
       [](TenantObserved& o) { o.tenant.meta.annotations[api::kAdoptAnnotation] = "true"; }},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    TenantLife life = TenantLife::Provisioned();
    const std::string before = life.observed.tenant.status.provisioned_hash;

    each.change(life.observed);

    const TenantPlan plan = life.Plan();
    ASSERT_TRUE(plan.task);
    EXPECT_EQ(plan.task->kind, TaskKind::kProvision);
    EXPECT_NE(plan.provisioned_hash, before);
  }
}

TEST(MakeTenantPlan, DoesNothingForEditsThatTheDatabaseDoesNotSee) {
  TenantLife life = TenantLife::Provisioned();
  life.observed.tenant.spec.deletion_policy = api::DeletionPolicy::kDelete;
  life.observed.store->postgres.password = Secret("the admin's password was changed");
  life.Edit();

  EXPECT_TRUE(IsEmpty(life.Plan()));
  life.Run();
  EXPECT_EQ(life.observed.tenant.status.observed_generation, 4);
}

TEST(MakeTenantPlan, PutsItsObjectsRightWhenSomebodyChangesThem) {
  struct Case {
    const char* name;
    void (*damage)(TenantObserved&);
    const char* mended;
  };
  const Case cases[] = {
      {"host of the binding",
       [](TenantObserved& o) { o.binding->object.data["host"] = Secret("evil.example"); },
       "apply acme-connection"},
      {"owner of the cache binding",
       [](TenantObserved& o) { o.cache_binding->object.ownership.tenant_uid = api::Uid("old"); },
       "apply acme-cache"},
      {"missing configuration", [](TenantObserved& o) { o.config.reset(); }, "apply acme-config"},
      {"edited configuration",
       [](TenantObserved& o) { o.config->object.data["config.json"] = "{}"; }, "apply acme-config"},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    TenantLife life = TenantLife::Provisioned();

    each.damage(life.observed);

    EXPECT_EQ(Words(life.Plan().before), List{each.mended});
  }
}

TEST(MakeTenantPlan, LeavesKeysThatSomebodyAddedToItsObjects) {
  TenantLife life = TenantLife::Provisioned();
  life.observed.binding->object.data.emplace("sslrootcert", Secret("theirs"));
  life.observed.config->object.data.emplace("theirs", "too");

  EXPECT_TRUE(IsEmpty(life.Plan()));
}

TEST(MakeTenantPlan, GivesALostPasswordANewOneInTheDatabaseToo) {
  TenantLife life = TenantLife::Provisioned();
  life.observed.binding.reset();

  const TenantPlan plan = life.Plan();

  EXPECT_EQ(Words(plan.before), List{"apply acme-connection"});
  EXPECT_EQ(plan.task->kind, TaskKind::kProvision);
  EXPECT_EQ(SpecOf(plan).logins.front().password,
            std::get<ApplySecret>(plan.before.front()).object.data.at("password"));
}

TEST(MakeTenantPlan, GoesOnWithANewPasswordUntilTheDatabaseHasIt) {
  TenantLife life = TenantLife::Provisioned();
  life.observed.cache_binding.reset();
  life.mood = AgentMood::kStillRuns;
  life.Run();

  const TenantPlan plan = life.Plan();

  ASSERT_TRUE(plan.task);
  EXPECT_EQ(plan.task->kind, TaskKind::kProvision);
  life.mood = AgentMood::kWorks;
  life.Run();
  EXPECT_TRUE(IsEmpty(life.Plan()));
}

// ---- drift ----

TEST(MakeTenantPlan, ChecksTheDatabaseWhenItIsDue) {
  struct Case {
    const char* name;
    void (*change)(TenantLife&);
    bool due;
  };
  const Case cases[] = {
      {"just provisioned", [](TenantLife&) {}, false},
      {"before the interval is over", [](TenantLife& l) { l.Wait(std::chrono::seconds(599)); },
       false},
      {"after the interval", [](TenantLife& l) { l.Wait(std::chrono::seconds(600)); }, true},
      {"asked for",
       [](TenantLife& l) {
         l.observed.tenant.meta.annotations[api::kRequestedAtAnnotation] = "now";
       },
       true},
      {"a binding was edited", [](TenantLife& l) { l.observed.binding->resource_version = "999"; },
       true},
      {"fixtures came in", [](TenantLife& l) { l.observed.fixture_sets_loaded = 1; }, true},
      {"a new process knows nothing", [](TenantLife& l) { l.memory = {}; }, true},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    TenantLife life = TenantLife::Provisioned();

    each.change(life);

    const TenantPlan plan = life.Plan();
    EXPECT_EQ(plan.task.has_value(), each.due);
    if (plan.task) {
      EXPECT_EQ(plan.task->kind, TaskKind::kObserve);
      EXPECT_EQ(plan.task->id, "uid-acme-3-observe-run1-" + std::to_string(life.memory.checks));
      life.Run();
      EXPECT_TRUE(IsEmpty(life.Plan())) << "one check answers it";
    }
  }
}

TEST(MakeTenantPlan, NumbersItsChecksSoThatNoneIsAnsweredByAnOldOne) {
  TenantLife life = TenantLife::Provisioned();
  life.Wait(life.settings.drift_interval);
  const std::string first = life.Plan().task->id;
  life.Run();
  life.Wait(life.settings.drift_interval);

  EXPECT_NE(life.Plan().task->id, first);
}

TEST(MakeTenantPlan, ProvisionsWhenACheckFindsDrift) {
  TenantLife life = TenantLife::Provisioned();
  life.Wait(life.settings.drift_interval);
  life.check.drift = {"role tenant_acme_reader is missing"};
  life.Run();

  const TenantPlan plan = life.Plan();

  ASSERT_TRUE(plan.task);
  EXPECT_EQ(plan.task->kind, TaskKind::kProvision);
  life.Run();
  EXPECT_TRUE(IsEmpty(life.Plan()));
}

TEST(NextCheck, IsAnIntervalAfterTheLastAndAtOnceForAnUnknownTenant) {
  TenantLife life;
  EXPECT_EQ(NextCheck(life.observed.tenant, life.memory, life.settings, kMonotonic), kMonotonic);

  life.Provision();
  EXPECT_EQ(NextCheck(life.observed.tenant, life.memory, life.settings, kMonotonic),
            kMonotonic + life.settings.drift_interval);

  life.memory.last_check.reset();
  EXPECT_EQ(NextCheck(life.observed.tenant, life.memory, life.settings, kMonotonic), kMonotonic);
}

}  // namespace
}  // namespace tenantry::plan
