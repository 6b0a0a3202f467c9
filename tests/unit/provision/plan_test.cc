#include "agent/provision/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "common/api/reasons.h"

namespace tenantry::agent {
namespace {

using api::Isolation;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kPrintedPolicy[] =
    "(tenant_id = ( SELECT m.tenant_id\n   FROM tenantry.my_tenant m))";

DesiredStorage Wanted(Isolation isolation = Isolation::kSchema) {
  DesiredStorage desired;
  desired.names = MakeNames(api::TenantId("acme"), isolation, "music", "app").value();
  desired.owner_uid = "uid-1";
  desired.owner = "platform/acme";
  desired.logins["tenant_acme_app"] = Secret("password");
  desired.verifiers["tenant_acme_app"] = "SCRAM-SHA-256$verifier";
  desired.connection_limit = 5;
  return desired;
}

RelationState Table(const TenantNames& names) {
  RelationState table{.name = "tracks", .owner = names.owner};
  table.app_rights = {"SELECT", "INSERT", "UPDATE", "DELETE"};
  table.reader_rights = {"SELECT"};
  table.tenant_column = TenantColumn{"text", "'acme'::text"};
  table.has_tenant_check = true;
  if (names.is_shared()) {
    table.tenant_column->default_expression = "tenantry.my_tenant_id()";
    table.row_security = table.row_security_forced = true;
    table.policies = {{.name = kPolicyName,
                       .using_expression = kPrintedPolicy,
                       .check_expression = kPrintedPolicy}};
  }
  return table;
}

// Everything as it should be.
ObservedStorage Settled(const DesiredStorage& desired) {
  const TenantNames& names = desired.names;
  ObservedStorage observed;
  observed.server_version = 150020;
  observed.admin = "admin";
  observed.roles[names.owner] = {};
  observed.roles[names.app] = {
      .can_login = true, .connection_limit = 5, .settings = {{"search_path", names.schema}}};
  observed.roles[names.reader] = {.settings = {{"search_path", names.schema}}};
  observed.memberships = {{"admin", names.owner}};
  observed.store_database = {.owner = "admin"};
  observed.database = DatabaseState{.owner = "admin",
                                    .may_connect = {names.owner, names.app, names.reader},
                                    .may_use_temp = {names.owner, names.app}};
  observed.row =
      CatalogueRow{.owner_uid = desired.owner_uid, .owner = desired.owner, .config_matches = true};
  observed.tables_row = observed.row;
  for (const std::string& role : {names.app, names.second_app, names.reader}) {
    observed.mapped_roles[role] = "acme";
  }
  observed.schema_owner = names.owner;
  observed.schema_users = {names.app, names.reader};
  for (const char* right :
       {" r SELECT", " r INSERT", " r UPDATE", " r DELETE", " S USAGE", " S SELECT"}) {
    observed.default_rights.insert(names.app + right);
  }
  observed.default_rights.insert(names.reader + " r SELECT");
  observed.relations = {Table(names)};
  observed.logins[names.app] = LoginState::kWorks;
  return observed;
}

std::vector<std::string> SqlOf(const StoragePlan& plan) {
  std::vector<std::string> statements;
  for (const Step& step : plan.steps) {
    statements.push_back(step.sql);
  }
  return statements;
}

StoragePlan PlanOf(const DesiredStorage& desired, const ObservedStorage& observed) {
  const Result<StoragePlan> plan = MakePlan(desired, observed);
  EXPECT_TRUE(plan) << plan.error().message;
  return plan ? *plan : StoragePlan{};
}

class MakePlanTest : public ::testing::TestWithParam<Isolation> {};

TEST_P(MakePlanTest, IsEmptyWhenEverythingIsRight) {
  const DesiredStorage desired = Wanted(GetParam());
  EXPECT_THAT(DescribeDrift(PlanOf(desired, Settled(desired))), IsEmpty());
}

TEST_P(MakePlanTest, SendsNoPasswordInClear) {
  const DesiredStorage desired = Wanted(GetParam());
  for (const std::string& sql : SqlOf(PlanOf(desired, {}))) {
    EXPECT_THAT(sql, Not(HasSubstr("'password'")));
  }
  EXPECT_THAT(SqlOf(PlanOf(desired, {})),
              Contains("CREATE ROLE \"tenant_acme_app\" LOGIN CONNECTION LIMIT 5 PASSWORD "
                       "'SCRAM-SHA-256$verifier'"));
}

INSTANTIATE_TEST_SUITE_P(Modes, MakePlanTest,
                         ::testing::Values(Isolation::kSchema, Isolation::kDatabase,
                                           Isolation::kRowLevel));

TEST(MakePlan, MakesTheDatabaseBeforeWhatIsInIt) {
  const StoragePlan plan = PlanOf(Wanted(Isolation::kDatabase), {});
  ASSERT_FALSE(plan.steps.empty());
  EXPECT_TRUE(std::any_of(plan.steps.begin(), plan.steps.end(),
                          [](const Step& step) { return step.place == Place::kCreateDatabase; }));
  EXPECT_TRUE(std::none_of(plan.steps.begin(), plan.steps.end(),
                           [](const Step& step) { return step.place == Place::kTables; }));
  EXPECT_THAT(plan.migrations, IsEmpty());
}

TEST(MakePlan, SetsThePasswordOnlyWhenItIsRefused) {
  const DesiredStorage desired = Wanted();
  ObservedStorage observed = Settled(desired);
  observed.logins["tenant_acme_app"] = LoginState::kUnchecked;
  EXPECT_TRUE(PlanOf(desired, observed).empty());
  observed.logins["tenant_acme_app"] = LoginState::kRefused;
  EXPECT_THAT(SqlOf(PlanOf(desired, observed)),
              ElementsAre("ALTER ROLE \"tenant_acme_app\" PASSWORD 'SCRAM-SHA-256$verifier'"));
}

TEST(MakePlan, ClosesALoginThatIsNotInTheList) {
  DesiredStorage desired = Wanted();
  const ObservedStorage observed = Settled(desired);
  desired.logins.clear();
  EXPECT_THAT(SqlOf(PlanOf(desired, observed)),
              ElementsAre("ALTER ROLE \"tenant_acme_app\" NOLOGIN PASSWORD NULL",
                          "ALTER ROLE \"tenant_acme_app\" CONNECTION LIMIT -1"));
}

TEST(MakePlan, MakesTheSecondLoginAMemberOfTheFirst) {
  DesiredStorage desired = Wanted();
  desired.logins["tenant_acme_app_2"] = Secret("second");
  desired.verifiers["tenant_acme_app_2"] = "SCRAM-SHA-256$second";
  const std::vector<std::string> sql = SqlOf(PlanOf(desired, Settled(desired)));
  EXPECT_THAT(sql, Contains("GRANT \"tenant_acme_app\" TO \"tenant_acme_app_2\""));
  EXPECT_THAT(sql, Contains("ALTER ROLE \"tenant_acme_app_2\" SET role = \"tenant_acme_app\""));
}

TEST(MakePlan, GrantsMembershipWithItsOptionsFromPostgres16On) {
  const DesiredStorage desired = Wanted();
  ObservedStorage observed = Settled(desired);
  observed.memberships.clear();
  EXPECT_THAT(SqlOf(PlanOf(desired, observed)),
              ElementsAre("GRANT \"tenant_acme_owner\" TO CURRENT_USER"));
  observed.server_version = 160001;
  EXPECT_THAT(SqlOf(PlanOf(desired, observed)),
              ElementsAre("GRANT \"tenant_acme_owner\" TO CURRENT_USER WITH INHERIT TRUE, SET "
                          "TRUE"));
}

TEST(MakePlan, LeavesADatabaseOfSomebodyElseOpen) {
  const DesiredStorage desired = Wanted();
  ObservedStorage observed = Settled(desired);
  observed.store_database.public_may_connect = true;
  EXPECT_EQ(PlanOf(desired, observed).steps.size(), 1U);
  observed.store_database.owner = "somebody";
  EXPECT_TRUE(PlanOf(desired, observed).empty());
}

TEST(MakePlan, QuotesTheNamesOfTables) {
  const DesiredStorage desired = Wanted();
  ObservedStorage observed = Settled(desired);
  observed.relations[0].name = "evil\"; DROP TABLE x; --";
  observed.relations[0].app_rights.clear();
  EXPECT_THAT(SqlOf(PlanOf(desired, observed)),
              ElementsAre("GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE "
                          "\"tenant_acme\".\"evil\"\"; DROP TABLE x; --\" TO "
                          "\"tenant_acme_app\""));
}

TEST(MakePlan, GivesEachKindOfRelationItsRights) {
  const DesiredStorage desired = Wanted();
  ObservedStorage observed = Settled(desired);
  observed.relations.clear();
  for (const char kind : {'v', 'm', 'f', 'S'}) {
    observed.relations.push_back(
        {.name = std::string(1, kind), .kind = kind, .owner = desired.names.owner});
  }
  observed.relations.push_back({.name = kHistoryTable, .owner = desired.names.owner});
  observed.relations.back().app_rights = {"SELECT", "UPDATE"};
  const std::vector<std::string> drift = DescribeDrift(PlanOf(desired, observed));
  EXPECT_THAT(drift, Contains(HasSubstr("lacks DELETE, INSERT, SELECT, UPDATE on view")));
  EXPECT_THAT(drift, Contains("Role tenant_acme_app lacks SELECT on materialized view "
                              "tenant_acme.m."));
  EXPECT_THAT(drift, Contains(HasSubstr("on foreign table tenant_acme.f.")));
  EXPECT_THAT(drift, Contains("Role tenant_acme_app lacks SELECT, USAGE on sequence "
                              "tenant_acme.S."));
  EXPECT_THAT(drift, Contains("Role tenant_acme_app has UPDATE on table "
                              "tenant_acme.schema_history."));
}

TEST(MakePlan, LeavesATenantColumnOfAnotherTypeAlone) {
  const DesiredStorage desired = Wanted();
  ObservedStorage observed = Settled(desired);
  observed.relations[0].tenant_column = TenantColumn{"int4", ""};
  observed.relations[0].has_tenant_check = false;
  EXPECT_TRUE(PlanOf(desired, observed).empty());
}

TEST(MakePlan, RefusesASharedTableWithoutATenantColumn) {
  const DesiredStorage desired = Wanted(Isolation::kRowLevel);
  for (const std::optional<TenantColumn>& column :
       {std::optional<TenantColumn>(), std::optional(TenantColumn{"int4", ""})}) {
    ObservedStorage observed = Settled(desired);
    observed.relations[0].tenant_column = column;
    const auto refused = MakePlan(desired, observed);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason, api::reason::kMigrationFailed);
    EXPECT_THAT(refused.error().message, HasSubstr("Table shared_music.tracks"));
  }
}

TEST(MakePlan, AcceptsThePolicyAsPostgresPrintsItForVarchar) {
  const DesiredStorage desired = Wanted(Isolation::kRowLevel);
  ObservedStorage observed = Settled(desired);
  observed.relations[0].tenant_column->type = "varchar";
  observed.relations[0].policies[0].using_expression =
      "((tenant_id)::text = ( SELECT m.tenant_id FROM tenantry.my_tenant m))";
  EXPECT_TRUE(PlanOf(desired, observed).empty());
}

TEST(MakePlan, KeepsRestrictivePoliciesOfOthers) {
  const DesiredStorage desired = Wanted(Isolation::kRowLevel);
  ObservedStorage observed = Settled(desired);
  observed.relations[0].policies.push_back({.name = "office_hours", .permissive = false});
  EXPECT_TRUE(PlanOf(desired, observed).empty());
  observed.relations[0].policies.back().permissive = true;
  EXPECT_THAT(SqlOf(PlanOf(desired, observed)),
              ElementsAre("DROP POLICY \"office_hours\" ON \"shared_music\".\"tracks\""));
}

TEST(MakePlan, OpensSharedTablesOnlyAfterTheirRowSecurity) {
  const DesiredStorage desired = Wanted(Isolation::kRowLevel);
  ObservedStorage observed = Settled(desired);
  observed.relations[0] = {.name = "tracks", .owner = desired.names.owner};
  observed.relations[0].tenant_column = TenantColumn{"text", ""};
  const std::vector<std::string> sql = SqlOf(PlanOf(desired, observed));
  const auto at = [&sql](const std::string& word) {
    return std::find_if(sql.begin(), sql.end(),
                        [&](const std::string& statement) {
                          return statement.find(word) != std::string::npos;
                        }) -
           sql.begin();
  };
  EXPECT_LT(at("ENABLE ROW LEVEL SECURITY"), at("GRANT"));
  EXPECT_LT(at("FORCE ROW LEVEL SECURITY"), at("GRANT"));
  EXPECT_LT(at("CREATE POLICY"), at("GRANT"));
  EXPECT_LT(at("GRANT"), static_cast<std::ptrdiff_t>(sql.size()));
}

TEST(MakePlan, PublishesTheConfigAndTheOwner) {
  const DesiredStorage desired = Wanted();
  ObservedStorage observed = Settled(desired);
  observed.row->config_matches = false;
  EXPECT_EQ(PlanOf(desired, observed).steps.size(), 1U);
  observed.row->config_matches = true;
  observed.row->owner = "platform/renamed";
  EXPECT_THAT(DescribeDrift(PlanOf(desired, observed)),
              ElementsAre(HasSubstr("names platform/renamed as the owner")));
  observed.row->retained = true;
  EXPECT_THAT(DescribeDrift(PlanOf(desired, observed)), ElementsAre(HasSubstr("retained")));
}

TEST(MakePlan, WaitsWithMigrationsForAReadableHistory) {
  DesiredStorage desired = Wanted();
  desired.migrations = SortMigrations({{"V1__a.sql", ""}}, std::nullopt).value();
  ObservedStorage observed = Settled(desired);
  EXPECT_EQ(PlanOf(desired, observed).migrations.size(), 1U);
  EXPECT_THAT(DescribeDrift(PlanOf(desired, observed)),
              ElementsAre("Migration V1__a.sql is not applied."));
  observed.history_readable = false;
  EXPECT_TRUE(PlanOf(desired, observed).empty());
}

TEST(MakeDesired, ChecksTheSpec) {
  api::TenantStorageSpec spec{.postgres = {.database = "app"}};
  spec.logins = {{"tenant_acme_app", Secret("x")}};
  EXPECT_TRUE(MakeDesired(api::TenantId("acme"), spec));
  EXPECT_FALSE(MakeDesired(api::TenantId("Acme"), spec));
  spec.isolation = Isolation::kRowLevel;
  EXPECT_FALSE(MakeDesired(api::TenantId("acme"), spec)) << "no name of the shared schema";
  spec.schema_name = "music";
  EXPECT_TRUE(MakeDesired(api::TenantId("acme"), spec));
  spec.logins = {{"postgres", Secret("x")}};
  EXPECT_FALSE(MakeDesired(api::TenantId("acme"), spec));
  spec.logins.clear();
  EXPECT_FALSE(MakeDesired(api::TenantId("acme"), spec));
}

TEST(MakeDesired, TakesTheBuiltInTemplate) {
  api::TenantStorageSpec spec{.postgres = {.database = "app"}, .template_name = "Music"};
  spec.logins = {{"tenant_acme_app", std::nullopt}};
  const auto desired = MakeDesired(api::TenantId("acme"), spec);
  ASSERT_TRUE(desired);
  ASSERT_EQ(desired->migrations.size(), 1U);
  EXPECT_EQ(desired->migrations[0].name, "V1__music.sql");
  spec.template_name = "Jazz";
  EXPECT_FALSE(MakeDesired(api::TenantId("acme"), spec));
}

}  // namespace
}  // namespace tenantry::agent
