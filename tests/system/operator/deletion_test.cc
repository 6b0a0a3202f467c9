// A Tenant goes only when nothing works in it any more.

#include <gtest/gtest.h>

#include "tests/system/harness/harness.h"

namespace tenantry::testing {
namespace {

using std::chrono::seconds;

constexpr char kArtists[] = R"(apiVersion: tenantry.dev/v1alpha1
kind: FixtureSet
metadata: {name: catalogue}
spec:
  tenantRef: {name: acme}
  datasets:
    - name: artists
      target: {table: artists}
      source: {inline: '[{"artist_id": "a1", "name": "Alex"}]'}
)";

// What is left of the tenant in PostgreSQL.
Answer Remains(const std::string& id) {
  return TenantTest::QueryAsAdmin("SELECT rolname FROM pg_roles WHERE rolname LIKE 'tenant\\_" +
                                  id +
                                  "\\_%' UNION ALL SELECT nspname FROM pg_namespace WHERE "
                                  "nspname = 'tenant_" +
                                  id + "'");
}

TEST(Tenant, IsNotDeletedWhileAFixtureSetLoadsAndGoesOnceThatHasEnded) {
  const TenantTest test("loading");
  test.Apply(
      test.TenantYaml("acme", "Schema", "  schema: {template: Music}\n  deletionPolicy: Delete\n"));
  ASSERT_TRUE(test.BecomesReady("tenant", "acme"));
  const std::string id = test.Unique("acme");
  ASSERT_TRUE(
      test.QueryAsTenant("acme", "INSERT INTO artists (artist_id, name) VALUES ('own', 'Own')")
          .ok());

  // A load that lasts as long as we hold the lock that its INSERT needs.
  SqlSession lock = TenantTest::SqlAsAdmin();
  const Answer locked = lock.Run("BEGIN; SET LOCAL ROLE tenant_" + id +
                                 "_owner; LOCK TABLE tenant_" + id + ".artists IN EXCLUSIVE MODE");
  ASSERT_TRUE(locked.ok()) << locked.error;
  test.Apply(kArtists);
  const std::string waiting =
      "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND "
      "usename LIKE 'tenant\\_" +
      id + "\\_%'";
  ASSERT_TRUE(
      WaitUntil(seconds(30), [&] { return TenantTest::QueryAsAdmin(waiting).first() == "1"; }));

  ASSERT_TRUE(test.Kubectl({"delete", "tenant", "acme", "--wait=false"}));
  const std::string message = test.BecomesUnready("tenant", "acme", "FinalizerBlocked");
  EXPECT_NE(message.find("FixtureSet catalogue is loading"), std::string::npos) << message;
  const TenantTest::ConditionView terminating = test.Condition("tenant", "acme", "Terminating");
  EXPECT_EQ(terminating.status, "True");
  EXPECT_EQ(terminating.message, message);
  test.Judge();
  // It stays so: passes go by and neither the load nor the tenant is touched.
  for (const char* request : {"1", "2"}) {
    const double before = Programs::Instance().Passes("tenant");
    test.Annotate("tenant/acme", std::string("tenantry.dev/requestedAt=") + request);
    ASSERT_TRUE(
        WaitUntil(seconds(30), [&] { return Programs::Instance().Passes("tenant") > before; }));
  }
  EXPECT_EQ(test.Condition("tenant", "acme", "Terminating").reason, "FinalizerBlocked");
  EXPECT_EQ(TenantTest::QueryAsAdmin(waiting).first(), "1") << "the load goes on";
  EXPECT_EQ(test.QueryAsTenant("acme", "SELECT name FROM artists").first(), "Own");

  ASSERT_TRUE(lock.Run("COMMIT").ok());
  ASSERT_TRUE(test.Disappears("tenant", "acme"));
  const Answer remains = Remains(id);
  ASSERT_TRUE(remains.ok()) << remains.error;
  EXPECT_TRUE(remains.rows.empty()) << remains.first();
  EXPECT_TRUE(test.Get("secret", "acme-connection").is_null());
  EXPECT_TRUE(test.Get("secret", "acme-cache").is_null());
}

}  // namespace
}  // namespace tenantry::testing
