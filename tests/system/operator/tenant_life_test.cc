// The life of a tenant, from kubectl apply to its deletion.

#include <gtest/gtest.h>

#include <set>

#include "tests/system/harness/harness.h"

namespace tenantry::testing {
namespace {

using std::chrono::seconds;

constexpr char kMusic[] = "  schema: {template: Music}\n  tier: Enterprise\n";

std::string Artists(const std::string& name, const std::string& more = "") {
  return "apiVersion: tenantry.dev/v1alpha1\nkind: FixtureSet\nmetadata: {name: " + name + R"(}
spec:
  tenantRef: {name: acme}
  datasets:
    - name: artists
      target: {table: artists}
      source: {inline: '[{"artist_id": "a1", "name": "Alex"}, {"artist_id": "a2", "name": "Léonie"}]'}
)" + more;
}

class TenantLife : public ::testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(EachIsolation, TenantLife,
                         ::testing::Values("Schema", "Database", "RowLevel"));

TEST_P(TenantLife, GoesFromOneYamlToRowsThatItsOwnRoleReads) {
  const TenantTest test("life");
  test.Apply(test.TenantYaml("acme", GetParam(), kMusic));
  test.Apply(Artists("catalogue"));

  ASSERT_TRUE(test.BecomesReady("datastore", "main"));
  ASSERT_TRUE(test.BecomesReady("tenant", "acme"));
  ASSERT_TRUE(test.BecomesReady("fixtureset", "catalogue"));

  const auto rows = test.QueryAsTenant("acme", "SELECT name FROM artists ORDER BY artist_id");
  ASSERT_TRUE(rows.ok()) << rows.error;
  EXPECT_EQ(rows.rows, (std::vector<std::vector<std::string>>{{"Alex"}, {"Léonie"}}));
  const Json set = test.Get("fixtureset", "catalogue")["status"];
  EXPECT_EQ(set["tenantsReady"], "1/1");
  EXPECT_EQ(set["datasets"][0]["read"], 2);
  EXPECT_EQ(set["datasets"][0]["inserted"], 2);
  const Json tenant = test.Get("tenant", "acme")["status"];
  EXPECT_EQ(tenant["binding"]["name"], "acme-connection");
  EXPECT_EQ(tenant["schemaVersion"], "1");
  test.Judge();
}

TEST_P(TenantLife, KeepsTheDataUnderRetainAndTakesItBackOnlyWhenAdopted) {
  const TenantTest test("retain");
  test.Apply(test.TenantYaml("acme", GetParam(), kMusic));
  ASSERT_TRUE(test.BecomesReady("tenant", "acme"));
  const auto insert =
      test.QueryAsTenant("acme", "INSERT INTO artists (artist_id, name) VALUES ('kept', 'Kept')");
  ASSERT_TRUE(insert.ok()) << insert.error;
  const auto old_login = test.SecretData("acme-connection");

  ASSERT_TRUE(test.Kubectl({"delete", "tenant", "acme", "--wait=false"}));
  ASSERT_TRUE(test.Disappears("tenant", "acme"));
  EXPECT_TRUE(test.Get("secret", "acme-connection").is_null());
  test.Apply(test.TenantYaml("acme", GetParam(), kMusic));
  const std::string message = test.BecomesUnready("tenant", "acme", "AdoptionRequired");
  EXPECT_NE(message.find("tenantry.dev/adopt"), std::string::npos) << message;

  test.Annotate("tenant/acme", "tenantry.dev/adopt=true");
  ASSERT_TRUE(test.BecomesReady("tenant", "acme"));
  EXPECT_EQ(test.QueryAsTenant("acme", "SELECT name FROM artists").first(), "Kept");
  EXPECT_NE(test.SecretData("acme-connection").at("password"), old_login.at("password"));
}

TEST_P(TenantLife, RemovesExactlyItsOwnUnderDelete) {
  const TenantTest test("delete");
  test.Apply(
      test.TenantYaml("acme", GetParam(), std::string(kMusic) + "  deletionPolicy: Delete\n"));
  test.Apply(test.TenantYaml("other", GetParam(), kMusic));
  ASSERT_TRUE(test.BecomesReady("tenant", "acme"));
  ASSERT_TRUE(test.BecomesReady("tenant", "other"));
  for (const char* name : {"acme", "other"}) {
    ASSERT_TRUE(
        test.QueryAsTenant(name, "INSERT INTO artists (artist_id, name) VALUES ('a', 'b')").ok());
    const std::string prefix = test.Unique(name) + ":";
    ASSERT_TRUE(test.RedisAsTenant(name, {"SET", prefix + "k", "v"}).ok());
  }

  ASSERT_TRUE(test.Kubectl({"delete", "tenant", "acme", "--wait=false"}));
  ASSERT_TRUE(test.Disappears("tenant", "acme"));

  const std::string id = test.Unique("acme");
  const auto left =
      TenantTest::QueryAsAdmin("SELECT rolname FROM pg_roles WHERE rolname LIKE 'tenant\\_" + id +
                               "\\_%' UNION ALL "
                               "SELECT nspname FROM pg_namespace WHERE nspname = 'tenant_" +
                               id +
                               "' UNION ALL "
                               "SELECT datname FROM pg_database WHERE datname = 'tenant_" +
                               id +
                               "' UNION ALL "
                               "SELECT tenant_id FROM tenantry.tenants WHERE tenant_id = '" +
                               id + "'");
  ASSERT_TRUE(left.ok()) << left.error;
  EXPECT_TRUE(left.rows.empty()) << left.first();
  EXPECT_EQ(TenantTest::RedisAsAdmin({"EXISTS", id + ":k"}).first(), "0");
  EXPECT_EQ(test.QueryAsTenant("other", "SELECT count(*) FROM artists").first(), "1");
  EXPECT_EQ(test.RedisAsTenant("other", {"GET", test.Unique("other") + ":k"}).first(), "v");
  EXPECT_TRUE(test.Get("secret", "acme-connection").is_null());
  EXPECT_TRUE(test.Get("configmap", "acme-config").is_null());
}

TEST(Tenant, PublishesTheEffectiveConfiguration) {
  const TenantTest test("config");
  test.Apply(test.TenantYaml("acme", "Schema",
                             "  tier: Enterprise\n  config: {locale: fr-FR}\n"
                             "  limits: {connections: 3}\n  features: [my-feature]\n"));
  ASSERT_TRUE(test.BecomesReady("tenant", "acme"));
  const Json config =
      Json::parse(test.Get("configmap", "acme-config")["data"]["config.json"].get<std::string>());
  EXPECT_EQ(config["tier"], "Enterprise");
  EXPECT_EQ(config["config"]["locale"], "fr-FR");
  EXPECT_EQ(config["limits"]["connections"], 3);
  const auto features = config["features"].get<std::set<std::string>>();
  EXPECT_TRUE(features.contains("my-feature"));
  EXPECT_GT(features.size(), 1U) << "the tier's features are there, too";
  EXPECT_EQ(TenantTest::QueryAsAdmin("SELECT rolconnlimit FROM pg_roles WHERE rolname = 'tenant_" +
                                     test.Unique("acme") + "_app'")
                .first(),
            "3");
}

TEST(Tenant, LoadsFixturesOfASelectorIntoTenantsThatComeLater) {
  const TenantTest test("later");
  test.Apply(R"(apiVersion: tenantry.dev/v1alpha1
kind: FixtureSet
metadata: {name: everybody}
spec:
  tenantSelector: {matchLabels: {seed: "yes"}}
  datasets:
    - name: artists
      target: {table: artists}
      source: {inline: '[{"artist_id": "a1", "name": "Alex"}]'}
)");
  ASSERT_TRUE(test.BecomesReady("fixtureset", "everybody"));
  test.Apply(test.TenantYaml("first", "Schema", kMusic));
  ASSERT_TRUE(test.Kubectl({"label", "tenant", "first", "seed=yes"}));
  ASSERT_TRUE(test.BecomesReady("tenant", "first"));
  EXPECT_TRUE(WaitUntil(seconds(30), [&] {
    return test.Get("fixtureset", "everybody")["status"].value("tenantsReady", "") == "1/1";
  }));
  EXPECT_EQ(test.QueryAsTenant("first", "SELECT count(*) FROM artists").first(), "1");
  EXPECT_TRUE(WaitUntil(seconds(30), [&] {
    return test.Condition("tenant", "first", "FixturesLoaded").status == "True";
  }));
}

TEST(Tenant, LeavesTheSecondClaimantOfAnIdWithEmptyHands) {
  const TenantTest test("claim");
  test.Apply(test.TenantYaml("acme", "Schema", kMusic));
  ASSERT_TRUE(test.BecomesReady("tenant", "acme"));
  std::string second = test.TenantYaml("acme", "Schema", kMusic);
  second.replace(second.find("{name: acme}"), 12, "{name: thief}");
  test.Apply(second);
  const std::string message = test.BecomesUnready("tenant", "thief", "OwnershipConflict");
  EXPECT_NE(message.find("acme"), std::string::npos) << message;
  EXPECT_EQ(test.Condition("tenant", "thief", "Stalled").status, "True");
  EXPECT_TRUE(test.Get("secret", "thief-connection").is_null());
  ASSERT_TRUE(test.Kubectl({"delete", "tenant", "thief", "--wait=false"}));
  ASSERT_TRUE(test.Disappears("tenant", "thief"));
  EXPECT_TRUE(test.QueryAsTenant("acme", "SELECT count(*) FROM artists").ok());
}

TEST(Tenant, RotatesCredentialsWithoutAMomentInWhichNeitherWorks) {
  const TenantTest test("rotate");
  test.Apply(test.TenantYaml("acme", "Schema", kMusic));
  ASSERT_TRUE(test.BecomesReady("tenant", "acme"));
  const auto before = test.SecretData("acme-connection");

  test.Annotate("tenant/acme", "tenantry.dev/rotate-credentials=1");
  std::map<std::string, std::string> now = before;
  const bool rotated = WaitUntil(
      seconds(30),
      [&] {
        // Whatever the Secret says at this moment logs in.
        const auto answer = test.QueryAsTenant("acme", "SELECT count(*) FROM artists");
        EXPECT_TRUE(answer.ok()) << answer.error;
        now = test.SecretData("acme-connection");
        return now.at("password") != before.at("password");
      },
      std::chrono::milliseconds(10));
  ASSERT_TRUE(rotated);
  EXPECT_NE(now.at("username"), before.at("username"));
  const auto answer = test.QueryAsTenant("acme", "SELECT current_user");
  EXPECT_EQ(answer.first(), "tenant_" + test.Unique("acme") + "_app") << answer.error;
  EXPECT_TRUE(test.BecomesReady("tenant", "acme"));

  // Once the overlap is over the previous login is closed.
  const std::string login =
      "SELECT rolcanlogin FROM pg_roles WHERE rolname = '" + before.at("username") + "'";
  EXPECT_TRUE(
      WaitUntil(seconds(40), [&] { return TenantTest::QueryAsAdmin(login).first() == "f"; }));
  EXPECT_TRUE(test.QueryAsTenant("acme", "SELECT count(*) FROM artists").ok());
}

TEST(Tenant, StandsStillWhileSuspended) {
  const TenantTest test("suspend");
  test.Apply(test.TenantYaml("acme", "Schema", std::string(kMusic) + "  suspend: true\n"));
  ASSERT_NE(test.BecomesUnready("tenant", "acme", "Suspended"), "");
  EXPECT_EQ(test.Condition("tenant", "acme", "Suspended").status, "True");
  EXPECT_TRUE(test.Get("secret", "acme-connection").is_null());
  test.Judge();
  ASSERT_TRUE(test.Kubectl(
      {"patch", "tenant", "acme", "--type=merge", "--patch", R"({"spec":{"suspend":false}})"}));
  ASSERT_TRUE(test.BecomesReady("tenant", "acme"));
  ASSERT_TRUE(test.Kubectl(
      {"patch", "tenant", "acme", "--type=merge", "--patch", R"({"spec":{"suspend":true}})"}));
  ASSERT_TRUE(test.BecomesReady("tenant", "acme")) << "it is as it was asked for";
  EXPECT_EQ(test.Condition("tenant", "acme", "Ready").reason, "Suspended");
}

TEST(Tenant, LooksAgainWhenAskedTo) {
  const TenantTest test("requested");
  test.Apply(test.TenantYaml("acme", "Schema"));
  ASSERT_TRUE(test.BecomesReady("tenant", "acme"));
  test.Annotate("tenant/acme", "tenantry.dev/requestedAt=now");
  EXPECT_TRUE(WaitUntil(seconds(30), [&] {
    return test.Get("tenant", "acme")["status"].value("lastHandledReconcileAt", "") == "now";
  }));
}

TEST(DataStore, StaysAsLongAsTenantsLiveInIt) {
  const TenantTest test("held");
  test.Apply(test.TenantYaml("acme", "Schema"));
  ASSERT_TRUE(test.BecomesReady("tenant", "acme"));
  ASSERT_TRUE(test.Kubectl({"delete", "datastore", "main", "--wait=false"}));
  const std::string message = test.BecomesUnready("datastore", "main", "FinalizerBlocked");
  EXPECT_NE(message.find("1 Tenant "), std::string::npos) << message;
  ASSERT_TRUE(test.Kubectl({"delete", "tenant", "acme", "--wait=false"}));
  EXPECT_TRUE(test.Disappears("tenant", "acme"));
  EXPECT_TRUE(test.Disappears("datastore", "main"));
}

TEST(FixtureSet, RemovesExactlyItsRowsUnderUnload) {
  const TenantTest test("unload");
  test.Apply(test.TenantYaml("acme", "Schema", kMusic));
  test.Apply(Artists("catalogue", "  deletionPolicy: Unload\n"));
  ASSERT_TRUE(test.BecomesReady("fixtureset", "catalogue"));
  ASSERT_TRUE(
      test.QueryAsTenant("acme", "INSERT INTO artists (artist_id, name) VALUES ('mine', 'Mine')")
          .ok());
  ASSERT_TRUE(test.Kubectl({"delete", "fixtureset", "catalogue", "--wait=false"}));
  ASSERT_TRUE(test.Disappears("fixtureset", "catalogue"));
  EXPECT_EQ(test.QueryAsTenant("acme", "SELECT string_agg(artist_id, ',') FROM artists").first(),
            "mine");
}

}  // namespace
}  // namespace tenantry::testing
