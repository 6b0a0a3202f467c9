#include <chrono>
#include <stop_token>
#include <thread>

#include "tests/adapter/provision/fixture.h"

namespace tenantry::agent {
namespace {

using api::DeletionPolicy;
using api::Isolation;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Mode {
  const char* name;
  Isolation isolation;
  const char* tenant;
  const char* database;
  const char* schema;
};

class LifeTest : public ::testing::TestWithParam<Mode> {
 protected:
  // Each test starts without the tenant.
  void SetUp() override {
    ASSERT_EQ(Deprovision(tenant(), DeprovisionSpecOf(spec(), DeletionPolicy::kDelete)).message(),
              "");
  }
  std::string tenant() const { return GetParam().tenant; }
  std::string database() const { return GetParam().database; }
  std::string table(const std::string& name) const {
    return std::string(GetParam().schema) + "." + name;
  }
  api::TenantStorageSpec spec() const { return MusicSpec(tenant(), GetParam().isolation); }
  std::unique_ptr<postgres::Connection> App() const {
    return LogIn("tenant_" + tenant() + "_app", "app-" + tenant(), database());
  }
  void AddArtist() const {
    const auto app = App();
    ASSERT_NE(app, nullptr);
    ASSERT_EQ(Ask(*app, "INSERT INTO " + table("artists") +
                            " (artist_id, name, country) VALUES ('a1', 'Alex Rivers', 'US')"),
              "");
  }
};

TEST_P(LifeTest, GivesTheTenantItsTables) {
  const auto done = Provision(tenant(), spec());
  ASSERT_EQ(done.message(), "");
  EXPECT_EQ(done.result.database, database());
  EXPECT_EQ(done.result.schema, GetParam().schema);
  EXPECT_EQ(done.result.schema_version, "1");
  EXPECT_NE(done.result.incarnation, "");
  EXPECT_THAT(done.result.changes, Contains("Made role tenant_" + tenant() + "_app."));
  EXPECT_EQ(done.result.usage.rows, 0);

  const auto app = App();
  ASSERT_NE(app, nullptr);
  EXPECT_EQ(Ask(*app, "SELECT tenant_id FROM tenantry.my_tenant"), tenant());
  EXPECT_EQ(Ask(*app, "SELECT config ->> 'locale' FROM tenantry.my_config"), "fr-FR");
  EXPECT_EQ(Ask(*app, "INSERT INTO " + table("artists") +
                          " (artist_id, name) VALUES ('a1', 'Alex Rivers') RETURNING tenant_id"),
            tenant());
  EXPECT_EQ(Ask(*app, "INSERT INTO " + table("artists") +
                          " (tenant_id, artist_id, name) VALUES ('other', 'a2', 'X')"),
            GetParam().isolation == Isolation::kRowLevel ? "error 42501" : "error 23514");
  EXPECT_EQ(Ask(*app, "CREATE TABLE " + table("mine") + " (a int)"), "error 42501");
  EXPECT_EQ(Ask(*app, "CREATE TEMP TABLE staging AS TABLE " + table("artists")), "");
  EXPECT_EQ(Ask(*app,
                "INSERT INTO tenantry.loads (fixture_set, dataset, content_hash) VALUES "
                "('f', 'd', 'h') RETURNING tenant_id"),
            tenant());
}

TEST_P(LifeTest, ChangesNothingTheSecondTime) {
  const auto first = Provision(tenant(), spec());
  ASSERT_EQ(first.message(), "");
  const std::string written = AskSuperuser("SELECT count(*) FROM tenantry.audit");

  const auto second = Provision(tenant(), spec());

  ASSERT_EQ(second.message(), "");
  EXPECT_THAT(second.result.changes, IsEmpty());
  EXPECT_EQ(second.result.incarnation, first.result.incarnation);
  EXPECT_EQ(AskSuperuser("SELECT count(*) FROM tenantry.audit"), written);
  const auto observed = Observe(tenant(), spec());
  ASSERT_EQ(observed.message(), "");
  EXPECT_THAT(observed.result.drift, IsEmpty());
  EXPECT_EQ(observed.result.incarnation, first.result.incarnation);
}

TEST_P(LifeTest, MeasuresWhatTheTenantUses) {
  ASSERT_EQ(Provision(tenant(), spec()).message(), "");
  AddArtist();
  const auto app = App();
  const auto observed = Observe(tenant(), spec());
  ASSERT_EQ(observed.message(), "");
  EXPECT_EQ(observed.result.usage.rows, 1);
  EXPECT_EQ(observed.result.usage.connections, 1);
  EXPECT_GT(observed.result.usage.storage_bytes.value_or(0), 0);
}

TEST_P(LifeTest, RetainsAndTakesIntoUseAgain) {
  const auto before = Provision(tenant(), spec());
  ASSERT_EQ(before.message(), "");
  AddArtist();
  const auto open_session = App();

  const auto retained = Deprovision(tenant(), DeprovisionSpecOf(spec(), DeletionPolicy::kRetain));

  ASSERT_EQ(retained.message(), "");
  EXPECT_THAT(retained.result.removed, IsEmpty());
  EXPECT_THAT(retained.result.kept, Contains(HasSubstr("logins closed")));
  EXPECT_EQ(App(), nullptr);
  EXPECT_NE(Ask(*open_session, "SELECT 1"), "1") << "its sessions are ended";

  const auto again = Provision(tenant(), spec());
  ASSERT_EQ(again.message(), "");
  EXPECT_EQ(again.result.incarnation, before.result.incarnation);
  EXPECT_EQ(again.result.usage.rows, 1);
  EXPECT_NE(App(), nullptr);
}

TEST_P(LifeTest, DeletesExactlyTheTenants) {
  ASSERT_EQ(Provision(tenant(), spec()).message(), "");
  AddArtist();
  const std::string neighbour = tenant() + "_neighbour";
  ASSERT_EQ(Provision(neighbour, MusicSpec(neighbour, GetParam().isolation)).message(), "");

  const auto deleted = Deprovision(tenant(), DeprovisionSpecOf(spec(), DeletionPolicy::kDelete));

  ASSERT_EQ(deleted.message(), "");
  EXPECT_EQ(AskSuperuser("SELECT count(*) FROM pg_roles WHERE rolname IN ('tenant_" + tenant() +
                         "_app', 'tenant_" + tenant() + "_reader', 'tenant_" + tenant() +
                         "_owner', 'tenant_" + tenant() + "_app_2')"),
            "0");
  EXPECT_EQ(
      AskSuperuser("SELECT count(*) FROM tenantry.tenants WHERE tenant_id = '" + tenant() + "'"),
      "0");
  if (GetParam().isolation == Isolation::kRowLevel) {
    EXPECT_EQ(AskSuperuser("SELECT count(*) FROM shared_music.artists WHERE tenant_id = '" +
                           tenant() + "'"),
              "0");
  } else {
    EXPECT_EQ(
        AskSuperuser("SELECT count(*) FROM pg_namespace WHERE nspname = 'tenant_" + tenant() + "'"),
        "0");
    EXPECT_EQ(
        AskSuperuser("SELECT count(*) FROM pg_database WHERE datname = 'tenant_" + tenant() + "'"),
        "0");
  }
  const auto twice = Deprovision(tenant(), DeprovisionSpecOf(spec(), DeletionPolicy::kDelete));
  EXPECT_EQ(twice.message(), "");
  EXPECT_THAT(twice.result.removed, IsEmpty());
  const auto other = Observe(neighbour, MusicSpec(neighbour, GetParam().isolation));
  EXPECT_EQ(other.message(), "");
  EXPECT_THAT(other.result.drift, IsEmpty());
}

TEST_P(LifeTest, StartsAfreshAfterDeletion) {
  const auto before = Provision(tenant(), spec());
  ASSERT_EQ(before.message(), "");
  AddArtist();
  ASSERT_EQ(Deprovision(tenant(), DeprovisionSpecOf(spec(), DeletionPolicy::kDelete)).message(),
            "");
  const auto after = Provision(tenant(), spec());
  ASSERT_EQ(after.message(), "");
  EXPECT_NE(after.result.incarnation, before.result.incarnation);
  EXPECT_EQ(after.result.usage.rows, 0);
}

TEST_P(LifeTest, RotatesWithoutAGap) {
  const std::string app_role = "tenant_" + tenant() + "_app";
  api::TenantStorageSpec both = spec();
  ASSERT_EQ(Provision(tenant(), both).message(), "");
  AddArtist();

  both.logins = {{app_role + "_2", Secret("second")}, {app_role, std::nullopt}};
  ASSERT_EQ(Provision(tenant(), both).message(), "");
  const auto second = LogIn(app_role + "_2", "second", database());
  ASSERT_NE(second, nullptr);
  EXPECT_NE(App(), nullptr) << "the old login works during the overlap";
  EXPECT_EQ(Ask(*second, "SELECT current_user"), app_role);
  EXPECT_EQ(Ask(*second, "SELECT count(*) FROM " + table("artists")), "1");
  EXPECT_THAT(Provision(tenant(), both).result.changes, IsEmpty());

  api::TenantStorageSpec only_second = both;
  only_second.logins.pop_back();
  ASSERT_EQ(Provision(tenant(), only_second).message(), "");
  EXPECT_EQ(App(), nullptr) << "the old login is closed";
  EXPECT_NE(LogIn(app_role + "_2", "second", database()), nullptr);
  EXPECT_THAT(Observe(tenant(), only_second).result.drift, IsEmpty());
}

// Whoever began the last rotation has ended before it published the password.
TEST_P(LifeTest, PutsThePasswordOfTheSecondLoginRight) {
  const std::string second_role = api::SecondAppRole(api::TenantId(tenant()));
  ASSERT_EQ(Provision(tenant(), spec()).message(), "");
  api::TenantStorageSpec both = spec();
  both.logins.push_back({second_role, Secret("never published")});
  ASSERT_EQ(Provision(tenant(), both).message(), "");
  both.logins.back().password = Secret("published");

  EXPECT_THAT(Observe(tenant(), both).result.drift, Contains(HasSubstr(second_role)));
  ASSERT_EQ(Provision(tenant(), both).message(), "");

  EXPECT_NE(LogIn(second_role, "published", database()), nullptr);
  EXPECT_EQ(LogIn(second_role, "never published", database()), nullptr);
  EXPECT_THAT(Observe(tenant(), both).result.drift, IsEmpty());
}

TEST_P(LifeTest, EnforcesTheConnectionLimit) {
  api::TenantStorageSpec limited = spec();
  limited.connection_limit = 2;
  ASSERT_EQ(Provision(tenant(), limited).message(), "");
  const auto first = App();
  const auto second = App();
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(App(), nullptr);
  EXPECT_EQ(Observe(tenant(), limited).message(), "") << "a full tenant is no failure";
  limited.connection_limit.reset();
  ASSERT_EQ(Provision(tenant(), limited).message(), "");
  EXPECT_NE(App(), nullptr);
}

TEST_P(LifeTest, FinishesWhatAStoppedAgentBegan) {
  // Stopped at points that differ from machine to machine; whichever they are, the next run goes
  // on.
  for (const int milliseconds : {0, 20, 60, 120, 200, 300, 450}) {
    std::stop_source source;
    const std::jthread stopper([&source, milliseconds] {
      const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
      while (std::chrono::steady_clock::now() < until) {
        std::this_thread::yield();
      }
      source.request_stop();
    });
    const auto stopped = Provision(tenant(), spec(), source.get_token());
    if (stopped.error) {
      ASSERT_EQ(stopped.error->code, ErrorCode::kCancelled) << stopped.message();
    }
  }
  const auto done = Provision(tenant(), spec());
  ASSERT_EQ(done.message(), "");
  EXPECT_THAT(Observe(tenant(), spec()).result.drift, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    Modes, LifeTest,
    ::testing::Values(Mode{"Schema", Isolation::kSchema, "acme", "app", "tenant_acme"},
                      Mode{"Database", Isolation::kDatabase, "globex", "tenant_globex",
                           "tenant_globex"},
                      Mode{"RowLevel", Isolation::kRowLevel, "initech", "app", "shared_music"}),
    [](const auto& mode) { return std::string(mode.param.name); });

}  // namespace
}  // namespace tenantry::agent
