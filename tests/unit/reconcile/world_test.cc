#include "operator/reconcile/world.h"

#include <gtest/gtest.h>

#include "tests/unit/reconcile/builders.h"

namespace tenantry::reconcile {
namespace {

using Keys = std::vector<api::ObjectKey>;

void Put(World* world, api::Tenant tenant) {
  world->tenant_index.Update(world->tenants.Upsert(std::move(tenant)));
}

TEST(StoreKey, IsInTheTenantsNamespaceUnlessItNamesAnother) {
  api::Tenant tenant = TenantOf("acme");
  EXPECT_EQ(StoreKey(tenant), KeyOf("main"));

  tenant.spec.data_store_namespace = api::Namespace("shared");
  EXPECT_EQ(StoreKey(tenant), KeyOf("main", "shared"));
}

TEST(TenantIndex, FollowsTenantsThroughTheirLife) {
  World world;
  Put(&world, TenantOf("acme"));
  Put(&world, TenantOf("globex"));
  Put(&world, TenantOf("initech", "other"));
  EXPECT_EQ(world.tenant_index.OfStore(KeyOf("main")), (Keys{KeyOf("acme"), KeyOf("globex")}));
  EXPECT_EQ(world.tenant_index.CountOfStore(KeyOf("main")), 2);

  Put(&world, Next(TenantOf("globex", "other")));
  EXPECT_EQ(world.tenant_index.OfStore(KeyOf("main")), Keys{KeyOf("acme")});
  EXPECT_EQ(world.tenant_index.CountOfStore(KeyOf("other")), 2);

  world.tenant_index.Update(world.tenants.Remove(KeyOf("acme")));
  EXPECT_TRUE(world.tenant_index.OfStore(KeyOf("main")).empty());
  EXPECT_EQ(world.tenant_index.CountOfStore(KeyOf("main")), 0);
  EXPECT_TRUE(world.tenant_index.Claimants(KeyOf("main"), api::TenantId("acme")).empty());
}

TEST(TenantIndex, KnowsWhoClaimsAnId) {
  World world;
  api::Tenant second = TenantOf("acme-copy");
  second.spec.tenant_id = api::TenantId("acme");
  api::Tenant elsewhere = TenantOf("acme-elsewhere", "other");
  elsewhere.spec.tenant_id = api::TenantId("acme");
  for (const api::Tenant& tenant : {TenantOf("acme"), second, elsewhere}) {
    Put(&world, tenant);
  }

  EXPECT_EQ(world.tenant_index.Claimants(KeyOf("main"), api::TenantId("acme")),
            (Keys{KeyOf("acme"), KeyOf("acme-copy")}));
}

TEST(SetsOf, FollowsFixtureSetsThroughTheirLife) {
  World world;
  const auto put = [&](api::FixtureSet set) {
    world.fixture_index.Update(world.fixture_sets.Upsert(std::move(set)));
  };
  const auto names = [&](const api::ObjectMeta& tenant) {
    std::set<std::string> found;
    for (const auto& set : SetsOf(world, tenant)) {
      found.insert(set->meta.name.value());
    }
    return found;
  };
  using Names = std::set<std::string>;
  api::ObjectMeta acme = MetaOf("acme");
  acme.labels = {{"plan", "gold"}};
  put(SetFor("named", "acme"));
  put(SetFor("others", "globex"));
  api::FixtureSet selecting{.meta = MetaOf("selecting")};
  selecting.spec.tenant_labels = std::map<std::string, std::string>{{"plan", "gold"}};
  put(selecting);
  EXPECT_EQ(names(acme), (Names{"named", "selecting"}));
  EXPECT_EQ(names(MetaOf("acme")), Names{"named"}) << "without the label";
  EXPECT_EQ(names(MetaOf("acme", "elsewhere")), Names());

  put(Next(SetFor("named", "globex")));
  EXPECT_EQ(names(acme), Names{"selecting"});
  EXPECT_EQ(names(MetaOf("globex")), (Names{"named", "others"}));

  world.fixture_index.Update(world.fixture_sets.Remove(KeyOf("selecting")));
  EXPECT_EQ(names(acme), Names());
}

TEST(TenantsOf, AreTheNamedOneOrThoseWithTheLabels) {
  World world;
  api::Tenant gold = TenantOf("gold");
  gold.meta.labels = {{"plan", "gold"}};
  world.tenants.Upsert(gold);
  world.tenants.Upsert(TenantOf("acme"));
  api::FixtureSet selecting{.meta = MetaOf("selecting")};
  selecting.spec.tenant_labels = std::map<std::string, std::string>{{"plan", "gold"}};

  ASSERT_EQ(TenantsOf(world, selecting).size(), 1U);
  EXPECT_EQ(TenantsOf(world, selecting).front()->meta.name, api::Name("gold"));
  ASSERT_EQ(TenantsOf(world, SetFor("named", "acme")).size(), 1U);
  EXPECT_TRUE(TenantsOf(world, SetFor("named", "nobody")).empty());
}

TEST(RivalOf, IsWhoeverClaimedTheIdFirst) {
  struct Case {
    const char* name;
    void (*change)(api::Tenant& acme, api::Tenant& copy);
    bool acme_loses;
    bool copy_loses;
  };
  const Case cases[] = {
      {"the older one has it",
       [](api::Tenant&, api::Tenant& copy) {
         copy.meta.creation_timestamp = "2026-02-01T00:00:00Z";
       },
       false, true},
      {"the provisioned one keeps it, however young",
       [](api::Tenant&, api::Tenant& copy) {
         copy.meta.creation_timestamp = "2026-02-01T00:00:00Z";
         copy.status.provisioned_hash = "h";
       },
       true, false},
      {"of the same second neither: the database decides", [](api::Tenant&, api::Tenant&) {}, false,
       false},
      {"another ID",
       [](api::Tenant&, api::Tenant& copy) { copy.spec.tenant_id = api::TenantId("globex"); },
       false, false},
      {"another store",
       [](api::Tenant&, api::Tenant& copy) { copy.spec.data_store = api::Name("b"); }, false,
       false},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    api::Tenant acme = TenantOf("acme");
    api::Tenant copy = TenantOf("copy");
    copy.spec.tenant_id = api::TenantId("acme");
    each.change(acme, copy);
    World world;
    Put(&world, acme);
    Put(&world, copy);

    EXPECT_EQ(RivalOf(world, acme), each.acme_loses ? std::optional(KeyOf("copy")) : std::nullopt);
    EXPECT_EQ(RivalOf(world, copy), each.copy_loses ? std::optional(KeyOf("acme")) : std::nullopt);
  }
}

TEST(RivalOf, IsGoneWithItsTenant) {
  World world;
  api::Tenant copy = TenantOf("copy");
  copy.spec.tenant_id = api::TenantId("acme");
  copy.meta.creation_timestamp = "2026-02-01T00:00:00Z";
  Put(&world, TenantOf("acme"));
  Put(&world, copy);
  ASSERT_TRUE(RivalOf(world, copy));

  world.tenant_index.Update(world.tenants.Remove(KeyOf("acme")));

  EXPECT_EQ(RivalOf(world, copy), std::nullopt);
}

TEST(AgentsOf, AreEndpointsAndPodsThatServeTheStore) {
  World world;
  api::DataStore store = StoreOf("main");
  store.spec.agent_endpoints = {"https://agents.example:9443", "agents.example:9444"};
  AgentPod sidecar = PodOf("acme-app");
  sidecar.meta.labels[api::kTenantLabel] = "acme";
  sidecar.ip = "fd00::7";
  world.agents.Upsert(sidecar);
  world.agents.Upsert(PodOf("main-0"));

  const std::vector<plan::AgentCandidate> expected = {
      {"agents.example:9443", "https://agents.example:9443", ""},
      {"agents.example:9444", "agents.example:9444", ""},
      {"acme-app", "https://[fd00::7]:8443", "acme"},
      {"main-0", "https://10.0.0.1:8443", ""}};
  EXPECT_EQ(AgentsOf(world, store), expected);
}

TEST(AgentsOf, LeavesOutPodsThatCannotServeIt) {
  struct Case {
    const char* name;
    void (*change)(AgentPod& pod);
  };
  const Case cases[] = {
      {"not ready", [](AgentPod& pod) { pod.ready = false; }},
      {"no address", [](AgentPod& pod) { pod.ip.clear(); }},
      {"going", [](AgentPod& pod) { pod.meta.deletion_timestamp = "2026-01-01T00:00:00Z"; }},
      {"of another store", [](AgentPod& pod) { pod.meta.labels[api::kAgentLabel] = "other"; }},
      {"without the label", [](AgentPod& pod) { pod.meta.labels.clear(); }},
      {"in another namespace", [](AgentPod& pod) { pod.meta.ns = api::Namespace("team"); }},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    AgentPod pod = PodOf("main-0");
    each.change(pod);
    World world;
    world.agents.Upsert(pod);

    EXPECT_TRUE(AgentsOf(world, StoreOf("main")).empty());
  }
}

}  // namespace
}  // namespace tenantry::reconcile
