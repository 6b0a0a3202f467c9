#include "operator/plan/tenant_plan.h"

#include <gtest/gtest.h>

#include "common/api/protocol_codec.h"
#include "tests/unit/plan/tenant_life.h"

namespace tenantry::plan {
namespace {

namespace reason = api::reason;
using api::TaskKind;

// What the actions do, in their order.
std::vector<std::string> Words(const std::vector<Action>& actions) {
  std::vector<std::string> words;
  for (const Action& action : actions) {
    if (std::holds_alternative<AddFinalizer>(action)) {
      words.push_back("add finalizer");
    } else if (std::holds_alternative<RemoveFinalizer>(action)) {
      words.push_back("remove finalizer");
    } else if (const auto* secret = std::get_if<ApplySecret>(&action)) {
      words.push_back("apply " + secret->object.name.value());
    } else if (const auto* config = std::get_if<ApplyConfigMap>(&action)) {
      words.push_back("apply " + config->object.name.value());
    } else if (const auto* gone = std::get_if<DeleteSecret>(&action)) {
      words.push_back("delete " + gone->name.value());
    } else {
      words.push_back("delete " + std::get<DeleteConfigMap>(action).name.value());
    }
  }
  return words;
}

using List = std::vector<std::string>;

api::TenantStorageSpec SpecOf(const TenantPlan& plan) {
  auto spec = api::Decode<api::TenantStorageSpec>(plan.task->spec_json);
  EXPECT_TRUE(spec) << spec.error().message;
  return *std::move(spec);
}

bool IsEmpty(const TenantPlan& plan) {
  return plan.before.empty() && !plan.task && plan.after.empty() && !plan.refused;
}

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
  EXPECT_EQ(NextCheck(life.observed, life.memory, life.settings, kMonotonic), kMonotonic);

  life.Provision();
  EXPECT_EQ(NextCheck(life.observed, life.memory, life.settings, kMonotonic),
            kMonotonic + life.settings.drift_interval);

  life.memory.last_check.reset();
  EXPECT_EQ(NextCheck(life.observed, life.memory, life.settings, kMonotonic), kMonotonic);
}

// ---- what stands in the way ----

TEST(MakeTenantPlan, TouchesNothingWhenItIsBlocked) {
  TenantObserved observed = ObservedTenant();
  observed.store.reset();
  observed.blocked = Hopeless(reason::kSecretNotFound);

  const TenantPlan plan = TenantLife(observed).Plan();

  EXPECT_EQ(plan.refused, observed.blocked);
  EXPECT_TRUE(plan.before.empty() && plan.after.empty() && !plan.task);
}

TEST(MakeTenantPlan, RefusesToTakeOverObjectsOfOthers) {
  struct Case {
    const char* name;
    void (*change)(TenantObserved&);
    const char* named;
  };
  const Case cases[] = {
      {"binding", [](TenantObserved& o) { o.binding->object.ownership = {}; },
       "Secret acme-connection"},
      {"cache binding",
       [](TenantObserved& o) { o.cache_binding->object.ownership.tenant = api::Name("globex"); },
       "Secret acme-cache"},
      {"configuration", [](TenantObserved& o) { o.config->object.ownership = {}; },
       "ConfigMap acme-config"},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    TenantLife life = TenantLife::Provisioned();

    each.change(life.observed);

    const TenantPlan plan = life.Plan();
    ASSERT_TRUE(plan.refused);
    EXPECT_EQ(plan.refused->reason, reason::kOwnershipConflict);
    EXPECT_NE(plan.refused->message.find(each.named), std::string::npos) << plan.refused->message;
    EXPECT_TRUE(plan.before.empty() && !plan.task);
  }
}

TEST(MakeTenantPlan, DoesNotMindASecretOfOthersWhoseNameItDoesNotNeed) {
  TenantObserved observed = ObservedTenant();
  observed.store = PostgresOnly();
  observed.cache_binding = Existing<SecretObject>{{.name = api::Name("acme-cache")}, "7"};

  const TenantPlan plan = TenantLife(observed).Plan();

  EXPECT_FALSE(plan.refused);
  EXPECT_EQ(Words(plan.before),
            (List{"add finalizer", "apply acme-connection", "apply acme-config"}));
}

// ---- suspension ----

TEST(MakeTenantPlan, DoesNothingWhileSuspended) {
  for (const bool provisioned : {false, true}) {
    SCOPED_TRACE(provisioned);
    TenantLife life = provisioned ? TenantLife::Provisioned() : TenantLife();
    life.observed.tenant.spec.suspend = true;
    life.observed.effective.limits.connections = 1;
    life.Wait(life.settings.drift_interval);

    EXPECT_TRUE(IsEmpty(life.Plan()));
  }
}

// ---- deletion ----

struct Deletion {
  api::DeletionPolicy policy = api::DeletionPolicy::kRetain;

  TenantLife Of(TenantLife life) const {
    life.observed.tenant.spec.deletion_policy = policy;
    life.observed.tenant.meta.deletion_timestamp = "2026-01-01T00:00:00Z";
    return life;
  }
};

const List kReleased{"delete acme-connection", "delete acme-cache", "delete acme-config",
                     "remove finalizer"};

TEST(MakeTenantPlan, ReleasesADeletedTenantAsItsPolicySays) {
  for (const api::DeletionPolicy policy :
       {api::DeletionPolicy::kRetain, api::DeletionPolicy::kDelete}) {
    SCOPED_TRACE(static_cast<int>(policy));
    const TenantPlan plan = Deletion{policy}.Of(TenantLife::Provisioned()).Plan();

    ASSERT_TRUE(plan.task);
    EXPECT_EQ(plan.task->kind, TaskKind::kDeprovision);
    EXPECT_EQ(plan.task->id, "uid-acme-3-deprovision");
    const auto spec = api::Decode<api::DeprovisionSpec>(plan.task->spec_json);
    ASSERT_TRUE(spec);
    EXPECT_EQ(spec->policy, policy);
    EXPECT_EQ(spec->owner_uid, "uid-acme");
    EXPECT_TRUE(plan.before.empty()) << "the bindings stay until the data is released";
    EXPECT_EQ(Words(plan.after), kReleased);
  }
}

TEST(MakeTenantPlan, LetsADeletedTenantGoThatItNeverHeld) {
  EXPECT_TRUE(IsEmpty(Deletion{}.Of(TenantLife()).Plan()));
}

TEST(MakeTenantPlan, LooksAfterATenantWhoseProvisionMayHaveBegun) {
  TenantLife life;
  life.mood = AgentMood::kUnreachable;
  life.Run();

  EXPECT_EQ(Deletion{api::DeletionPolicy::kDelete}.Of(life).Plan().task->kind,
            TaskKind::kDeprovision);
}

TEST(MakeTenantPlan, KeepsObjectsOfOthersWhenItReleasesATenant) {
  TenantLife life = Deletion{}.Of(TenantLife::Provisioned());
  life.observed.binding->object.ownership = {};
  life.observed.cache_binding->object.ownership = {};
  life.observed.config->object.ownership = {};

  EXPECT_EQ(Words(life.Plan().after), List{"remove finalizer"});
}

TEST(MakeTenantPlan, DecidesWhatHoldsADeletionUp) {
  struct Case {
    const char* name;
    api::DeletionPolicy policy;
    void (*change)(TenantObserved&);
    const char* refused;  // part of the message; nullptr: nothing holds it up
    bool task;
  };
  using api::DeletionPolicy;
  const auto no_store = [](TenantObserved& o) {
    o.store.reset();
    o.store_exists = false;
    o.blocked = Retryable(reason::kDependencyNotReady, "DataStore platform/main does not exist.");
  };
  const auto no_secret = [](TenantObserved& o) {
    o.store.reset();
    o.blocked = Hopeless(reason::kSecretNotFound, "Secret main-admin does not exist.");
  };
  const Case cases[] = {
      {"no store, data is kept", DeletionPolicy::kRetain, no_store, nullptr, false},
      {"no store, data is to go", DeletionPolicy::kDelete, no_store,
       "DataStore platform/main does not exist.", false},
      {"no store, nothing was made", DeletionPolicy::kDelete,
       [](TenantObserved& o) {
         o.store_exists = false;
         o.tenant.status.provisioned_hash.clear();
       },
       nullptr, false},
      {"no admin", DeletionPolicy::kRetain, no_secret,
       "annotate it with tenantry.dev/force-finalize", false},
      {"no admin, forced", DeletionPolicy::kDelete,
       [](TenantObserved& o) {
         o.blocked = Hopeless(reason::kSecretNotFound);
         o.tenant.meta.annotations[api::kForceFinalizeAnnotation] = "true";
       },
       nullptr, false},
      {"forced by another word", DeletionPolicy::kRetain,
       [](TenantObserved& o) {
         o.blocked = Hopeless(reason::kSecretNotFound);
         o.tenant.meta.annotations[api::kForceFinalizeAnnotation] = "maybe";
       },
       "annotate it", false},
      {"a load runs", DeletionPolicy::kDelete,
       [](TenantObserved& o) { o.running_load = "catalog"; }, "FixtureSet catalog is loading",
       false},
      {"suspended", DeletionPolicy::kDelete,
       [](TenantObserved& o) { o.tenant.spec.suspend = true; }, nullptr, true},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    TenantLife life = Deletion{each.policy}.Of(TenantLife::Provisioned());

    each.change(life.observed);

    const TenantPlan plan = life.Plan();
    EXPECT_EQ(plan.task.has_value(), each.task);
    if (each.refused == nullptr) {
      EXPECT_FALSE(plan.refused);
      EXPECT_EQ(Words(plan.after), kReleased);
    } else {
      ASSERT_TRUE(plan.refused);
      EXPECT_EQ(plan.refused->reason, reason::kFinalizerBlocked);
      EXPECT_NE(plan.refused->message.find(each.refused), std::string::npos)
          << plan.refused->message;
      EXPECT_TRUE(plan.after.empty());
    }
  }
}

// ---- rotation ----

TEST(MakeTenantPlan, RotatesCredentialsWithoutAMomentInWhichNoneWorks) {
  TenantLife life = TenantLife::Provisioned();
  const Secret old_password = life.observed.binding->object.data.at("password");
  const Secret old_cache = life.observed.cache_binding->object.data.at("password");
  life.observed.tenant.meta.annotations[api::kRotateAnnotation] = "monday";
  ASSERT_EQ(WantedRotation(life.observed.tenant), "monday");
  Credentials next = FreshCredentials("next");
  next.username = "tenant_acme_app_2";
  life.memory.rotation = TenantMemory::NextCredentials{"monday", next};

  // Both logins are open before the new one is published.
  const TenantPlan opening = life.Plan();
  EXPECT_TRUE(opening.before.empty());
  EXPECT_EQ(SpecOf(opening).logins,
            (std::vector<api::Login>{{"tenant_acme_app", old_password},
                                     {"tenant_acme_app_2", next.password}}));
  EXPECT_EQ(SpecOf(opening).redis_passwords, (std::vector<Secret>{old_cache, next.cache_password}));
  EXPECT_EQ(Words(opening.after), (List{"apply acme-connection", "apply acme-cache"}));
  EXPECT_EQ(opening.rotation_token, "monday");
  life.mood = AgentMood::kStillRuns;
  life.Run();
  EXPECT_EQ(life.observed.binding->object.data.at("password"), old_password);
  life.mood = AgentMood::kWorks;
  life.Run();

  // Published; the previous ones still work, and nothing is left to do.
  EXPECT_EQ(life.observed.binding->object.data.at("username").reveal(), "tenant_acme_app_2");
  EXPECT_EQ(life.observed.cache_binding->object.data.at("password"), next.cache_password);
  EXPECT_EQ(WantedRotation(life.observed.tenant), "");
  EXPECT_TRUE(IsEmpty(life.Plan()));

  // A provision meanwhile leaves the previous ones alone.
  life.observed.effective.limits.connections = 5;
  EXPECT_EQ(SpecOf(life.Plan()).logins,
            (std::vector<api::Login>{{"tenant_acme_app_2", next.password},
                                     {"tenant_acme_app", std::nullopt}}));
  EXPECT_EQ(SpecOf(life.Plan()).redis_passwords,
            (std::vector<Secret>{next.cache_password, old_cache}));
  life.Run();

  // After the overlap they are closed, once.
  life.Wait(life.settings.rotation_overlap);
  const TenantPlan closing = life.Plan();
  EXPECT_EQ(Words(closing.before), (List{"apply acme-connection", "apply acme-cache"}));
  EXPECT_EQ(SpecOf(closing).logins,
            (std::vector<api::Login>{{"tenant_acme_app_2", next.password}}));
  EXPECT_EQ(SpecOf(closing).redis_passwords, (std::vector<Secret>{next.cache_password}));
  life.Run();
  EXPECT_FALSE(life.observed.cache_binding->object.data.contains(kPreviousPasswordKey));
  EXPECT_TRUE(IsEmpty(life.Plan()));
}

TEST(MakeTenantPlan, ClosesNoLoginThatAnAnnotationOnlyClaimsToBeThePreviousOne) {
  TenantLife life = TenantLife::Provisioned();
  life.observed.binding->object.annotations = {{kRotatedAtAnnotation, FormatTime(life.now)},
                                               {kPreviousUserAnnotation, "tenant_globex_app"}};
  life.observed.effective.limits.connections = 5;

  EXPECT_EQ(SpecOf(life.Plan()).logins.size(), 1U);
}

TEST(TaskId, NamesObjectGenerationAndStep) {
  EXPECT_EQ(TaskId(MetaOf("acme"), "provision"), "uid-acme-3-provision");
}

}  // namespace
}  // namespace tenantry::plan
