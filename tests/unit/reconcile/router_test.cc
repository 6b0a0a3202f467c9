#include "operator/reconcile/router.h"

#include <gtest/gtest.h>

#include <set>

#include "common/telemetry/metrics.h"
#include "tests/support/manual_clock.h"
#include "tests/unit/reconcile/builders.h"

namespace tenantry::reconcile {
namespace {

using api::Kind;
using Words = std::set<std::string>;

class RouterTest : public ::testing::Test {
 protected:
  // Who has been woken since the last call: "Tenant acme".
  Words Woken() {
    const WorkKey end{Kind::kDataStore, KeyOf("the-end", "of-the-queue")};
    queue_.AddAfter(end, std::chrono::seconds(2));  // behind all that waits, for a time, too
    clock_.Advance(std::chrono::seconds(2));
    Words words;
    while (const auto key = queue_.Get({})) {
      queue_.Done(*key);
      if (*key == end) {
        break;
      }
      words.insert(std::string(api::ToString(key->kind)) + " " + key->object.name.value());
    }
    return words;
  }

  // An object that was there before what the test is about.
  template <class T>
  void Know(const T& object) {
    router_.Seen(object, Origin::kInitialList);
    Woken();
  }

  testing::ManualClock clock_;
  std::unique_ptr<telemetry::Registry> metrics_ = telemetry::Registry::Make();
  WorkQueue queue_{QueueOptions{}, clock_, *metrics_};
  World world_;
  Router router_{world_, queue_};
};

TEST_F(RouterTest, WakesAnObjectThatItsUserChanged) {
  router_.Seen(TenantOf("acme"), Origin::kWatch);
  EXPECT_EQ(Woken(), (Words{"Tenant acme", "DataStore main"}));

  router_.Seen(Next(TenantOf("acme")), Origin::kWatch);
  EXPECT_EQ(Woken(), Words{"Tenant acme"});
  EXPECT_EQ(world_.tenants.Get(KeyOf("acme"))->meta.resource_version, "2");
}

TEST_F(RouterTest, SleepsThroughEchoesAndOldNews) {
  Know(TenantOf("acme"));
  const api::Tenant written = Next(TenantOf("acme"));

  router_.Seen(written, Origin::kOwnWrite);        // our own answer
  router_.Seen(written, Origin::kWatch);           // its echo
  router_.Seen(TenantOf("acme"), Origin::kWatch);  // the watch is behind

  EXPECT_EQ(Woken(), Words());
}

TEST_F(RouterTest, LetsEditsOvertakeTheInitialList) {
  router_.Seen(TenantOf("listed"), Origin::kInitialList);
  router_.Seen(TenantOf("edited"), Origin::kWatch);

  EXPECT_EQ(queue_.Get({})->object.name.value(), "edited");
}

TEST_F(RouterTest, WakesTheTenantsOfAStoreWhenItMattersToThem) {
  Know(StoreOf("main"));
  Know(TenantOf("acme"));
  Know(TenantOf("globex", "other"));
  struct Case {
    const char* name;
    void (*change)(api::DataStore& store);
    bool matters;
  };
  const Case cases[] = {
      {"its host", [](api::DataStore& s) { s.spec.postgres.host = "other.db"; }, true},
      {"it became ready", [](api::DataStore& s) { MakeReady(&s.status.conditions); }, true},
      {"only a counter of its status", [](api::DataStore& s) { s.status.tenants = 7; }, false},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    api::DataStore store = Next(*world_.stores.Get(KeyOf("main")));

    each.change(store);
    router_.Seen(store, Origin::kOwnWrite);

    EXPECT_EQ(Woken(), each.matters ? Words{"Tenant acme"} : Words());
  }
}

TEST_F(RouterTest, WakesTheTenantsOfAStoreThatWasMadeAnew) {
  Know(StoreOf("main"));
  Know(TenantOf("acme"));
  api::DataStore store = Next(*world_.stores.Get(KeyOf("main")));

  store.meta.uid = api::Uid("uid-2");
  router_.Seen(store, Origin::kWatch);

  EXPECT_EQ(Woken(), (Words{"DataStore main", "Tenant acme"}));
}

TEST_F(RouterTest, WakesWhoHasToDoWithAnObjectThatWent) {
  Know(StoreOf("main"));
  Know(TenantOf("acme"));
  api::Tenant rival = TenantOf("copy");
  rival.spec.tenant_id = api::TenantId("acme");
  Know(rival);
  Know(SetFor("catalog", "acme"));

  router_.Gone(Kind::kFixtureSet, KeyOf("catalog"));
  EXPECT_EQ(Woken(), (Words{"FixtureSet catalog", "Tenant acme"}));

  Know(SetFor("catalog", "acme"));
  router_.Gone(Kind::kTenant, KeyOf("acme"));
  EXPECT_EQ(Woken(), (Words{"Tenant acme", "Tenant copy", "DataStore main", "FixtureSet catalog"}));

  router_.Gone(Kind::kDataStore, KeyOf("main"));
  EXPECT_EQ(Woken(), (Words{"DataStore main", "Tenant copy"}));

  router_.Gone(Kind::kTenant, KeyOf("acme"));
  EXPECT_EQ(Woken(), Words()) << "it was gone already";
}

TEST_F(RouterTest, WakesFixtureSetsWhenATenantMattersToThem) {
  Know(TenantOf("acme"));
  Know(SetFor("catalog", "acme"));
  Know(SetFor("strangers", "globex"));
  api::FixtureSet paid = SetFor("paid", "");
  paid.spec.tenant_labels = std::map<std::string, std::string>{{"plan", "paid"}};
  Know(paid);
  struct Case {
    const char* name;
    void (*change)(api::Tenant& tenant);
    Words woken;
  };
  const Case cases[] = {
      {"it became ready",
       [](api::Tenant& t) { MakeReady(&t.status.conditions); },
       {"FixtureSet catalog"}},
      {"a label that a selector wants",
       [](api::Tenant& t) { t.meta.labels["plan"] = "paid"; },
       {"FixtureSet catalog", "FixtureSet paid", "Tenant acme"}},
      {"and loses again",
       [](api::Tenant& t) { t.meta.labels.clear(); },
       {"FixtureSet catalog", "FixtureSet paid", "Tenant acme"}},
      {"its storage was made anew",
       [](api::Tenant& t) { t.status.incarnation = "second"; },
       {"FixtureSet catalog"}},
      {"its binding is published",
       [](api::Tenant& t) { t.status.binding = "acme-connection"; },
       {"FixtureSet catalog"}},
      {"it is being deleted",
       [](api::Tenant& t) { t.meta.deletion_timestamp = "2026-01-01T00:00:00Z"; },
       {"FixtureSet catalog", "Tenant acme"}},
      {"only its usage", [](api::Tenant& t) { t.status.usage.rows = 7; }, {}},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    api::Tenant tenant = Next(*world_.tenants.Get(KeyOf("acme")));

    each.change(tenant);
    router_.Seen(tenant, Origin::kOwnWrite);

    EXPECT_EQ(Woken(), each.woken);
  }
}

// Found by a history: a Tenant that was deleted while its status was written was never released.
TEST_F(RouterTest, WakesWhatOthersHaveEditedSinceWhenTheAnswerToAWriteTells) {
  Know(TenantOf("acme"));
  struct Case {
    const char* name;
    std::function<void(api::Tenant&)> change;
    bool wakes;
  };
  const Case cases[] = {
      {"its spec", [](api::Tenant& t) { ++t.meta.generation; }, true},
      {"a request", [](api::Tenant& t) { t.meta.annotations["tenantry.dev/requestedAt"] = "1"; },
       true},
      {"our own finalizer came", [](api::Tenant& t) { t.meta.finalizers = {"ours"}; }, false},
      {"it went", [](api::Tenant& t) { t.meta.finalizers.clear(); }, true},
      {"its status", [](api::Tenant& t) { t.status.usage.rows = 7; }, false},
      {"it is being deleted",
       [](api::Tenant& t) { t.meta.deletion_timestamp = "2026-01-01T00:00:00Z"; }, true},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    api::Tenant tenant = Next(*world_.tenants.Get(KeyOf("acme")));
    each.change(tenant);

    router_.Seen(tenant, Origin::kOwnWrite);
    router_.Seen(tenant, Origin::kWatch);  // says nothing new

    EXPECT_EQ(Woken(), each.wakes ? Words{"Tenant acme"} : Words());
  }
}

TEST_F(RouterTest, WakesTenantsWhenTheirFixturesAreInOrCome) {
  Know(TenantOf("acme"));
  Know(TenantOf("globex"));

  api::FixtureSet set = SetFor("catalog", "acme");
  router_.Seen(set, Origin::kWatch);
  EXPECT_EQ(Woken(), (Words{"FixtureSet catalog", "Tenant acme"}));

  set = Next(set);
  set.status.observed_generation = set.meta.generation;
  set.status.tenants = {{.name = "acme", .loaded_hash = "h"}};
  router_.Seen(set, Origin::kOwnWrite);
  EXPECT_EQ(Woken(), Words{"Tenant acme"});

  set = Next(set);
  set.status.progress = "100%";
  router_.Seen(set, Origin::kOwnWrite);
  EXPECT_EQ(Woken(), Words());

  set = Next(set);
  set.spec.tenant = "globex";
  router_.Seen(set, Origin::kWatch);
  EXPECT_EQ(Woken(), (Words{"FixtureSet catalog", "Tenant acme", "Tenant globex"}));
}

TEST_F(RouterTest, WakesWhoWaitsForAnAgent) {
  Know(StoreOf("main"));
  Know(TenantOf("waiting"));
  api::Tenant ready = TenantOf("ready");
  MakeReady(&ready.status.conditions);
  Know(ready);

  AgentPod pod = PodOf("main-0");
  pod.ready = false;
  router_.Seen(pod, Origin::kWatch);
  EXPECT_EQ(Woken(), Words{"DataStore main"});

  pod = Next(pod);
  pod.ready = true;
  router_.Seen(pod, Origin::kWatch);
  EXPECT_EQ(Woken(), (Words{"DataStore main", "Tenant waiting"}));

  pod = Next(pod);
  pod.meta.annotations["touched"] = "yes";
  router_.Seen(pod, Origin::kWatch);
  EXPECT_EQ(Woken(), Words{"DataStore main"}) << "it was ready before";

  router_.AgentGone(KeyOf("main-0"));
  EXPECT_EQ(Woken(), Words{"DataStore main"});
  router_.AgentGone(KeyOf("main-0"));
  EXPECT_EQ(Woken(), Words());
}

TEST_F(RouterTest, IgnoresAgentsThatServeNobody) {
  AgentPod pod = PodOf("main-0");
  pod.meta.labels.clear();

  router_.Seen(pod, Origin::kWatch);

  EXPECT_EQ(Woken(), Words());
}

TEST_F(RouterTest, WakesWhoRefersToASecretOrConfigMap) {
  api::DataStore store = StoreOf("main");
  store.spec.postgres.ca_secret = "main-ca";
  store.spec.redis = api::RedisEndpoint{.host = "redis.db", .admin_secret = "main-redis"};
  Know(store);
  api::Tenant tenant = TenantOf("acme");
  tenant.spec.schema.config_map = "tables";
  Know(tenant);
  api::FixtureSet set = SetFor("catalog", "acme");
  set.spec.datasets.resize(1);
  set.spec.datasets.front().source.config_map = "files";
  Know(set);
  const Words store_and_its_tenants{"DataStore main", "Tenant acme"};
  struct Case {
    Reference reference;
    const char* name;
    const char* ns;
    Words woken;
  };
  const Case cases[] = {
      {Reference::kSecret, "main-admin", "platform", store_and_its_tenants},
      {Reference::kSecret, "main-ca", "platform", store_and_its_tenants},
      {Reference::kSecret, "main-redis", "platform", store_and_its_tenants},
      {Reference::kSecret, "main-admin", "elsewhere", {}},
      {Reference::kSecret, "tables", "platform", {}},
      {Reference::kConfigMap, "tables", "platform", {"Tenant acme"}},
      {Reference::kConfigMap, "files", "platform", {"FixtureSet catalog"}},
      {Reference::kConfigMap, "files", "elsewhere", {}},
      {Reference::kConfigMap, "main-admin", "platform", {}},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(std::string(each.ns) + "/" + each.name);

    router_.ReferenceChanged(each.reference, KeyOf(each.name, each.ns), {}, Origin::kWatch);

    EXPECT_EQ(Woken(), each.woken);
  }
}

TEST_F(RouterTest, WakesATenantWhenSomebodyElseChangesItsObjects) {
  Know(TenantOf("acme"));
  const api::ObjectKey binding = KeyOf("acme-connection");

  router_.ReferenceChanged(Reference::kSecret, binding, api::Name("acme"), Origin::kInitialList);
  EXPECT_EQ(Woken(), Words()) << "the Tenant itself is listed, too";

  router_.ReferenceChanged(Reference::kSecret, binding, api::Name("acme"), Origin::kWatch);
  EXPECT_EQ(Woken(), Words{"Tenant acme"});
}

TEST_F(RouterTest, TellsTheOtherClaimantsWhenATenantIsProvisioned) {
  Know(TenantOf("acme"));
  api::Tenant rival = TenantOf("copy");
  rival.spec.tenant_id = api::TenantId("acme");
  Know(rival);
  api::Tenant provisioned = Next(TenantOf("acme"));
  provisioned.status.provisioned_hash = "h";

  router_.Seen(provisioned, Origin::kOwnWrite);

  EXPECT_EQ(Woken(), Words{"Tenant copy"});
}

TEST_F(RouterTest, KeepsOnlyItsOwnAnnotations) {
  api::Tenant tenant = TenantOf("acme");
  tenant.meta.annotations = {{"kubectl.kubernetes.io/last-applied-configuration", "{}"},
                             {api::kAdoptAnnotation, "true"}};
  Know(tenant);

  EXPECT_EQ(world_.tenants.Get(KeyOf("acme"))->meta.annotations,
            (std::map<std::string, std::string>{{api::kAdoptAnnotation, "true"}}));
}

TEST_F(RouterTest, WakesEverybodyForAResync) {
  Know(StoreOf("main"));
  Know(TenantOf("acme"));
  Know(SetFor("catalog", "acme"));

  router_.WakeAll();

  EXPECT_EQ(Woken(), (Words{"DataStore main", "Tenant acme", "FixtureSet catalog"}));
}

}  // namespace
}  // namespace tenantry::reconcile
