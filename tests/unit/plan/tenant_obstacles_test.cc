#include <gtest/gtest.h>

#include "common/api/protocol_codec.h"
#include "operator/plan/tenant_plan.h"
#include "tests/unit/plan/tenant_life.h"
#include "tests/unit/plan/tenant_plan_words.h"

namespace tenantry::plan {
namespace {

namespace reason = api::reason;
using api::TaskKind;

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

// The Tenant has gone already, and we do not know it yet.
TEST(MakeTenantPlan, KeepsObjectsOfASuccessorOfTheSameName) {
  TenantLife life = Deletion{}.Of(TenantLife::Provisioned());
  for (Ownership* ownership :
       {&life.observed.binding->object.ownership, &life.observed.cache_binding->object.ownership,
        &life.observed.config->object.ownership}) {
    ownership->tenant_uid = api::Uid("uid-of-the-next-acme");
  }

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
