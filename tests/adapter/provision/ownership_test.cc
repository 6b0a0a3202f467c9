#include "agent/provision/catalogue.h"
#include "common/api/reasons.h"
#include "tests/adapter/provision/fixture.h"

namespace tenantry::agent {
namespace {

using api::DeletionPolicy;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

api::TenantStorageSpec OfAnother(api::TenantStorageSpec spec) {
  spec.owner_uid = "uid-of-another";
  spec.owner = "elsewhere/another";
  spec.logins[0].password = Secret("another-password");
  return spec;
}

TEST(Ownership, RefusesATenantOfAnotherOwnerAndTouchesNothing) {
  const api::TenantStorageSpec spec = MusicSpec("owned");
  ASSERT_EQ(Provision("owned", spec).message(), "");

  const auto refused = Provision("owned", OfAnother(spec));

  EXPECT_EQ(refused.reason(), api::reason::kAdoptionRequired);
  EXPECT_THAT(refused.message(), HasSubstr("belongs to Tenant platform/owned"));
  EXPECT_THAT(refused.message(), HasSubstr("tenantry.dev/adopt: \"true\""));
  EXPECT_NE(LogIn("tenant_owned_app", "app-owned"), nullptr);
  EXPECT_THAT(Observe("owned", spec).result.drift, IsEmpty());
}

TEST(Ownership, TakesATenantOverWhenAsked) {
  const api::TenantStorageSpec spec = MusicSpec("adopted");
  const auto before = Provision("adopted", spec);
  ASSERT_EQ(before.message(), "");
  api::TenantStorageSpec adopting = OfAnother(spec);
  adopting.adopt = true;

  const auto after = Provision("adopted", adopting);

  ASSERT_EQ(after.message(), "");
  EXPECT_EQ(after.result.incarnation, before.result.incarnation) << "the data is the same";
  EXPECT_NE(LogIn("tenant_adopted_app", "another-password"), nullptr);
  EXPECT_EQ(LogIn("tenant_adopted_app", "app-adopted"), nullptr);
  EXPECT_EQ(AskSuperuser("SELECT owner FROM tenantry.tenants WHERE tenant_id = 'adopted'"),
            "elsewhere/another");
  EXPECT_EQ(Provision("adopted", spec).reason(), api::reason::kAdoptionRequired);
}

TEST(Ownership, RefusesRetainedDataOfAnotherOwner) {
  const api::TenantStorageSpec spec = MusicSpec("retained");
  ASSERT_EQ(Provision("retained", spec).message(), "");
  ASSERT_EQ(Deprovision("retained", DeprovisionSpecOf(spec, DeletionPolicy::kRetain)).message(),
            "");
  api::TenantStorageSpec next = OfAnother(spec);
  const auto refused = Provision("retained", next);
  EXPECT_EQ(refused.reason(), api::reason::kAdoptionRequired);
  EXPECT_THAT(refused.message(), HasSubstr("was retained when Tenant platform/retained"));
  next.adopt = true;
  EXPECT_EQ(Provision("retained", next).message(), "");
}

TEST(Ownership, RefusesObjectsThatNobodyEntered) {
  ASSERT_TRUE(Postgres().Script("app",
                                "CREATE SCHEMA tenant_stranger; CREATE TABLE "
                                "tenant_stranger.old (a int); "
                                "INSERT INTO tenant_stranger.old VALUES (1)"));
  api::TenantStorageSpec spec = MusicSpec("stranger");
  const auto refused = Provision("stranger", spec);
  EXPECT_EQ(refused.reason(), api::reason::kAdoptionRequired);
  EXPECT_THAT(refused.message(), HasSubstr("schema tenant_stranger"));
  EXPECT_EQ(AskSuperuser("SELECT count(*) FROM pg_roles WHERE rolname LIKE 'tenant_stranger%'"),
            "0");

  spec.adopt = true;
  ASSERT_TRUE(Postgres().Script("app",
                                "ALTER SCHEMA tenant_stranger OWNER TO tenantry_admin; "
                                "ALTER TABLE tenant_stranger.old OWNER TO tenantry_admin"));
  ASSERT_EQ(Provision("stranger", spec).message(), "");
  const auto app = LogIn("tenant_stranger_app", "app-stranger");
  ASSERT_NE(app, nullptr);
  EXPECT_EQ(Ask(*app, "SELECT count(*) FROM tenant_stranger.old"), "1");
}

TEST(Ownership, SaysWhatAnAdoptedObjectLacks) {
  ASSERT_TRUE(Postgres().Script("app", "CREATE SCHEMA tenant_superowned"));
  api::TenantStorageSpec spec = MusicSpec("superowned");
  spec.adopt = true;
  const auto refused = Provision("superowned", spec);
  EXPECT_EQ(refused.reason(), api::reason::kInsufficientPrivilege);
  EXPECT_THAT(refused.message(), HasSubstr("Owner of schema tenant_superowned is postgres."));
}

TEST(Ownership, RefusesARoleThatNobodyEntered) {
  ASSERT_TRUE(Postgres().Script("app", "CREATE ROLE tenant_roleonly_app LOGIN PASSWORD 'own'"));
  EXPECT_EQ(Provision("roleonly", MusicSpec("roleonly")).reason(), api::reason::kAdoptionRequired);
  EXPECT_NE(LogIn("tenant_roleonly_app", "own", "postgres"), nullptr) << "it was not touched";
}

TEST(Ownership, RefusesAnotherIsolationForKeptData) {
  const api::TenantStorageSpec spec = MusicSpec("moved");
  ASSERT_EQ(Provision("moved", spec).message(), "");
  api::TenantStorageSpec moved = spec;
  moved.isolation = api::Isolation::kDatabase;
  EXPECT_EQ(Provision("moved", moved).reason(), api::reason::kInvalidSpec);
}

TEST(Ownership, DeletesNothingOfAnotherOwner) {
  const api::TenantStorageSpec spec = MusicSpec("kept");
  ASSERT_EQ(Provision("kept", spec).message(), "");
  api::DeprovisionSpec other = DeprovisionSpecOf(spec, DeletionPolicy::kDelete);
  other.owner_uid = "uid-of-another";
  const auto done = Deprovision("kept", other);
  ASSERT_EQ(done.message(), "");
  EXPECT_THAT(done.result.removed, IsEmpty());
  EXPECT_THAT(done.result.kept, Contains(HasSubstr("belongs to Tenant platform/kept")));
  EXPECT_THAT(Observe("kept", spec).result.drift, IsEmpty());
}

TEST(Catalogue, TellsWhoHasTheLockOfATenant) {
  ASSERT_EQ(Provision("busy", MusicSpec("busy")).message(), "");
  const auto first = postgres::Connection::Open(Postgres().admin(), "first agent").value();
  const auto second = postgres::Connection::Open(Postgres().admin(), "second agent").value();
  ASSERT_TRUE(second->ExecuteScript("SET lock_timeout = '1ms'"));
  ASSERT_TRUE(LockTenant(*first, api::TenantId("busy")));
  const Result<void> refused = LockTenant(*second, api::TenantId("busy"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(refused.error().reason, api::reason::kTenantBusy);
  EXPECT_THAT(refused.error().message, HasSubstr("Another task has the lock of tenant busy"));
  EXPECT_TRUE(LockTenant(*second, api::TenantId("other_tenant")));

  const auto squatter = LogIn("tenant_busy_app", "app-busy");
  const std::string key = AskSuperuser(
      "SELECT classid::int8 || ', ' || CASE WHEN objid::int8 > 2147483647 THEN objid::int8 - "
      "4294967296 ELSE objid::int8 END FROM pg_locks WHERE locktype = 'advisory' AND pid = " +
      Ask(*first, "SELECT pg_backend_pid()"));
  ASSERT_TRUE(first->ExecuteScript("SELECT pg_advisory_unlock_all()"));
  ASSERT_EQ(Ask(*squatter, "SELECT pg_advisory_lock(" + key + ")"), "");
  EXPECT_THAT(LockTenant(*second, api::TenantId("busy")).error().message,
              HasSubstr("of role tenant_busy_app has the lock of tenant busy"));
}

TEST(Ownership, HarmlessNames) {
  for (const char* id : {"select", "user", "public", "pg_catalog"}) {
    const api::TenantStorageSpec spec = MusicSpec(id);
    EXPECT_EQ(Provision(id, spec).message(), "") << id;
    EXPECT_THAT(Observe(id, spec).result.drift, IsEmpty()) << id;
    EXPECT_EQ(Deprovision(id, DeprovisionSpecOf(spec, DeletionPolicy::kDelete)).message(), "");
  }
  for (const char* id : {"Robert'); DROP TABLE students;--", "a\"b", "A", "1a", "a-b"}) {
    EXPECT_EQ(Provision(id, MusicSpec(id)).reason(), api::reason::kInvalidSpec) << id;
    EXPECT_EQ(Deprovision(id, DeprovisionSpecOf(MusicSpec(id), DeletionPolicy::kDelete)).reason(),
              api::reason::kInvalidSpec)
        << id;
  }
}

}  // namespace
}  // namespace tenantry::agent
