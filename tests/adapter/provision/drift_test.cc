#include "tests/adapter/provision/fixture.h"

namespace tenantry::agent {
namespace {

using api::Isolation;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// What a person does to the database behind our back, and the words that tell of it.
struct Drift {
  const char* name;
  Isolation isolation;
  const char* sabotage;  // as superuser, beside the tables; %s is nothing: names are fixed
  const char* told;
};

class DriftTest : public ::testing::TestWithParam<Drift> {
 protected:
  static std::string Tenant() {
    switch (GetParam().isolation) {
      case Isolation::kSchema:
        return "drifts";
      case Isolation::kDatabase:
        return "driftd";
      case Isolation::kRowLevel:
        return "driftr";
    }
    return "";
  }
};

TEST_P(DriftTest, IsToldAndPutRight) {
  const api::TenantStorageSpec spec = MusicSpec(Tenant(), GetParam().isolation);
  ASSERT_EQ(Provision(Tenant(), spec).message(), "");
  const std::string database =
      GetParam().isolation == Isolation::kDatabase ? "tenant_" + Tenant() : "app";
  const Result<void> sabotaged = Postgres().Script(database, GetParam().sabotage);
  ASSERT_TRUE(sabotaged) << sabotaged.error().message;

  const auto observed = Observe(Tenant(), spec);
  ASSERT_EQ(observed.message(), "");
  EXPECT_THAT(observed.result.drift, Contains(HasSubstr(GetParam().told)));

  const auto corrected = Provision(Tenant(), spec);
  ASSERT_EQ(corrected.message(), "");
  EXPECT_THAT(corrected.result.changes, Not(IsEmpty()));
  EXPECT_THAT(Observe(Tenant(), spec).result.drift, IsEmpty());
  const auto app = LogIn("tenant_" + Tenant() + "_app", "app-" + Tenant(), database);
  ASSERT_NE(app, nullptr);
  EXPECT_EQ(Ask(*app, "SELECT tenant_id FROM tenantry.my_tenant"), Tenant());
}

INSTANTIATE_TEST_SUITE_P(
    Cases, DriftTest,
    ::testing::Values(
        Drift{"DroppedAppRole", Isolation::kSchema,
              "DROP OWNED BY tenant_drifts_app; DROP ROLE tenant_drifts_app",
              "Role tenant_drifts_app is missing."},
        Drift{"DroppedReaderRole", Isolation::kSchema,
              "DROP OWNED BY tenant_drifts_reader; DROP ROLE tenant_drifts_reader",
              "Role tenant_drifts_reader is missing."},
        Drift{"ClosedLogin", Isolation::kSchema, "ALTER ROLE tenant_drifts_app NOLOGIN",
              "Role tenant_drifts_app is closed for logins."},
        Drift{"OtherPassword", Isolation::kSchema,
              "ALTER ROLE tenant_drifts_app PASSWORD 'of somebody else'",
              "Role tenant_drifts_app cannot log in with its password. Password of user "
              "tenant_drifts_app was refused by"},
        Drift{"ExpiredPassword", Isolation::kSchema,
              "ALTER ROLE tenant_drifts_app VALID UNTIL '2001-01-01'",
              "The password of role tenant_drifts_app expires."},
        Drift{"OpenOwner", Isolation::kSchema, "ALTER ROLE tenant_drifts_owner LOGIN PASSWORD 'x'",
              "Role tenant_drifts_owner is open for logins"},
        Drift{"OtherConnectionLimit", Isolation::kSchema,
              "ALTER ROLE tenant_drifts_app CONNECTION LIMIT 77",
              "The connection limit of role tenant_drifts_app is 77, but should be 5."},
        Drift{"BypassesRowSecurity", Isolation::kSchema, "ALTER ROLE tenant_drifts_app CREATEDB",
              "Role tenant_drifts_app has CREATEDB."},
        Drift{"OtherSearchPath", Isolation::kSchema,
              "ALTER ROLE tenant_drifts_app SET search_path = public",
              "Role tenant_drifts_app has not search_path = tenant_drifts."},
        Drift{"OtherSearchPathInDatabase", Isolation::kSchema,
              "ALTER ROLE tenant_drifts_app IN DATABASE app SET search_path = public",
              "Role tenant_drifts_app has another search_path in database app."},
        Drift{"RevokedTableGrant", Isolation::kSchema,
              "REVOKE INSERT ON tenant_drifts.tracks FROM tenant_drifts_app",
              "Role tenant_drifts_app lacks INSERT on table tenant_drifts.tracks."},
        Drift{"RevokedSchemaUsage", Isolation::kSchema,
              "REVOKE USAGE ON SCHEMA tenant_drifts FROM tenant_drifts_app",
              "Role tenant_drifts_app may not use schema tenant_drifts."},
        Drift{"RevokedConnect", Isolation::kSchema,
              "REVOKE CONNECT ON DATABASE app FROM tenant_drifts_app",
              "Role tenant_drifts_app may not connect to database app."},
        Drift{"RevokedDefaultRights", Isolation::kSchema,
              "ALTER DEFAULT PRIVILEGES FOR ROLE tenant_drifts_owner IN SCHEMA tenant_drifts "
              "REVOKE SELECT ON TABLES FROM tenant_drifts_app",
              "Role tenant_drifts_app gets no rights to new tables of schema tenant_drifts."},
        Drift{"OpenedDatabase", Isolation::kSchema, "GRANT CONNECT ON DATABASE app TO PUBLIC",
              "Every role may connect to database app."},
        Drift{"MissingSchema", Isolation::kSchema, "DROP SCHEMA tenant_drifts CASCADE",
              "Schema tenant_drifts is missing."},
        Drift{"MissingMigration", Isolation::kSchema, "DROP SCHEMA tenant_drifts CASCADE",
              "Migration V1__music.sql is not applied."},
        Drift{"WrongSchemaOwner", Isolation::kSchema,
              "ALTER SCHEMA tenant_drifts OWNER TO tenantry_admin",
              "Owner of schema tenant_drifts is tenantry_admin."},
        Drift{"WrongTableOwner", Isolation::kSchema,
              "ALTER TABLE tenant_drifts.tracks OWNER TO tenantry_admin",
              "Owner of table tenant_drifts.tracks is tenantry_admin."},
        Drift{"MissingTenantCheck", Isolation::kSchema,
              "ALTER TABLE tenant_drifts.tracks DROP CONSTRAINT tenantry_tenant",
              "Column tenant_id of table tenant_drifts.tracks is not checked."},
        Drift{"OtherConfig", Isolation::kSchema,
              "UPDATE tenantry.tenants SET config = '{}' WHERE tenant_id = 'drifts'",
              "The configuration published in database app is not the one of the Tenant."},
        Drift{"ForeignMembership", Isolation::kSchema,
              "CREATE ROLE tenant_foreign_app; GRANT tenant_foreign_app TO tenant_drifts_app",
              "Role tenant_drifts_app is a member of role tenant_foreign_app"},
        Drift{"LostMembership", Isolation::kSchema,
              "REVOKE tenant_drifts_owner FROM tenantry_admin",
              "tenantry_admin is no member of role tenant_drifts_owner."},
        Drift{"LostMapping", Isolation::kSchema,
              "DELETE FROM tenantry.row_tenants WHERE role_name = 'tenant_drifts_app'",
              "Role tenant_drifts_app is not tied to tenant drifts."},
        Drift{"OpenedOwnDatabase", Isolation::kDatabase,
              "GRANT CONNECT ON DATABASE tenant_driftd TO PUBLIC",
              "Every role may connect to database tenant_driftd."},
        Drift{"LostCatalogueOfOwnDatabase", Isolation::kDatabase, "DROP SCHEMA tenantry CASCADE",
              "Tenant driftd is not in the catalogue of database tenant_driftd."},
        Drift{"MissingSchemaOfOwnDatabase", Isolation::kDatabase,
              "DROP SCHEMA tenant_driftd CASCADE", "Schema tenant_driftd is missing."},
        Drift{"DisabledRowSecurity", Isolation::kRowLevel,
              "ALTER TABLE shared_music.tracks DISABLE ROW LEVEL SECURITY",
              "Row security of table shared_music.tracks is disabled."},
        Drift{"UnforcedRowSecurity", Isolation::kRowLevel,
              "ALTER TABLE shared_music.tracks NO FORCE ROW LEVEL SECURITY",
              "Row security of table shared_music.tracks is not forced."},
        Drift{"MissingPolicy", Isolation::kRowLevel,
              "DROP POLICY tenantry_tenant ON shared_music.tracks",
              "The tenant policy of table shared_music.tracks is missing."},
        Drift{"ChangedPolicy", Isolation::kRowLevel,
              "ALTER POLICY tenantry_tenant ON shared_music.tracks USING (true)",
              "The tenant policy of table shared_music.tracks was changed."},
        Drift{"PolicyForSomeRolesOnly", Isolation::kRowLevel,
              "ALTER POLICY tenantry_tenant ON shared_music.tracks TO tenant_driftr_app",
              "The tenant policy of table shared_music.tracks was changed."},
        Drift{"FurtherPolicy", Isolation::kRowLevel,
              "CREATE POLICY all_rows ON shared_music.tracks USING (true)",
              "Policy all_rows opens table shared_music.tracks to other tenants."},
        Drift{"MayTruncate", Isolation::kRowLevel,
              "GRANT TRUNCATE ON shared_music.tracks TO tenant_driftr_app",
              "Role tenant_driftr_app has TRUNCATE on table shared_music.tracks."},
        Drift{"LostDefault", Isolation::kRowLevel,
              "ALTER TABLE shared_music.tracks ALTER COLUMN tenant_id DROP DEFAULT",
              "Column tenant_id of table shared_music.tracks has no tenant as its default."}),
    [](const auto& drift) { return std::string(drift.param.name); });

TEST(Provision, MakesADroppedDatabaseAnew) {
  const api::TenantStorageSpec spec = MusicSpec("driftlost", Isolation::kDatabase);
  const auto before = Provision("driftlost", spec);
  ASSERT_EQ(before.message(), "");
  ASSERT_TRUE(Postgres().Script("app", "DROP DATABASE tenant_driftlost WITH (FORCE)"));
  EXPECT_THAT(Observe("driftlost", spec).result.drift,
              Contains("Database tenant_driftlost is missing."));
  const auto after = Provision("driftlost", spec);
  ASSERT_EQ(after.message(), "");
  EXPECT_NE(after.result.incarnation, before.result.incarnation);
}

TEST(Provision, ForgetsLoadsOfASchemaThatIsGone) {
  const api::TenantStorageSpec spec = MusicSpec("driftloads");
  ASSERT_EQ(Provision("driftloads", spec).message(), "");
  {
    const auto app = LogIn("tenant_driftloads_app", "app-driftloads");
    ASSERT_EQ(Ask(*app,
                  "INSERT INTO tenantry.loads (fixture_set, dataset, content_hash) "
                  "VALUES ('set', 'albums', 'hash')"),
              "");
  }
  ASSERT_TRUE(Postgres().Script("app", "DROP SCHEMA tenant_driftloads CASCADE"));
  ASSERT_EQ(Provision("driftloads", spec).message(), "");
  EXPECT_EQ(AskSuperuser("SELECT count(*) FROM tenantry.loads WHERE tenant_id = 'driftloads'"),
            "0");
}

TEST(Provision, MakesSharedTablesAnewForAllTheirTenants) {
  api::TenantStorageSpec one = MusicSpec("sharedone", Isolation::kRowLevel);
  api::TenantStorageSpec two = MusicSpec("sharedtwo", Isolation::kRowLevel);
  one.schema_name = two.schema_name = "lost";
  ASSERT_EQ(Provision("sharedone", one).message(), "");
  const auto before = Provision("sharedtwo", two);
  ASSERT_EQ(before.message(), "");
  ASSERT_TRUE(Postgres().Script("app", "DROP SCHEMA shared_lost CASCADE"));
  ASSERT_EQ(Provision("sharedone", one).message(), "");
  EXPECT_NE(Observe("sharedtwo", two).result.incarnation, before.result.incarnation);
}

}  // namespace
}  // namespace tenantry::agent
