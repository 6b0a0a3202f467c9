#include "agent/load/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/api/reasons.h"
#include "tests/unit/load/tables.h"

namespace tenantry::load {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Choice {
  std::vector<std::string> key;
  api::Conflict conflict = api::Conflict::kError;
  TrackRows track = TrackRows::kNo;
  std::vector<std::string> present;  // columns of the first record
};

Result<Key> Choose(const Table& table, const Choice& choice) {
  api::Dataset dataset;
  dataset.name = "songs";
  dataset.key = choice.key;
  dataset.conflict = choice.conflict;
  Record record = {.number = 1, .byte = 3, .cells = {}};
  for (std::size_t i = 0; i < choice.present.size(); ++i) {
    record.cells.push_back({.column = i, .value = {}});
  }
  return ChooseKey(table, dataset, choice.track, record, choice.present,
                   {.dataset = "songs", .source = "f"});
}

TEST(ChooseKey, TakesThePrimaryKey) {
  const auto key = Choose(SongsTable(), {.key = {}, .present = {"tenant_id", "song_id", "title"}});
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_THAT(key->columns, ElementsAre(0, 1));
  EXPECT_TRUE(key->defaulted.empty());
}

TEST(ChooseKey, AnAbsentColumnOfThePrimaryKeyTakesItsDefault) {
  const auto key =
      Choose(SongsTable(),
             {.key = {}, .conflict = api::Conflict::kUpdate, .present = {"song_id", "title"}});
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_THAT(key->columns, ElementsAre(0, 1));
  EXPECT_THAT(key->defaulted, ElementsAre(0));
  EXPECT_TRUE(key->IsDefaulted(0));
  EXPECT_FALSE(key->IsDefaulted(1));
  EXPECT_TRUE(key->Has(1));
}

TEST(ChooseKey, AKeyMayLeaveOutColumnsWithDefaults) {
  for (const std::vector<std::string>& named :
       {std::vector<std::string>{"song_id"}, {"song_id", "tenant_id"}}) {
    const auto key = Choose(SongsTable(), {.key = named, .present = {"song_id"}});
    ASSERT_TRUE(key) << key.error().message;
    EXPECT_THAT(key->columns, ElementsAre(0, 1));
    EXPECT_THAT(key->defaulted, ElementsAre(0));
  }
}

TEST(ChooseKey, TakesAnotherUniqueIndexWhenAsked) {
  const auto key = Choose(SongsTable(), {.key = {"isrc"}, .present = {"song_id", "isrc"}});
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_THAT(key->columns, ElementsAre(3));
}

TEST(ChooseKey, RefusesAKeyWithoutAUniqueIndex) {
  const auto key = Choose(SongsTable(), {.key = {"title"}, .present = {"title"}});
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(key.error().reason, api::reason::kInvalidSpec);
  EXPECT_EQ(key.error().message,
            "Dataset songs: table music.songs has no unique index on (title); it has (tenant_id, "
            "song_id), (isrc). Correct the key, or create the index in the tenant's schema.");
}

TEST(ChooseKey, RefusesAKeyThatIsOnlyPartOfAnIndex) {
  EXPECT_FALSE(Choose(SongsTable(), {.key = {"song_id"}, .present = {"song_id", "tenant_id"}}));
}

TEST(ChooseKey, RefusesAKeyColumnThatTheTableLacks) {
  const auto key = Choose(SongsTable(), {.key = {"song"}, .present = {"song_id"}});
  ASSERT_FALSE(key);
  EXPECT_THAT(key.error().message, HasSubstr("key names column \"song\", which table music.songs"));
}

TEST(ChooseKey, RefusesDataWithoutAKeyColumn) {
  const auto key = Choose(SongsTable(), {.key = {}, .present = {"title"}});
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().reason, api::reason::kInvalidData);
  EXPECT_EQ(key.error().message,
            "Column \"song_id\" of dataset songs, record 1 (byte 3 of f): the key column is "
            "missing, and it has no default. Add it.");
}

TEST(ChooseKey, AKeyOfDefaultsOnlyIsForPlainInserts) {
  Table table = SongsTable();
  table.columns[1].default_sql = "gen_random_uuid()";

  EXPECT_TRUE(Choose(table, {.key = {}, .present = {"title"}}));
  const auto update =
      Choose(table, {.key = {}, .conflict = api::Conflict::kUpdate, .present = {"title"}});
  ASSERT_FALSE(update);
  EXPECT_THAT(update.error().message, HasSubstr("no column of the key (tenant_id, song_id)"));
}

TEST(ChooseKey, ATableWithoutAKeyIsForPlainInserts) {
  Table table = SongsTable();
  table.unique_indexes.clear();

  const auto plain = Choose(table, {.key = {}, .present = {"title"}});
  ASSERT_TRUE(plain);
  EXPECT_TRUE(plain->columns.empty());
  for (const Choice& choice :
       {Choice{.key = {}, .conflict = api::Conflict::kSkip, .present = {"title"}},
        Choice{.key = {}, .conflict = api::Conflict::kUpdate, .present = {"title"}},
        Choice{.key = {}, .track = TrackRows::kYes, .present = {"title"}}}) {
    const auto key = Choose(table, choice);
    ASSERT_FALSE(key);
    EXPECT_THAT(key.error().message, HasSubstr("has no primary key"));
  }
  EXPECT_THAT(Choose(table, {.key = {"title"}, .present = {"title"}}).error().message,
              HasSubstr("it has none"));
}

TEST(NearestNames, PutsTheMostAlikeFirst) {
  EXPECT_THAT(NearestNames("relase_date", {"title", "release_date", "updated_at", "rate"}),
              ElementsAre("release_date", "updated_at", "rate"));
  EXPECT_THAT(NearestNames("x", {"a"}), ElementsAre("a"));
  EXPECT_TRUE(NearestNames(std::string(1 << 20, 'x'), {}).empty());
}

}  // namespace
}  // namespace tenantry::load
