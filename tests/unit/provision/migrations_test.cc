#include "agent/provision/migrations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/api/reasons.h"

namespace tenantry::agent {
namespace {

using ::testing::HasSubstr;

std::vector<std::string> NamesOf(const std::vector<Migration>& migrations) {
  std::vector<std::string> names;
  for (const Migration& migration : migrations) {
    names.push_back(migration.name);
  }
  return names;
}

std::vector<Migration> Sorted(const std::vector<api::MigrationFile>& files) {
  return SortMigrations(files, std::nullopt).value();
}

std::vector<AppliedMigration> AllApplied(const std::vector<Migration>& migrations) {
  std::vector<AppliedMigration> applied;
  for (const Migration& migration : migrations) {
    applied.push_back({migration.version, migration.name, migration.checksum});
  }
  return applied;
}

TEST(SortMigrations, OrdersByNumber) {
  EXPECT_EQ(NamesOf(Sorted({{"V10__c.sql", ""}, {"V9__b.sql", ""}, {"V0001__a.sql", ""}})),
            (std::vector<std::string>{"V0001__a.sql", "V9__b.sql", "V10__c.sql"}));
}

TEST(SortMigrations, KnowsTheChecksumOfTheText) {
  EXPECT_EQ(Sorted({{"V1__a.sql", "abc"}})[0].checksum,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(SortMigrations, RefusesOtherNames) {
  for (const char* name : {"", "V.sql", "V1.sql", "V1__.sql", "V1_a.sql", "1__a.sql", "v1__a.sql",
                           "V1__a.SQL", "V-1__a.sql", "V0__a.sql", "V99999999999999999999__a.sql",
                           "R__a.sql", "V1__a.sql.bak", "V1x__a.sql", "V 1__a.sql"}) {
    const auto refused = SortMigrations({{name, ""}}, std::nullopt);
    ASSERT_FALSE(refused) << name;
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
    EXPECT_EQ(refused.error().reason, api::reason::kMigrationFailed);
  }
}

TEST(SortMigrations, RefusesTwoOfOneNumber) {
  const auto refused = SortMigrations({{"V1__a.sql", ""}, {"V01__b.sql", ""}}, std::nullopt);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("V1__a.sql and V01__b.sql"));
}

TEST(SortMigrations, EndsAtTheVersionAskedFor) {
  const std::vector<api::MigrationFile> files = {{"V1__a.sql", ""}, {"V3__b.sql", ""}};
  EXPECT_EQ(NamesOf(SortMigrations(files, 1).value()), std::vector<std::string>{"V1__a.sql"});
  EXPECT_FALSE(SortMigrations(files, 2));
  EXPECT_FALSE(SortMigrations(files, 4));
}

TEST(PendingMigrations, AreThoseNotApplied) {
  const auto wanted = Sorted({{"V1__a.sql", "a"}, {"V2__b.sql", "b"}, {"V3__c.sql", "c"}});
  EXPECT_EQ(NamesOf(PendingMigrations(wanted, {}).value()).size(), 3U);
  EXPECT_EQ(NamesOf(PendingMigrations(wanted, AllApplied({wanted[0]})).value()),
            (std::vector<std::string>{"V2__b.sql", "V3__c.sql"}));
  EXPECT_TRUE(PendingMigrations(wanted, AllApplied(wanted)).value().empty());
}

TEST(PendingMigrations, RefusesChangedMissingAndLateOnes) {
  const auto wanted = Sorted({{"V1__a.sql", "a"}, {"V2__b.sql", "b"}, {"V3__c.sql", "c"}});
  const auto changed = PendingMigrations(Sorted({{"V1__a.sql", "other"}, {"V2__b.sql", "b"}}),
                                         AllApplied({wanted[0]}));
  ASSERT_FALSE(changed);
  EXPECT_THAT(changed.error().message, HasSubstr("V1__a.sql was changed"));
  const auto missing = PendingMigrations({wanted[0], wanted[2]}, AllApplied({wanted[1]}));
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, HasSubstr("V2__b.sql is applied, but its file is gone"));
  const auto none = PendingMigrations({}, AllApplied({wanted[0]}));
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().message, HasSubstr("its file is gone"));
  const auto late = PendingMigrations(wanted, AllApplied({wanted[0], wanted[2]}));
  ASSERT_FALSE(late);
  EXPECT_THAT(late.error().message, HasSubstr("V2__b.sql comes before version 3"));
  const auto back = PendingMigrations({wanted[0]}, AllApplied({wanted[0], wanted[1]}));
  ASSERT_FALSE(back);
  EXPECT_THAT(back.error().message, HasSubstr("no way back"));
}

TEST(LineOf, CountsCharactersNotBytes) {
  const std::string text = "\xC3\xA4\xC3\xA4\nb\n\nc";
  EXPECT_EQ(LineOf(text, 1), 1);
  EXPECT_EQ(LineOf(text, 3), 1) << "the line break ends its own line";
  EXPECT_EQ(LineOf(text, 4), 2);
  EXPECT_EQ(LineOf(text, 7), 4);
  EXPECT_EQ(LineOf(text, 8), 4) << "just behind the end";
  EXPECT_EQ(LineOf(text, 9), 0);
  EXPECT_EQ(LineOf(text, 0), 0);
  EXPECT_EQ(LineOf(text, -5), 0);
  EXPECT_EQ(LineOf("", 1), 1);
}

}  // namespace
}  // namespace tenantry::agent
