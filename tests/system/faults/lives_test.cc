// Names, IDs and files that change hands while something works with them.

#include <atomic>
#include <memory>

#include "tests/system/faults/faults.h"

namespace tenantry::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr char kFromConfigMap[] = R"(apiVersion: tenantry.dev/v1alpha1
kind: FixtureSet
metadata: {name: artists}
spec:
  tenantRef: {name: acme}
  datasets:
    - name: artists
      target: {table: artists}
      source: {configMapRef: {name: files, key: artists.json}}
)";

class Lives : public Faults {
 protected:
  // Loads into the tenant's artists wait until this session ends its transaction.
  SqlSession HoldArtists() {
    SqlSession lock = Acme::SqlAsAdmin();
    const std::string tenant = "tenant_" + acme_.Unique("acme");
    const Answer locked = lock.Run("BEGIN; SET LOCAL ROLE " + tenant + "_owner; LOCK TABLE " +
                                   tenant + ".artists IN EXCLUSIVE MODE");
    EXPECT_TRUE(locked.ok()) << locked.error;
    return lock;
  }
  bool ALoadWaits() {
    const std::string waiting =
        "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND "
        "usename LIKE 'tenant\\_" +
        acme_.Unique("acme") + "\\_%'";
    return WaitUntil(seconds(30), [&] { return Acme::QueryAsAdmin(waiting).first() != "0"; });
  }
  std::string TenantYaml(const std::string& name) {
    return "apiVersion: tenantry.dev/v1alpha1\nkind: Tenant\nmetadata: {name: " + name +
           "}\nspec:\n  tenantID: " + acme_.Unique("shared") +
           "\n  dataStoreRef: {name: main}\n  isolation: Schema\n  schema: {template: Music}\n" +
           "  deletionPolicy: Delete\n";
  }
};

TEST_F(Lives, OfATenantDeletedDuringALoadAndMadeAnewAtOnceDoNotMix) {
  acme_.BeginTenant();
  ASSERT_TRUE(acme_.BecomesReady("tenant", "acme"));
  ASSERT_TRUE(
      acme_.QueryAsTenant("acme", "INSERT INTO artists (artist_id, name) VALUES ('old', 'Old')")
          .ok());
  const std::string old = acme_.Get("tenant", "acme")["metadata"]["uid"];
  SqlSession lock = HoldArtists();
  acme_.BeginFixtures();
  ASSERT_TRUE(ALoadWaits());

  FaultClock clock("Tenant deleted during a load, made anew at once");
  ASSERT_TRUE(acme_.Kubectl({"delete", "tenant", "acme", "--wait=false"}));
  acme_.ExpectUnready("tenant", "acme", "FinalizerBlocked", Acme::Shape::kRetrying,
                      {"FixtureSet artists is loading"});
  clock.Note("FinalizerBlocked, names the FixtureSet");
  ASSERT_TRUE(lock.Run("COMMIT").ok());
  ASSERT_TRUE(WaitUntil(
      seconds(60), [&] { return acme_.Get("tenant", "acme").is_null(); }, milliseconds(1)));
  acme_.BeginTenant();
  clock.Note("gone once the load had ended");
  acme_.BecomeWhole();  // two rows: nothing of the old one
  clock.Note("the new one Ready and loaded");
  const Json tenant = acme_.Get("tenant", "acme");
  EXPECT_NE(tenant["metadata"]["uid"], old);
  EXPECT_EQ(acme_.Get("secret", "acme-connection")["metadata"]["ownerReferences"][0]["uid"],
            tenant["metadata"]["uid"]);
  acme_.ExpectRemovable();
}

// Found by a history: storage was made for a Tenant that had gone.
TEST_F(Lives, OfATenantDeletedBeforeItsFinalizerIsWrittenLeaveNothing) {
  auto deleted = std::make_shared<std::atomic<bool>>(false);
  const auto delete_first = [deleted, this](const HttpProxy::Write& /*write*/,
                                            HttpProxy::Moment now) {
    if (now == HttpProxy::Moment::kBefore && !deleted->exchange(true)) {
      EXPECT_TRUE(acme_.Kubectl({"delete", "tenant", "acme", "--wait=false"}));
    }
    return HttpProxy::Then::kGoOn;
  };
  proxies_.api().OnWrite(delete_first, "/" + acme_.ns() + "/tenants/acme");
  acme_.BeginTenant();
  ASSERT_TRUE(WaitUntil(seconds(30), [&] { return deleted->load(); }));
  ASSERT_TRUE(acme_.Disappears("tenant", "acme"));
  proxies_.api().OnWrite({});

  // Another one finds nothing that belongs to the first.
  acme_.Begin();
  acme_.BecomeWhole();
  acme_.ExpectRemovable();
}

TEST_F(Lives, OfAFixtureSetDeletedDuringItsLoadAndMadeAnewAtOnceDoNotMix) {
  acme_.BeginTenant();
  ASSERT_TRUE(acme_.BecomesReady("tenant", "acme"));
  acme_.MakeConfigMap("files", {{"artists.json", R"([{"artist_id":"a0","name":"Old"}])"}});
  SqlSession lock = HoldArtists();
  acme_.Apply(kFromConfigMap);
  ASSERT_TRUE(ALoadWaits());
  const std::string old = acme_.Get("fixtureset", "artists")["metadata"]["uid"];
  // With the rows that it has loaded.
  ASSERT_TRUE(acme_.Kubectl({"patch", "fixtureset", "artists", "--type=merge", "--patch",
                             R"({"spec":{"deletionPolicy":"Unload"}})"}));

  FaultClock clock("FixtureSet deleted during its load, made anew at once");
  ASSERT_TRUE(acme_.Kubectl({"delete", "fixtureset", "artists", "--wait=false"}));
  ASSERT_TRUE(lock.Run("COMMIT").ok());
  ASSERT_TRUE(WaitUntil(
      seconds(60), [&] { return acme_.Get("fixtureset", "artists").is_null(); }, milliseconds(1)));
  clock.Note("gone");
  acme_.BeginFixtures();
  acme_.BecomeWhole();  // two rows: nothing of the old one
  clock.Note("the new one Ready");
  EXPECT_NE(acme_.Get("fixtureset", "artists")["metadata"]["uid"], old);
  acme_.ExpectRemovable();
}

TEST_F(Lives, OfANamespaceEndWithAllThatIsInIt) {
  acme_.Begin();
  acme_.BecomeWhole();
  FaultClock clock("namespace deleted, its Secrets first");
  ASSERT_TRUE(testing::Kubectl({"delete", "namespace", acme_.ns(), "--wait=false"}));
  // What the namespace controller does, in the worst order.
  ASSERT_TRUE(acme_.Kubectl({"delete", "--all", "--wait=false", "secrets,configmaps"}));
  ASSERT_TRUE(acme_.Kubectl({"delete", "--all", "--wait=false", "datastores,tenants,fixturesets"}));
  acme_.ExpectUnready("tenant", "acme", "FinalizerBlocked", Acme::Shape::kRetrying,
                      {"Secret", "main-admin", "tenantry.dev/force-finalize=true"});
  clock.Note("Tenant FinalizerBlocked, names the Secret and force-finalize");
  acme_.Annotate("tenant/acme", "tenantry.dev/force-finalize=true");
  EXPECT_TRUE(acme_.Disappears("fixtureset", "artists"));
  EXPECT_TRUE(acme_.Disappears("tenant", "acme"));
  EXPECT_TRUE(acme_.Disappears("datastore", "main"));
  clock.Note("all gone once forced");
}

TEST_F(Lives, OfANamespaceEndWithoutAHumanWhileItsSecretsAreThere) {
  acme_.Begin();
  acme_.BecomeWhole();
  FaultClock clock("namespace deleted, its Secrets last");
  ASSERT_TRUE(testing::Kubectl({"delete", "namespace", acme_.ns(), "--wait=false"}));
  ASSERT_TRUE(acme_.Kubectl({"delete", "--all", "--wait=false", "datastores,tenants,fixturesets"}));
  for (const auto& [kind, name] : {std::pair{"fixtureset", "artists"}, std::pair{"tenant", "acme"},
                                   std::pair{"datastore", "main"}}) {
    EXPECT_TRUE(acme_.Disappears(kind, name));
  }
  clock.Note("all gone");
  EXPECT_EQ(Acme::QueryAsAdmin("SELECT count(*) FROM pg_roles WHERE rolname LIKE 'tenant\\_" +
                               acme_.Unique("acme") + "%'")
                .first(),
            "0");
}

TEST_F(Lives, OfTwoTenantsWithOneIdDoNotMixInEitherOrder) {
  for (const auto& [first, second] : {std::pair{"one", "two"}, std::pair{"two", "one"}}) {
    acme_.Apply(TenantYaml(first));
    ASSERT_TRUE(acme_.BecomesReady("tenant", first));
    FaultClock clock("two Tenants for one tenantID, first " + std::string(first));
    acme_.Apply(TenantYaml(second));
    acme_.ExpectUnready("tenant", second, "OwnershipConflict", Acme::Shape::kStalled,
                        {acme_.Unique("shared"), acme_.ns() + "/" + first, "spec.tenantID"});
    clock.Note("the second: OwnershipConflict, Stalled");
    EXPECT_EQ(acme_.Condition("tenant", first, "Ready").status, "True");
    ASSERT_TRUE(acme_.Kubectl({"delete", "tenant", first, "--wait=false"}));
    ASSERT_TRUE(acme_.Disappears("tenant", first));
    ASSERT_TRUE(acme_.BecomesReady("tenant", second));
    clock.Note("the first deleted: the second Ready");
    EXPECT_EQ(acme_.QueryAsTenant(second, "SELECT count(*) FROM artists").first(), "0");
    ASSERT_TRUE(acme_.Kubectl({"delete", "tenant", second, "--wait=false"}));
    ASSERT_TRUE(acme_.Disappears("tenant", second));
  }
}

// Made in the same second, they have an order that neither knows before it has seen the other.
TEST_F(Lives, OfTwoTenantsWithOneIdMadeAtOnceGiveItToOneOfThem) {
  const auto count = [&](const std::string& status, const std::string& reason) {
    int found = 0;
    for (const char* name : {"one", "two"}) {
      const auto ready = acme_.Condition("tenant", name, "Ready");
      found += ready.status == status && ready.reason == reason ? 1 : 0;
    }
    return found;
  };
  for (int round = 0; round < 4; ++round) {
    FaultClock clock("two Tenants for one tenantID at once");
    acme_.Apply(TenantYaml("one") + "---\n" + TenantYaml("two"));
    ASSERT_TRUE(WaitUntil(seconds(30),
                          [&] {
                            return count("True", "Succeeded") == 1 &&
                                   count("False", "OwnershipConflict") == 1;
                          }))
        << acme_.Get("tenant", "one").dump(2) << acme_.Get("tenant", "two").dump(2);
    clock.Note("one Ready, the other OwnershipConflict");
    ASSERT_TRUE(acme_.Kubectl({"delete", "--wait=false", "tenant/one", "tenant/two"}));
    ASSERT_TRUE(acme_.Disappears("tenant", "one"));
    ASSERT_TRUE(acme_.Disappears("tenant", "two"));
  }
}

TEST_F(Lives, OfAFileThatChangesDuringItsLoadEndWithTheNewContent) {
  acme_.BeginTenant();
  ASSERT_TRUE(acme_.BecomesReady("tenant", "acme"));
  acme_.MakeConfigMap("files", {{"artists.json", R"([{"artist_id":"a1","name":"Old"}])"}});
  SqlSession lock = HoldArtists();
  acme_.Apply(kFromConfigMap);
  ASSERT_TRUE(ALoadWaits());
  FaultClock clock("ConfigMap of a FixtureSet changed during its load");
  acme_.MakeConfigMap("files", {{"artists.json", R"([{"artist_id":"a1","name":"New"},)"
                                                 R"({"artist_id":"a2","name":"Bo"}])"}});
  // While the old content waits, nobody may say that the new one is there.
  const double before = Programs::Instance().Passes("fixtureset");
  ASSERT_TRUE(
      WaitUntil(seconds(20), [&] { return Programs::Instance().Passes("fixtureset") > before; }));
  EXPECT_NE(acme_.Condition("fixtureset", "artists", "Ready").status, "True");
  clock.Note("not Ready while the old content loads");
  ASSERT_TRUE(lock.Run("COMMIT").ok());
  EXPECT_TRUE(WaitUntil(seconds(30), [&] {
    return acme_.Condition("fixtureset", "artists", "Ready").status == "True";
  }));
  // Ready is said of the new content only.
  EXPECT_EQ(acme_.QueryAsTenant("acme", "SELECT name FROM artists WHERE artist_id = 'a1'").first(),
            "New");
  clock.Note("Ready with the new content");
  acme_.BecomeWhole();
  acme_.ExpectRemovable();
}

}  // namespace
}  // namespace tenantry::testing
