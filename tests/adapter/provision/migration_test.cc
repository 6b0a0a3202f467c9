#include "common/api/reasons.h"
#include "tests/adapter/provision/fixture.h"

namespace tenantry::agent {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

api::TenantStorageSpec SpecWith(const std::string& tenant,
                                std::vector<api::MigrationFile> migrations,
                                api::Isolation isolation = api::Isolation::kSchema) {
  api::TenantStorageSpec spec = MusicSpec(tenant, isolation);
  spec.template_name.clear();
  spec.schema_name = tenant;
  spec.migrations = std::move(migrations);
  return spec;
}

std::string History(const std::string& schema) {
  return AskSuperuser("SELECT string_agg(name, ' ' ORDER BY version) FROM " + schema +
                      ".schema_history");
}

TEST(Migrations, AreAppliedInTheOrderOfTheirNumbers) {
  const api::TenantStorageSpec spec =
      SpecWith("ordered", {{"V10__third.sql", "INSERT INTO t VALUES (10)"},
                           {"V2__second.sql", "INSERT INTO t VALUES (2)"},
                           {"V1__first.sql", "CREATE TABLE t (a int); CREATE TABLE u (a int)"}});
  const auto done = Provision("ordered", spec);
  ASSERT_EQ(done.message(), "");
  EXPECT_EQ(done.result.schema_version, "10");
  EXPECT_EQ(History("tenant_ordered"), "V1__first.sql V2__second.sql V10__third.sql");
  EXPECT_EQ(AskSuperuser("SELECT string_agg(a::text, ' ') FROM tenant_ordered.t"), "2 10");
}

TEST(Migrations, GoUpToTheVersionAskedForAndOnLater) {
  api::TenantStorageSpec spec = SpecWith(
      "upto", {{"V1__a.sql", "CREATE TABLE a (a int)"}, {"V2__b.sql", "CREATE TABLE b (a int)"}});
  spec.version = 1;
  EXPECT_EQ(Provision("upto", spec).result.schema_version, "1");
  spec.version.reset();
  EXPECT_THAT(Observe("upto", spec).result.drift, Contains("Migration V2__b.sql is not applied."));
  EXPECT_EQ(Provision("upto", spec).result.schema_version, "2");
  spec.version = 1;
  const auto back = Provision("upto", spec);
  EXPECT_EQ(back.reason(), api::reason::kMigrationFailed);
  EXPECT_THAT(back.message(), HasSubstr("there is no way back"));
}

TEST(Migrations, NameFileAndLineOfAnErrorAndApplyNothingOfIt) {
  const api::TenantStorageSpec spec = SpecWith(
      "broken",
      {{"V1__good.sql", "CREATE TABLE good (a int)"},
       {"V2__bad.sql", "CREATE TABLE half (a int);\n-- \xC3\xBC\n\nSELECT nothing FROM good;"}});
  const auto done = Provision("broken", spec);
  EXPECT_EQ(done.reason(), api::reason::kMigrationFailed);
  EXPECT_EQ(done.error->code, ErrorCode::kInvalid);
  EXPECT_THAT(done.message(), HasSubstr("Migration V2__bad.sql failed in line 4: "));
  EXPECT_THAT(done.message(), HasSubstr("nothing"));
  EXPECT_EQ(AskSuperuser("SELECT to_regclass('tenant_broken.half') IS NULL"), "t");
  EXPECT_EQ(History("tenant_broken"), "V1__good.sql");

  api::TenantStorageSpec mended = spec;
  mended.migrations[1].sql = "CREATE TABLE half (a int)";
  EXPECT_EQ(Provision("broken", mended).message(), "");
}

TEST(Migrations, NameTheLineOfASyntaxError) {
  const auto done = Provision(
      "syntax", SpecWith("syntax", {{"V1__bad.sql", "CREATE TABLE a (a int);\nCREATE TALBE b;"}}));
  EXPECT_THAT(done.message(), HasSubstr("Migration V1__bad.sql failed in line 2: syntax error"));
}

TEST(Migrations, MayNotChangeOrVanishOnceApplied) {
  const api::TenantStorageSpec spec =
      SpecWith("changed",
               {{"V1__a.sql", "CREATE TABLE a (a int)"}, {"V2__b.sql", "CREATE TABLE b (a int)"}});
  ASSERT_EQ(Provision("changed", spec).message(), "");
  api::TenantStorageSpec changed = spec;
  changed.migrations[0].sql += " ";
  EXPECT_THAT(Provision("changed", changed).message(),
              HasSubstr("Migration V1__a.sql was changed"));
  api::TenantStorageSpec missing = spec;
  missing.migrations.erase(missing.migrations.begin());
  EXPECT_THAT(Provision("changed", missing).message(),
              HasSubstr("Migration V1__a.sql is applied, but its file is gone"));
  EXPECT_THAT(Provision("changed", spec).result.changes, IsEmpty());
}

TEST(Migrations, AreOneTransactionWhateverTheySay) {
  for (const char* command : {"COMMIT", "COMMIT; BEGIN", "ROLLBACK", "END", "BEGIN",
                              "PREPARE TRANSACTION 'x'", "SAVEPOINT s"}) {
    const auto done =
        Provision("commits",
                  SpecWith("commits", {{"V1__a.sql", std::string("CREATE TABLE a (a int);\n") +
                                                         command + ";\nCREATE TABLE b (a int);"}}));
    EXPECT_EQ(done.reason(), api::reason::kMigrationFailed) << command;
    EXPECT_THAT(done.message(), HasSubstr("V1__a.sql contains COMMIT, ROLLBACK or another"));
    EXPECT_EQ(AskSuperuser("SELECT to_regclass('tenant_commits.a') IS NULL"), "t") << command;
  }
}

TEST(Migrations, CanDoNoMoreThanTheOwner) {
  ASSERT_EQ(Provision("victim", MusicSpec("victim")).message(), "");
  for (const char* evil :
       {"RESET ROLE; CREATE ROLE evil_role SUPERUSER",
        "RESET SESSION AUTHORIZATION; CREATE ROLE evil_role", "SET ROLE tenantry_admin",
        "SET SESSION AUTHORIZATION postgres", "SELECT * FROM tenant_victim.artists",
        "DROP SCHEMA tenant_victim CASCADE", "DELETE FROM tenantry.tenants",
        "INSERT INTO tenantry.row_tenants VALUES "
        "('tenant_evil_owner', 'victim')",
        "CREATE SCHEMA elsewhere", "COPY (SELECT 1) TO PROGRAM 'id'", "COPY a FROM STDIN"}) {
    const auto done = Provision(
        "evil",
        SpecWith("evil", {{"V1__evil.sql", std::string("CREATE TABLE a (a int);") + evil}}));
    EXPECT_EQ(done.reason(), api::reason::kMigrationFailed) << evil;
    EXPECT_EQ(AskSuperuser("SELECT to_regclass('tenant_evil.a') IS NULL"), "t") << evil;
  }
  EXPECT_EQ(AskSuperuser("SELECT count(*) FROM pg_roles WHERE rolname = 'evil_role'"), "0");
  EXPECT_THAT(Observe("victim", MusicSpec("victim")).result.drift, IsEmpty());
}

TEST(Migrations, CannotMakeTheAdminRunTheirCode) {
  // A function that would make its caller's role a superuser's friend, put wherever a careless
  // admin would step on it: a default, a policy, a trigger, an index, the history, the size.
  const std::string trap = R"(
    CREATE FUNCTION trap() RETURNS boolean LANGUAGE plpgsql AS $$
    BEGIN
      IF pg_has_role(current_user, 'tenantry_admin', 'USAGE') THEN
        EXECUTE 'CREATE ROLE trapped';
      END IF;
      RETURN true;
    END $$;
    CREATE TABLE t (tenant_id text CHECK (trap()), b boolean DEFAULT trap());
    INSERT INTO t VALUES ('trap');
    ALTER TABLE t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
    CREATE POLICY p ON t USING (trap());
    ALTER TABLE schema_history ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
    CREATE POLICY p ON schema_history USING (trap()) WITH CHECK (true);
    CREATE VIEW v AS SELECT trap() FROM t;)";
  const api::TenantStorageSpec spec = SpecWith("trap", {{"V1__trap.sql", trap}});
  const auto done = Provision("trap", spec);
  EXPECT_EQ(done.reason(), api::reason::kMigrationFailed);
  EXPECT_THAT(done.message(), HasSubstr("schema_history"));
  Observe("trap", spec);
  EXPECT_EQ(Deprovision("trap", DeprovisionSpecOf(spec, api::DeletionPolicy::kDelete)).message(),
            "");
  EXPECT_EQ(AskSuperuser("SELECT count(*) FROM pg_roles WHERE rolname = 'trapped'"), "0");
}

TEST(Migrations, LeaveTheOwnerClosed) {
  ASSERT_EQ(Provision("closed", MusicSpec("closed")).message(), "");
  EXPECT_EQ(AskSuperuser("SELECT rolcanlogin::text || ' ' || (rolpassword IS NULL)::text FROM "
                         "pg_authid WHERE rolname = 'tenant_closed_owner'"),
            "false true");
}

TEST(Migrations, NeedATenantColumnInSharedTables) {
  const auto done =
      Provision("columnless", SpecWith("columnless", {{"V1__a.sql", "CREATE TABLE open (a int)"}},
                                       api::Isolation::kRowLevel));
  EXPECT_EQ(done.reason(), api::reason::kMigrationFailed);
  EXPECT_THAT(done.message(), HasSubstr("Table shared_columnless.open has no column tenant_id"));
  const auto app = LogIn("tenant_columnless_app", "app-columnless");
  ASSERT_NE(app, nullptr);
  EXPECT_EQ(Ask(*app, "SELECT count(*) FROM shared_columnless.open"), "error 42501");
}

TEST(Migrations, TablesWithoutATenantColumnAreFineForOneTenant) {
  const api::TenantStorageSpec spec =
      SpecWith("plain", {{"V1__a.sql",
                          "CREATE TABLE languages (alpha_3 text PRIMARY KEY, name text); "
                          "CREATE TABLE n (id serial, tenant_id int)"}});
  ASSERT_EQ(Provision("plain", spec).message(), "");
  const auto app = LogIn("tenant_plain_app", "app-plain");
  EXPECT_EQ(Ask(*app, "INSERT INTO tenant_plain.languages VALUES ('fra', 'French')"), "");
  EXPECT_EQ(Ask(*app, "INSERT INTO tenant_plain.n (tenant_id) VALUES (7) RETURNING id"), "1");
  EXPECT_EQ(Ask(*app, "DELETE FROM tenant_plain.schema_history"), "error 42501");
  EXPECT_THAT(Observe("plain", spec).result.drift, IsEmpty());
}

TEST(Migrations, MayBeNone) {
  const api::TenantStorageSpec spec = SpecWith("bare", {});
  const auto done = Provision("bare", spec);
  ASSERT_EQ(done.message(), "");
  EXPECT_EQ(done.result.schema_version, "");
  EXPECT_THAT(Observe("bare", spec).result.drift, IsEmpty());
}

TEST(Migrations, UnknownTemplate) {
  api::TenantStorageSpec spec = MusicSpec("notemplate");
  spec.template_name = "Jazz";
  EXPECT_EQ(Provision("notemplate", spec).reason(), api::reason::kInvalidSpec);
}

}  // namespace
}  // namespace tenantry::agent
