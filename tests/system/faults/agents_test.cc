// Agents of another version, two agents with one task, an agent that dies in the middle of a task.

#include "tests/system/faults/faults.h"

namespace tenantry::testing {
namespace {

using Moment = HttpProxy::Moment;
using Then = HttpProxy::Then;
using Kind = TcpFault::Kind;
using When = TcpFault::When;
using std::chrono::seconds;

constexpr int kAlways = 1'000'000;

class Agents : public Faults {
 protected:
  // The DataStore has this agent only.
  void UseAgent(const std::string& endpoint) {
    std::string yaml = acme_.DataStoreYaml("main");
    const std::string ours = Programs::Instance().links().agent_endpoint;
    yaml.replace(yaml.find(ours), ours.size(), endpoint);
    acme_.Apply(yaml);
  }
  // How many sessions wait for a lock of PostgreSQL in the middle of a task.
  int Waiting() {
    return std::atoi(
        Acme::QueryAsAdmin("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")
            .first()
            .c_str());
  }
};

TEST_F(Agents, OfAnotherProtocolVersionAreNamedAndMendedWithoutARestart) {
  FaultClock clock("agent speaks another protocol version");
  proxies_.agent().Add(
      {.pattern = "^GET /v1/info",
       .fault = {.kind = HttpFault::Kind::kAnswer,
                 .status = 200,
                 .body = R"({"name":"new","version":"9.9.9","protocolVersion":99})"},
       .times = kAlways});
  acme_.Annotate("datastore/main", "tenantry.dev/requestedAt=1");
  acme_.ExpectUnready("datastore", "main", "AgentVersionSkew", Acme::Shape::kStalled,
                      {"version 99", "9.9.9", "this operator speaks version"});
  clock.Note("DataStore AgentVersionSkew, Stalled");
  proxies_.agent().Clear();
  ASSERT_TRUE(acme_.BecomesReady("datastore", "main"));
  clock.Note("DataStore Ready again");
  acme_.Begin();
  acme_.BecomeWhole();
}

TEST_F(Agents, ThatAreGivenTheSameProvisionDoItOnce) {
  const auto second = Programs::Instance().StartSecondAgent();
  // Both wait in the middle of it: nobody may write into the catalogue.
  SqlSession lock = Acme::SqlAsAdmin();
  ASSERT_TRUE(lock.Run("BEGIN; LOCK TABLE tenantry.tenants IN EXCLUSIVE MODE").ok());
  FaultClock clock("two agents given the same Provision");
  acme_.BeginTenant();
  ASSERT_TRUE(WaitUntil(seconds(30), [&] { return Waiting() == 1; }));
  proxies_.agent().SetDoor(Acceptor::Door::kShut);
  proxies_.agent().CutAll(Cut::kReset);
  UseAgent(second.endpoint);
  EXPECT_TRUE(WaitUntil(seconds(30), [&] { return Waiting() == 2; }));
  clock.Note("both work on it");
  ASSERT_TRUE(lock.Run("COMMIT").ok());
  acme_.BeginFixtures();
  acme_.BecomeWhole();
  clock.Note("Ready and whole, by the second agent");
  proxies_.agent().SetDoor(Acceptor::Door::kOpen);
  UseAgent(Programs::Instance().links().agent_endpoint);
  ASSERT_TRUE(acme_.BecomesReady("datastore", "main"));
  acme_.BecomeWhole();
  acme_.ExpectRemovable();
}

TEST_F(Agents, ThatAreGivenTheSameLoadDoItOnce) {
  const auto second = Programs::Instance().StartSecondAgent();
  acme_.BeginTenant();
  ASSERT_TRUE(acme_.BecomesReady("tenant", "acme"));
  SqlSession lock = Acme::SqlAsAdmin();
  const std::string tenant = "tenant_" + acme_.Unique("acme");
  ASSERT_TRUE(lock.Run("BEGIN; SET LOCAL ROLE " + tenant + "_owner; LOCK TABLE " + tenant +
                       ".artists IN EXCLUSIVE MODE")
                  .ok());
  FaultClock clock("two agents given the same Load");
  acme_.BeginFixtures();
  ASSERT_TRUE(WaitUntil(seconds(30), [&] { return Waiting() == 1; }));
  proxies_.agent().SetDoor(Acceptor::Door::kShut);
  proxies_.agent().CutAll(Cut::kReset);
  UseAgent(second.endpoint);
  ASSERT_TRUE(WaitUntil(seconds(30), [&] {
    return second.process->Log().find("-load-") != std::string::npos || Waiting() == 2;
  }));
  clock.Note("both have it");
  ASSERT_TRUE(lock.Run("COMMIT").ok());
  acme_.BecomeWhole();
  clock.Note("Ready with each row once");
  proxies_.agent().SetDoor(Acceptor::Door::kOpen);
  UseAgent(Programs::Instance().links().agent_endpoint);
  ASSERT_TRUE(acme_.BecomesReady("datastore", "main"));
  acme_.ExpectRemovable();
}

// A statement at which the agent dies.
struct Death {
  const char* name;
  std::string statement;
  When when;  // instead of it, or done and its answer not yet read
};

std::string Named(const ::testing::TestParamInfo<Death>& info) { return info.param.name; }

class AgentKilled : public Agents, public ::testing::WithParamInterface<Death> {};

INSTANTIATE_TEST_SUITE_P(
    At, AgentKilled,
    ::testing::Values(Death{"TenantLock", "pg_advisory_lock", When::kAnswer},
                      Death{"EnterTenant", "INSERT INTO tenantry.tenants", When::kAnswer},
                      Death{"CreateRole", "CREATE ROLE", When::kPattern},
                      Death{"CreatedRole", "CREATE ROLE", When::kAnswer},
                      Death{"CreatedSchema", "CREATE SCHEMA", When::kAnswer},
                      Death{"Grant", "GRANT USAGE ON SCHEMA", When::kAnswer},
                      Death{"Provisioned", "SET provisioned_at", When::kAnswer},
                      Death{"Staging", "CREATE TEMPORARY TABLE", When::kAnswer},
                      Death{"Copy", "COPY ", When::kAnswer},
                      Death{"Inserted", "WITH written AS", When::kAnswer},
                      Death{"LoadNoted", "INSERT INTO tenantry_loads.loads", When::kAnswer},
                      Death{"Commit", CommitMessage(), When::kPattern},
                      Death{"Committed", CommitMessage(), When::kAnswer}),
    Named);

TEST_P(AgentKilled, LeavesNothingLostOrDoubled) {
  acme_.UsePlainPostgres();
  Programs& programs = Programs::Instance();
  const int before = proxies_.postgres().befallen();
  proxies_.postgres().Add({.kind = Kind::kHang,
                           .when = GetParam().when,
                           .time = seconds(60),
                           .pattern = GetParam().statement,
                           .times = kAlways});
  proxies_.postgres().CutAll(Cut::kClose);  // idle sessions would not meet it
  acme_.Begin();
  ASSERT_TRUE(WaitUntil(seconds(30), [&] { return proxies_.postgres().befallen() > before; }));
  proxies_.postgres().Clear();
  FaultClock clock("agent killed at " + std::string(GetParam().name));
  programs.KillAgent();
  proxies_.postgres().CutAll(Cut::kReset);
  programs.StartAgent();
  acme_.BecomeWhole();
  clock.Note("Tenant and FixtureSet Ready and whole");
  acme_.ExpectRemovable();
}

}  // namespace
}  // namespace tenantry::testing
