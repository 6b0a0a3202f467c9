// PostgreSQL whose disk is full: a real "No space left on device". Said in the status, and over
// once there is room.

#include <fstream>

#include "tests/support/postgres_server.h"
#include "tests/system/faults/faults.h"

namespace tenantry::testing {
namespace {

using std::chrono::seconds;

constexpr int kRows = 60'000;

class FullDisk : public Faults {
 protected:
  void SetUp() override {
    auto server = PostgresServer::StartWithDisk("80m");
    ASSERT_TRUE(server) << server.error().message;
    server_ = *std::move(server);
    const api::PostgresAccess access = server_->admin();
    acme_.MakeSecret("main-admin",
                     {{"username", access.user}, {"password", access.password.reveal()}});
    acme_.MakeSecret("main-ca", {{"ca.crt", access.ca_pem}});
    acme_.Apply(
        "apiVersion: tenantry.dev/v1alpha1\nkind: DataStore\nmetadata: {name: main}\nspec:\n"
        "  postgres: {host: 127.0.0.1, port: " +
        std::to_string(access.port) +
        ", database: app, adminSecretRef: {name: main-admin}, caSecretRef: {name: main-ca}}\n"
        "  agents: {endpoints: [\"" +
        Programs::Instance().links().agent_endpoint + "\"]}\n");
    ASSERT_TRUE(acme_.BecomesReady("datastore", "main"));
    ASSERT_TRUE(server_->Script("app", "CREATE TABLE public.filler (text text)"));
  }
  // Somebody else's rows of 1 KB, as many as there is room for: what fails has taken the room, too.
  void Fill(int rows) {
    const auto filled = server_->Script(
        "app", "INSERT INTO public.filler SELECT repeat('x', 1000) FROM generate_series(1, " +
                   std::to_string(rows) + ")");
    EXPECT_TRUE(filled || filled.error().message.find("No space left") != std::string::npos)
        << filled.error().message;
  }
  void Free() { EXPECT_TRUE(server_->Script("app", "DROP TABLE public.filler")); }
  std::string Value(const std::string& sql) { return server_->Value("app", sql); }
  void ExpectRoles(const std::string& count) {
    EXPECT_EQ(Value("SELECT count(*)::text FROM pg_roles WHERE rolname LIKE 'tenant\\_" +
                    acme_.Unique("acme") + "%'"),
              count);
  }
  void Remove(const std::string& fixtures) {
    ASSERT_TRUE(acme_.Kubectl({"delete", "--wait=false", "fixtureset/" + fixtures, "tenant/acme"}));
    EXPECT_TRUE(acme_.Disappears("fixtureset", fixtures));
    EXPECT_TRUE(acme_.Disappears("tenant", "acme"));
    ExpectRoles("0");
  }

  std::unique_ptr<PostgresServer> server_;
};

// The load fits on the disk but not beside what somebody else has there.
TEST_F(FullDisk, IsNamedAndRetriedByLoad) {
  acme_.BeginTenant();
  ASSERT_TRUE(acme_.BecomesReady("tenant", "acme"));
  const std::filesystem::path file = Programs::Instance().fixtures_dir() / "large.ndjson";
  const AtEnd remove([&] { std::filesystem::remove(file); });
  {
    std::ofstream lines(file);
    for (int i = 0; i < kRows; ++i) {
      lines << R"({"artist_id":"a)" << i << R"(","name":")" << std::string(200, 'n') << "\"}\n";
    }
  }
  Fill(55'000);
  FaultClock clock("PostgreSQL's disk full: Load of " + std::to_string(kRows) + " rows");
  acme_.Apply(
      "apiVersion: tenantry.dev/v1alpha1\nkind: FixtureSet\nmetadata: {name: large}\nspec:\n"
      "  tenantRef: {name: acme}\n  datasets:\n    - name: artists\n"
      "      target: {table: artists}\n      source: {volume: {path: large.ndjson}}\n");
  acme_.ExpectUnready("fixtureset", "large", "DatabaseUnreachable", Acme::Shape::kRetrying,
                      {"No space left on device"});
  clock.Note("FixtureSet DatabaseUnreachable, retried");
  Free();
  ASSERT_TRUE(acme_.BecomesReady("fixtureset", "large", seconds(120)));
  clock.Note("Ready once there is room");
  EXPECT_EQ(
      acme_
          .QueryAsTenant("acme", "SELECT count(*) || ' ' || count(DISTINCT artist_id) FROM artists")
          .first(),
      std::to_string(kRows) + " " + std::to_string(kRows));
  Remove("large");
}

}  // namespace
}  // namespace tenantry::testing
