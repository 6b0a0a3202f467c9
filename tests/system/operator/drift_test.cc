// What somebody changes behind the operator's back is found and put right.

#include <gtest/gtest.h>

#include "tests/system/harness/harness.h"

namespace tenantry::testing {
namespace {

using std::chrono::seconds;

struct Damage {
  const char* name;
  const char* isolation;
  std::string sql;  // ${ID}: the tenant's ID
  bool loses_data;
};

std::string Named(const ::testing::TestParamInfo<Damage>& info) { return info.param.name; }

class Drift : public ::testing::TestWithParam<Damage> {};

INSTANTIATE_TEST_SUITE_P(
    Each, Drift,
    ::testing::Values(
        Damage{"MissingSchema", "Schema", "DROP SCHEMA tenant_${ID} CASCADE", true},
        Damage{
            "RevokedGrant", "Schema",
            "SET ROLE tenant_${ID}_owner; REVOKE ALL ON tenant_${ID}.artists FROM tenant_${ID}_app",
            false},
        Damage{"ClosedLogin", "Schema", "ALTER ROLE tenant_${ID}_app NOLOGIN", false},
        Damage{"AnotherPassword", "Schema", "ALTER ROLE tenant_${ID}_app PASSWORD 'changed'",
               false},
        Damage{"DroppedRole", "Schema",
               "GRANT tenant_${ID}_reader TO CURRENT_USER; DROP OWNED BY tenant_${ID}_reader; DROP "
               "ROLE "
               "tenant_${ID}_reader",
               false},
        Damage{"DisabledRowSecurity", "RowLevel",
               "SET ROLE shared_music_owner; ALTER TABLE shared_music.artists DISABLE ROW LEVEL "
               "SECURITY",
               false},
        Damage{
            "MissingPolicies", "RowLevel",
            "SET ROLE shared_music_owner; DO $$ DECLARE p record; BEGIN FOR p IN SELECT policyname "
            "FROM pg_policies WHERE schemaname = 'shared_music' AND tablename = 'artists' LOOP "
            "EXECUTE format('DROP POLICY %I ON shared_music.artists', p.policyname); END LOOP; "
            "END $$",
            false}),
    Named);

std::string WithId(std::string sql, const std::string& id) {
  for (std::size_t at = sql.find("${ID}"); at != std::string::npos; at = sql.find("${ID}")) {
    sql.replace(at, 5, id);
  }
  return sql;
}

TEST_P(Drift, IsFoundNamedAndPutRight) {
  const Damage& damage = GetParam();
  const TenantTest test("drift");
  test.Apply(test.TenantYaml("acme", damage.isolation, "  schema: {template: Music}\n"));
  ASSERT_TRUE(test.BecomesReady("tenant", "acme"));
  ASSERT_TRUE(
      test.QueryAsTenant("acme", "INSERT INTO artists (artist_id, name) VALUES ('a', 'Alex')")
          .ok());

  const auto damaged = TenantTest::QueryAsAdmin(WithId(damage.sql, test.Unique("acme")));
  ASSERT_TRUE(damaged.ok()) << damaged.error;

  const bool corrected = WaitUntil(
      seconds(60),
      [&] {
        for (const Json& event : test.Events("Tenant", "acme")) {
          if (event["reason"] == "DriftCorrected") {
            return true;
          }
        }
        return false;
      },
      std::chrono::milliseconds(200));
  ASSERT_TRUE(corrected) << test.Get("tenant", "acme").dump(2);
  ASSERT_TRUE(test.BecomesReady("tenant", "acme"));
  EXPECT_EQ(test.Condition("tenant", "acme", "DriftFree").status, "True");
  const auto rows = test.QueryAsTenant("acme", "SELECT count(*) FROM artists");
  ASSERT_TRUE(rows.ok()) << rows.error;
  EXPECT_EQ(rows.first(), damage.loses_data ? "0" : "1");
  EXPECT_NE(
      Programs::Instance().OperatorMetrics().find("tenantry_drift_detected_total{kind=\"Tenant\"}"),
      std::string::npos);
}

TEST(DriftOfKubernetesObjects, IsPutRightAtOnce) {
  const TenantTest test("secrets");
  test.Apply(test.TenantYaml("acme", "Schema", "  schema: {template: Music}\n"));
  ASSERT_TRUE(test.BecomesReady("tenant", "acme"));

  ASSERT_TRUE(test.Kubectl({"delete", "secret", "acme-connection"}));
  ASSERT_TRUE(test.Kubectl({"delete", "configmap", "acme-config"}));
  EXPECT_TRUE(WaitUntil(seconds(30), [&] {
    return test.QueryAsTenant("acme", "SELECT 1").ok() &&
           test.Get("configmap", "acme-config").is_object();
  }));

  ASSERT_TRUE(test.Kubectl({"patch", "secret", "acme-connection", "--type=merge", "--patch",
                            R"({"stringData":{"host":"elsewhere"}})"}));
  EXPECT_TRUE(WaitUntil(seconds(30), [&] { return test.QueryAsTenant("acme", "SELECT 1").ok(); }));
  EXPECT_TRUE(test.BecomesReady("tenant", "acme"));
}

TEST(Fixtures, AreLoadedAgainWhenTheTenantsStorageWasMadeAnew) {
  const TenantTest test("reload");
  test.Apply(test.TenantYaml("acme", "Schema", "  schema: {template: Music}\n"));
  test.Apply(R"(apiVersion: tenantry.dev/v1alpha1
kind: FixtureSet
metadata: {name: artists}
spec:
  tenantRef: {name: acme}
  datasets:
    - name: artists
      target: {table: artists}
      source: {inline: '[{"artist_id": "a1", "name": "Alex"}]'}
)");
  ASSERT_TRUE(test.BecomesReady("fixtureset", "artists"));
  const std::string drop = "DROP SCHEMA tenant_" + test.Unique("acme") + " CASCADE";
  ASSERT_TRUE(TenantTest::QueryAsAdmin(drop).ok());
  EXPECT_TRUE(WaitUntil(seconds(60), [&] {
    return test.QueryAsTenant("acme", "SELECT count(*) FROM artists").first() == "1";
  }));
  EXPECT_TRUE(test.BecomesReady("fixtureset", "artists"));
}

}  // namespace
}  // namespace tenantry::testing
