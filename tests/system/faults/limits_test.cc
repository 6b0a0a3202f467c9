// PostgreSQL and Redis that run but take nothing: read-only, out of connections, ending sessions,
// full. Said in the status, and over as soon as it is over.

#include "tests/support/postgres_server.h"
#include "tests/system/faults/faults.h"

namespace tenantry::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr char kSessions[] = R"(apiVersion: tenantry.dev/v1alpha1
kind: FixtureSet
metadata: {name: sessions}
spec:
  tenantRef: {name: acme}
  deletionPolicy: Unload
  datasets:
    - name: sessions
      target: {redis: {key: "session:{session_id}", type: Hash}}
      source: {inline: '[{"session_id": "s1", "user": "u1"}]'}
)";

class Limits : public Faults {
 protected:
  void Admin(const std::string& sql) {
    const Answer answer = admin_.Run(sql);
    EXPECT_TRUE(answer.ok()) << sql << ": " << answer.error;
  }
  // Sessions that began before a setting keep what they had: all but ours end.
  void EndSessions() {
    Admin(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = current_user AND "
        "pid <> pg_backend_pid()");
  }

  const std::string database_ = Programs::Instance().cluster().postgres.database;
  SqlSession admin_ = Acme::SqlAsAdmin();
};

// A standby whose primary is gone, until it is promoted.
TEST_F(Limits, OfADatabaseThatIsReadOnlyAreNamedAndRetried) {
  auto standby = PostgresServer::Start();
  ASSERT_TRUE(standby) << standby.error().message;
  const auto restarted = (*standby)->RestartAsStandby();
  ASSERT_TRUE(restarted) << restarted.error().message;
  const api::PostgresAccess access = (*standby)->admin();
  acme_.MakeSecret("main-admin",
                   {{"username", access.user}, {"password", access.password.reveal()}});
  acme_.MakeSecret("main-ca", {{"ca.crt", access.ca_pem}});
  FaultClock clock("PostgreSQL read-only");
  acme_.Apply(
      "apiVersion: tenantry.dev/v1alpha1\nkind: DataStore\nmetadata: {name: main}\nspec:\n"
      "  postgres: {host: 127.0.0.1, port: " +
      std::to_string(access.port) +
      ", database: app, adminSecretRef: {name: main-admin}, caSecretRef: {name: main-ca}}\n"
      "  agents: {endpoints: [\"" +
      Programs::Instance().links().agent_endpoint + "\"]}\n");
  acme_.Begin();
  acme_.ExpectUnready("tenant", "acme", "DatabaseUnreachable", Acme::Shape::kRetrying,
                      {"read-only"});
  clock.Note("Tenant DatabaseUnreachable, retried");
  ASSERT_TRUE((*standby)->Promote());
  ASSERT_TRUE(acme_.BecomesReady("fixtureset", "artists"));
  ASSERT_TRUE(acme_.BecomesReady("tenant", "acme"));
  clock.Note("Ready once it is promoted");
  EXPECT_EQ(acme_.QueryAsTenant("acme", "SELECT count(*) FROM artists").first(), "2");
  ASSERT_TRUE(acme_.Kubectl({"delete", "--wait=false", "fixtureset/artists", "tenant/acme"}));
  EXPECT_TRUE(acme_.Disappears("fixtureset", "artists"));
  EXPECT_TRUE(acme_.Disappears("tenant", "acme"));
}

TEST_F(Limits, OfADatabaseWithoutConnectionsAreNamedAndRetried) {
  const AtEnd open([&] { Admin("ALTER DATABASE " + database_ + " CONNECTION LIMIT -1"); });
  Admin("ALTER DATABASE " + database_ + " CONNECTION LIMIT 0");
  EndSessions();
  FaultClock clock("PostgreSQL out of connections");
  acme_.Begin();
  acme_.ExpectUnready("tenant", "acme", "DatabaseUnreachable", Acme::Shape::kRetrying,
                      {"too many connections", database_});
  clock.Note("Tenant DatabaseUnreachable, retried");
  Admin("ALTER DATABASE " + database_ + " CONNECTION LIMIT -1");
  acme_.BecomeWhole();
  clock.Note("whole once there are connections");
  acme_.ExpectRemovable();
}

TEST_F(Limits, OfSessionsThatEndInTheMiddleChangeNothingInTheEnd) {
  FaultClock clock("PostgreSQL ends all sessions for 3 s");
  acme_.Begin();
  const auto end = std::chrono::steady_clock::now() + seconds(3);
  (void)WaitUntil(
      seconds(10),
      [&] {
        EndSessions();
        return std::chrono::steady_clock::now() > end;
      },
      milliseconds(30));
  clock.Note("over");
  acme_.BecomeWhole();
  clock.Note("whole");
  acme_.ExpectRemovable();
}

TEST_F(Limits, OfARedisThatIsFullAreNamedAndRetried) {
  acme_.Begin();
  acme_.BecomeWhole();
  const AtEnd roomy([] {
    EXPECT_TRUE(Acme::RedisAsAdmin({"CONFIG", "SET", "maxmemory", "0"}).ok());
  });
  ASSERT_TRUE(Acme::RedisAsAdmin({"CONFIG", "SET", "maxmemory-policy", "noeviction"}).ok());
  ASSERT_TRUE(Acme::RedisAsAdmin({"CONFIG", "SET", "maxmemory", "1"}).ok());
  FaultClock clock("Redis full");
  acme_.Apply(kSessions);
  acme_.ExpectUnready("fixtureset", "sessions", "RedisUnreachable", Acme::Shape::kRetrying,
                      {"Redis at", "OOM"});
  clock.Note("FixtureSet RedisUnreachable, retried");
  ASSERT_TRUE(Acme::RedisAsAdmin({"CONFIG", "SET", "maxmemory", "0"}).ok());
  ASSERT_TRUE(acme_.BecomesReady("fixtureset", "sessions"));
  clock.Note("Ready once there is room");
  acme_.BecomeWhole();
  ASSERT_TRUE(acme_.Kubectl({"delete", "--wait=false", "fixtureset/sessions"}));
  EXPECT_TRUE(acme_.Disappears("fixtureset", "sessions"));
  acme_.ExpectRemovable();
}

}  // namespace
}  // namespace tenantry::testing
