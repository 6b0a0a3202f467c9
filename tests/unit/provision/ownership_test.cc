#include "agent/provision/ownership.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/api/reasons.h"

namespace tenantry::agent {
namespace {

using ::testing::HasSubstr;

DesiredStorage Wanted(api::Isolation isolation = api::Isolation::kSchema) {
  DesiredStorage desired;
  desired.names = MakeNames(api::TenantId("acme"), isolation, "music", "app").value();
  desired.owner_uid = "uid-1";
  desired.owner = "platform/acme";
  return desired;
}

CatalogueRow RowOf(const std::string& uid) {
  return {.owner_uid = uid,
          .owner = "platform/other",
          .isolation = "Schema",
          .database = "app",
          .schema = "tenant_acme"};
}

TEST(DecideClaim, IsNewWhenNothingIsThere) {
  EXPECT_EQ(DecideClaim(Wanted(), {}, Adoption::kRefused).value(), Claim::kNew);
}

TEST(DecideClaim, IsOursByTheCatalogueWhateverExists) {
  ObservedStorage observed;
  observed.row = RowOf("uid-1");
  observed.schema_owner = "tenant_acme_owner";
  EXPECT_EQ(DecideClaim(Wanted(), observed, Adoption::kRefused).value(), Claim::kOurs);
}

TEST(DecideClaim, NeedsAdoptionForAnotherOwner) {
  ObservedStorage observed;
  observed.row = RowOf("uid-2");
  const auto refused = DecideClaim(Wanted(), observed, Adoption::kRefused);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, api::reason::kAdoptionRequired);
  EXPECT_EQ(DecideClaim(Wanted(), observed, Adoption::kAllowed).value(), Claim::kTakeOver);
}

TEST(DecideClaim, NeedsAdoptionForWhatNobodyEntered) {
  ObservedStorage schema;
  schema.schema_owner = "postgres";
  ObservedStorage role;
  role.roles["tenant_acme_reader"] = {};
  for (const ObservedStorage& observed : {schema, role}) {
    EXPECT_FALSE(DecideClaim(Wanted(), observed, Adoption::kRefused));
    EXPECT_EQ(DecideClaim(Wanted(), observed, Adoption::kAllowed).value(), Claim::kTakeOver);
  }
  ObservedStorage database;
  database.database = DatabaseState{};
  EXPECT_FALSE(DecideClaim(Wanted(api::Isolation::kDatabase), database, Adoption::kRefused));
}

TEST(DecideClaim, SharesTheTablesOfOthers) {
  ObservedStorage observed;
  observed.schema_owner = "shared_music_owner";
  observed.roles["shared_music_owner"] = {};
  observed.database = DatabaseState{};
  EXPECT_EQ(DecideClaim(Wanted(api::Isolation::kRowLevel), observed, Adoption::kRefused).value(),
            Claim::kNew);
}

TEST(DecideClaim, RefusesAnotherIsolation) {
  for (const char* uid : {"uid-1", "uid-2"}) {
    ObservedStorage observed;
    observed.row = RowOf(uid);
    const auto refused =
        DecideClaim(Wanted(api::Isolation::kRowLevel), observed, Adoption::kAllowed);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason, api::reason::kInvalidSpec);
    EXPECT_THAT(refused.error().message, HasSubstr("isolation Schema in schema tenant_acme"));
  }
}

}  // namespace
}  // namespace tenantry::agent
