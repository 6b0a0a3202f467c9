#include <array>
#include <random>

#include "tests/adapter/provision/fixture.h"

namespace tenantry::agent {
namespace {

using api::Isolation;

struct Mode {
  const char* name;
  Isolation isolation;
  const char* attacker;
  const char* victim;
};

class IsolationTest : public ::testing::TestWithParam<Mode> {
 protected:
  void SetUp() override {
    for (const std::string tenant : {GetParam().attacker, GetParam().victim}) {
      ASSERT_EQ(Provision(tenant, MusicSpec(tenant, GetParam().isolation)).message(), "");
      const auto app = LogIn("tenant_" + tenant + "_app", "app-" + tenant, DatabaseOf(tenant));
      ASSERT_NE(app, nullptr);
      ASSERT_EQ(Ask(*app, "INSERT INTO " + SchemaOf(tenant) +
                              ".artists (artist_id, name) VALUES ('a', 'of " + tenant +
                              "') ON CONFLICT DO NOTHING"),
                "");
      ASSERT_EQ(Ask(*app,
                    "INSERT INTO tenantry.loads (fixture_set, dataset, content_hash) VALUES "
                    "('s', 'd', '" +
                        tenant + "') ON CONFLICT DO NOTHING"),
                "");
    }
  }
  std::string SchemaOf(const std::string& tenant) const {
    return GetParam().isolation == Isolation::kRowLevel ? "shared_music" : "tenant_" + tenant;
  }
  std::string DatabaseOf(const std::string& tenant) const {
    return GetParam().isolation == Isolation::kDatabase ? "tenant_" + tenant : "app";
  }
};

// Statements of an attacker, made at random from parts that matter.
std::string RandomStatement(std::mt19937& random, const std::string& schema,
                            const std::string& victim) {
  const auto pick = [&random](const auto& choices) -> std::string {
    return choices[std::uniform_int_distribution<std::size_t>(0, choices.size() - 1)(random)];
  };
  const std::array<std::string, 5> prefixes = {
      "", "SET ROLE tenant_" + victim + "_app; ", "RESET ROLE; ", "SET row_security = off; ",
      "SET SESSION AUTHORIZATION tenant_" + victim + "_app; "};
  const std::array<std::string, 6> tables = {"artists", "albums",      "tracks",
                                             "users",   "ml_features", "listening_history"};
  const std::string table = schema + "." + pick(tables);
  const std::string own = "tenant_id = '" + victim + "'";
  const std::array<std::string, 12> statements = {
      "SELECT count(*) FROM " + table + " WHERE " + own,
      "SELECT count(*) FROM " + table + " WHERE " + own + " OR true HAVING bool_or(" + own + ")",
      "UPDATE " + schema + ".artists SET name = 'stolen' WHERE " + own,
      "UPDATE " + schema + ".artists SET tenant_id = '" + victim + "'",
      "DELETE FROM " + schema + ".artists WHERE " + own,
      "INSERT INTO " + schema + ".artists (tenant_id, artist_id, name) VALUES ('" + victim +
          "', 'evil', 'evil')",
      "TRUNCATE " + table + " CASCADE",
      "COPY " + table + " TO '/tmp/stolen'",
      "ALTER TABLE " + schema + ".artists DISABLE ROW LEVEL SECURITY",
      "UPDATE tenantry.loads SET content_hash = 'evil' WHERE " + own,
      "INSERT INTO tenantry.row_tenants VALUES (current_user, '" + victim + "')",
      "GRANT tenant_" + victim + "_app TO CURRENT_USER"};
  return pick(prefixes) + pick(statements);
}

TEST_P(IsolationTest, ATenantReachesNothingOfAnother) {
  const std::string attacker = GetParam().attacker;
  const std::string victim = GetParam().victim;
  const std::string marks =
      "SELECT string_agg(artist_id || name, ',') || (SELECT content_hash FROM tenantry.loads "
      "WHERE tenant_id = '" +
      victim + "') FROM " + SchemaOf(victim) + ".artists WHERE tenant_id = '" + victim + "'";
  const std::string before = AskSuperuser(marks, DatabaseOf(victim));
  const auto session =
      LogIn("tenant_" + attacker + "_app", "app-" + attacker, DatabaseOf(attacker));
  ASSERT_NE(session, nullptr);
  std::mt19937 random(20261121);
  for (int i = 0; i < 350; ++i) {
    const std::string statement = RandomStatement(random, SchemaOf(victim), victim);
    const std::size_t split = statement.find("; ");
    if (split != std::string::npos) {
      Ask(*session, statement.substr(0, split));
    }
    const std::string answer =
        Ask(*session, split == std::string::npos ? statement : statement.substr(split + 2));
    const bool refused = answer.empty() || answer == "0" || answer.starts_with("error");
    ASSERT_TRUE(refused) << statement << " gave " << answer;
  }
  EXPECT_EQ(AskSuperuser(marks, DatabaseOf(victim)), before);
}

TEST_P(IsolationTest, ATenantSeesOnlyItsOwnLineOfTheCatalogue) {
  const std::string attacker = GetParam().attacker;
  const auto session =
      LogIn("tenant_" + attacker + "_app", "app-" + attacker, DatabaseOf(attacker));
  ASSERT_NE(session, nullptr);
  EXPECT_EQ(Ask(*session, "SELECT string_agg(tenant_id, ',') FROM tenantry.my_tenant"), attacker);
  EXPECT_EQ(Ask(*session, "SELECT string_agg(tenant_id, ',') FROM tenantry.my_config"), attacker);
  EXPECT_EQ(Ask(*session, "SELECT string_agg(tenant_id, ',') FROM tenantry.loads"), attacker);
  for (const char* table : {"tenants", "row_tenants", "audit", "versions"}) {
    EXPECT_EQ(Ask(*session, std::string("SELECT count(*) FROM tenantry.") + table), "error 42501");
  }
}

TEST_P(IsolationTest, ATenantEntersNoOtherDatabase) {
  const std::string attacker = GetParam().attacker;
  const std::string role = "tenant_" + attacker + "_app";
  if (GetParam().isolation == Isolation::kDatabase) {
    EXPECT_EQ(LogIn(role, "app-" + attacker, DatabaseOf(GetParam().victim)), nullptr);
    EXPECT_EQ(LogIn(role, "app-" + attacker, "app"), nullptr);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Modes, IsolationTest,
    ::testing::Values(Mode{"Schema", Isolation::kSchema, "mallorys", "alices"},
                      Mode{"Database", Isolation::kDatabase, "malloryd", "aliced"},
                      Mode{"RowLevel", Isolation::kRowLevel, "malloryr", "alicer"}),
    [](const auto& mode) { return std::string(mode.param.name); });

}  // namespace
}  // namespace tenantry::agent
