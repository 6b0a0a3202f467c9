#include <gtest/gtest.h>

#include "common/api/protocol.h"

namespace tenantry::api {
namespace {

Tenant TenantNamed(const std::string& name, const std::string& id) {
  Tenant tenant;
  tenant.meta.name = Name(name);
  tenant.spec.tenant_id = TenantId(id);
  return tenant;
}

TEST(EffectiveTenantId, IsTheOneOfTheSpec) {
  EXPECT_EQ(EffectiveTenantId(TenantNamed("acme-corp", "acme")).value(), "acme");
}

TEST(EffectiveTenantId, IsTheNameWithUnderscoresOtherwise) {
  EXPECT_EQ(EffectiveTenantId(TenantNamed("acme-corp-eu", "")).value(), "acme_corp_eu");
}

TEST(IsValidTenantId, AcceptsLowerCaseLettersDigitsAndUnderscores) {
  for (const char* id :
       {"a", "acme", "select", "a1_b2", "a_", "abcdefghijklmnopqrstuvwxyz0123456789_abc"}) {
    EXPECT_TRUE(IsValidTenantId(TenantId(id))) << id;
  }
}

TEST(IsValidTenantId, RefusesEverythingElse) {
  for (const char* id : {"", "1a", "_a", "Acme", "a-b", "a.b", "a\"b", "a b", "é",
                         "abcdefghijklmnopqrstuvwxyz0123456789_abcd"}) {
    EXPECT_FALSE(IsValidTenantId(TenantId(id))) << id;
  }
  EXPECT_FALSE(IsValidTenantId(TenantId(std::string("a\0b", 3))));
}

TEST(SchemaName, DependsOnTheIsolation) {
  const TenantId id("acme");
  EXPECT_EQ(SchemaName(id, Isolation::kSchema, "music"), "tenant_acme");
  EXPECT_EQ(SchemaName(id, Isolation::kDatabase, "music"), "tenant_acme");
  EXPECT_EQ(SchemaName(id, Isolation::kRowLevel, "music"), "shared_music");
}

TEST(DatabaseName, IsTheStoresUnlessTheTenantHasItsOwn) {
  const TenantId id("acme");
  EXPECT_EQ(DatabaseName(id, Isolation::kSchema, "app"), "app");
  EXPECT_EQ(DatabaseName(id, Isolation::kRowLevel, "app"), "app");
  EXPECT_EQ(DatabaseName(id, Isolation::kDatabase, "app"), "tenant_acme");
}

TEST(RoleNames, FitIntoPostgresIdentifiers) {
  const TenantId longest(std::string(40, 'a'));
  for (const std::string& name :
       {OwnerRole(longest), AppRole(longest), SecondAppRole(longest), ReaderRole(longest),
        SchemaName(longest, Isolation::kSchema, "")}) {
    EXPECT_LE(name.size(), 63U) << name;
  }
}

TEST(RoleNames, NameTheTenant) {
  const TenantId id("acme");
  EXPECT_EQ(OwnerRole(id), "tenant_acme_owner");
  EXPECT_EQ(AppRole(id), "tenant_acme_app");
  EXPECT_EQ(SecondAppRole(id), "tenant_acme_app_2");
  EXPECT_EQ(ReaderRole(id), "tenant_acme_reader");
  EXPECT_EQ(RedisUser(id), "tenant_acme");
  EXPECT_EQ(RedisPrefix(id), "acme:");
}

TEST(KindNames, AreThoseOfTheCrds) {
  EXPECT_STREQ(ToString(Kind::kDataStore), "DataStore");
  EXPECT_STREQ(PluralOf(Kind::kDataStore), "datastores");
  EXPECT_STREQ(ToString(Kind::kTenant), "Tenant");
  EXPECT_STREQ(PluralOf(Kind::kTenant), "tenants");
  EXPECT_STREQ(ToString(Kind::kFixtureSet), "FixtureSet");
  EXPECT_STREQ(PluralOf(Kind::kFixtureSet), "fixturesets");
}

TEST(EnumNames, AreCamelCase) {
  EXPECT_STREQ(ToString(SslMode::kVerifyFull), "VerifyFull");
  EXPECT_STREQ(ToString(Isolation::kRowLevel), "RowLevel");
  EXPECT_STREQ(ToString(Format::kNdjson), "NDJSON");
  EXPECT_STREQ(ToString(Conflict::kSkip), "Skip");
  EXPECT_STREQ(ToString(ConditionStatus::kUnknown), "Unknown");
  EXPECT_STREQ(ToString(TaskKind::kDeprovision), "Deprovision");
  EXPECT_STREQ(ToString(TaskState::kCancelled), "Cancelled");
}

TEST(ToLibpq, NamesEachMode) {
  EXPECT_STREQ(ToLibpq(SslMode::kDisable), "disable");
  EXPECT_STREQ(ToLibpq(SslMode::kPrefer), "prefer");
  EXPECT_STREQ(ToLibpq(SslMode::kRequire), "require");
  EXPECT_STREQ(ToLibpq(SslMode::kVerifyCa), "verify-ca");
  EXPECT_STREQ(ToLibpq(SslMode::kVerifyFull), "verify-full");
}

TEST(IsFinal, IsTrueOnceATaskHasEnded) {
  EXPECT_FALSE(IsFinal(TaskState::kQueued));
  EXPECT_FALSE(IsFinal(TaskState::kRunning));
  EXPECT_TRUE(IsFinal(TaskState::kSucceeded));
  EXPECT_TRUE(IsFinal(TaskState::kFailed));
  EXPECT_TRUE(IsFinal(TaskState::kCancelled));
}

TEST(IsRetryable, IsFalseWhereOnlyAUserCanHelp) {
  for (const ErrorCode code : {ErrorCode::kConflict, ErrorCode::kUnavailable,
                               ErrorCode::kOutcomeUnknown, ErrorCode::kCancelled}) {
    EXPECT_TRUE(IsRetryable(code)) << ToString(code);
  }
  for (const ErrorCode code : {ErrorCode::kNotFound, ErrorCode::kInvalid, ErrorCode::kInternal}) {
    EXPECT_FALSE(IsRetryable(code)) << ToString(code);
  }
}

TEST(FindCondition, FindsByType) {
  const std::vector<Condition> conditions = {
      {.type = "Ready", .status = ConditionStatus::kTrue},
      {.type = "Stalled", .status = ConditionStatus::kFalse}};
  EXPECT_EQ(FindCondition(conditions, "Stalled"), &conditions[1]);
  EXPECT_EQ(FindCondition(conditions, "Suspended"), nullptr);
  EXPECT_TRUE(IsTrue(conditions, "Ready"));
  EXPECT_FALSE(IsTrue(conditions, "Stalled"));
  EXPECT_FALSE(IsTrue(conditions, "Suspended"));
}

TEST(Counters, AddUp) {
  Counters sum{.read = 1, .inserted = 1};
  sum += {.read = 5, .updated = 1, .unchanged = 2, .skipped = 1, .rejected = 1};
  EXPECT_EQ(
      sum,
      (Counters{
          .read = 6, .inserted = 1, .updated = 1, .unchanged = 2, .skipped = 1, .rejected = 1}));
}

}  // namespace
}  // namespace tenantry::api
