#include "agent/load/statements.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/load/tables.h"

namespace tenantry::load {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const Key kKey = {.columns = {0, 1}, .defaulted = {0}};

std::vector<Presence> PresenceOf(std::vector<std::pair<std::size_t, Presence>> given) {
  std::vector<Presence> presence(9, Presence::kNone);
  for (const auto& [column, how] : given) {
    presence[column] = how;
  }
  return presence;
}

TEST(CreateStaging, LeavesGeneratedColumnsOutAndKeepsTheKeysDefault) {
  const std::string sql = CreateStaging(SongsTable(), kKey);
  EXPECT_EQ(sql,
            "CREATE TEMPORARY TABLE IF NOT EXISTS pg_temp.tenantry_staging (record bigint NOT "
            "NULL, absent text,"
            " c1 text DEFAULT (my_tenant()), c2 text, c3 text, c4 text,"
            " c5 timestamp with time zone, c6 text[], c7 jsonb, c9 json) ON COMMIT DELETE ROWS");
}

TEST(ValueOf, TakesDefaultsWhereTheRecordLeavesTheColumnOut) {
  const Table table = SongsTable();
  const auto presence =
      PresenceOf({{1, Presence::kAll}, {2, Presence::kSome}, {4, Presence::kSome}});
  EXPECT_EQ(ValueOf(table, kKey, presence, 0, "s"), "s.c1");
  EXPECT_EQ(ValueOf(table, kKey, presence, 1, "s"), "s.c2");
  EXPECT_EQ(ValueOf(table, kKey, presence, 2, "s"), "s.c3");
  EXPECT_EQ(ValueOf(table, kKey, presence, 3, "s"), "NULL::text");
  EXPECT_EQ(ValueOf(table, kKey, presence, 4, "s"),
            "CASE WHEN substr(s.absent, 2, 1) = '1' THEN (now()) ELSE s.c5 END");
  EXPECT_EQ(ValueOf(table, {}, presence, 0, "s"), "(my_tenant())");
}

TEST(InsertFromStaging, PlainInsertHasNoConflictClause) {
  const std::string sql = InsertFromStaging(
      SongsTable(), kKey, PresenceOf({{1, Presence::kAll}, {2, Presence::kAll}}), {});
  EXPECT_EQ(sql,
            "WITH written AS (INSERT INTO \"music\".\"songs\" AS t (\"tenant_id\", \"song_id\","
            " \"title\") SELECT s.c1, s.c2, s.c3 FROM pg_temp.tenantry_staging s"
            " RETURNING true AS inserted) SELECT count(*) FILTER (WHERE inserted),"
            " count(*) FILTER (WHERE NOT inserted) FROM written");
}

TEST(InsertFromStaging, UpdateWritesOnlyWhatDiffers) {
  const std::string sql =
      InsertFromStaging(SongsTable(), kKey,
                        PresenceOf({{1, Presence::kAll}, {2, Presence::kAll}, {8, Presence::kAll}}),
                        {.conflict = api::Conflict::kUpdate, .track = TrackRows::kNo});
  EXPECT_THAT(sql, HasSubstr("FROM pg_temp.tenantry_staging s ON CONFLICT"
                             " (\"tenant_id\", \"song_id\") DO UPDATE SET \"title\" ="
                             " excluded.\"title\", \"note\" = excluded.\"note\" WHERE"
                             " ROW(t.\"title\", t.\"note\"::text) IS DISTINCT FROM"
                             " ROW(excluded.\"title\", (excluded.\"note\")::text)"
                             " RETURNING (t.xmax = 0) AS inserted)"));
}

TEST(InsertFromStaging, UpdateOfNothingButKeysDoesNothing) {
  EXPECT_THAT(InsertFromStaging(SongsTable(), kKey, PresenceOf({{1, Presence::kAll}}),
                                {.conflict = api::Conflict::kUpdate, .track = TrackRows::kNo}),
              HasSubstr("DO NOTHING"));
}

TEST(InsertFromStaging, TracksTheWholeKeyOfInsertedRows) {
  const std::string sql =
      InsertFromStaging(SongsTable(), kKey, PresenceOf({{1, Presence::kAll}}),
                        {.conflict = api::Conflict::kSkip, .track = TrackRows::kYes});
  EXPECT_THAT(sql, HasSubstr("DO NOTHING RETURNING true AS inserted, t.\"tenant_id\" AS k0,"
                             " t.\"song_id\" AS k1), tracked AS (INSERT INTO"));
  EXPECT_THAT(sql, HasSubstr("jsonb_build_object('tenant_id', k0, 'song_id', k1)"
                             " FROM written WHERE inserted"));
}

TEST(InsertFromStaging, ValuesForAnIdentityThatIsAlwaysGeneratedOverrideIt) {
  Table table = SongsTable();
  table.columns[1].always_identity = true;
  const auto presence = PresenceOf({{1, Presence::kAll}, {2, Presence::kAll}});
  EXPECT_THAT(InsertFromStaging(table, kKey, presence, {}), HasSubstr(") OVERRIDING SYSTEM VALUE"));
  EXPECT_THAT(InsertFromStaging(SongsTable(), kKey, presence, {}), Not(HasSubstr("OVERRIDING")));
}

TEST(InsertFromStaging, PartitionedTablesAreLockedAndLookedAt) {
  Table table = SongsTable();
  table.partitioned = true;
  const auto presence = PresenceOf({{1, Presence::kAll}, {2, Presence::kAll}});
  EXPECT_THAT(InsertFromStaging(table, kKey, presence,
                                {.conflict = api::Conflict::kUpdate, .track = TrackRows::kNo}),
              HasSubstr("RETURNING NOT EXISTS (SELECT FROM \"music\".\"songs\" AS o WHERE"
                        " o.\"tenant_id\" = t.\"tenant_id\" AND o.\"song_id\" ="
                        " t.\"song_id\") AS inserted"));
  EXPECT_EQ(LockForUpdate(table, api::Conflict::kUpdate),
            "LOCK TABLE \"music\".\"songs\" IN SHARE ROW EXCLUSIVE MODE");
  EXPECT_EQ(LockForUpdate(table, api::Conflict::kSkip), "");
  EXPECT_EQ(LockForUpdate(SongsTable(), api::Conflict::kUpdate), "");
}

TEST(InsertFromStaging, QuotesNames) {
  Table table = SongsTable();
  table.schema = "s\"x";
  table.columns[1].name = "select\"; DROP";
  table.columns[1].generated = false;
  EXPECT_THAT(
      InsertFromStaging(table, kKey, PresenceOf({{1, Presence::kAll}}), {}),
      HasSubstr("INSERT INTO \"s\"\"x\".\"songs\" AS t (\"tenant_id\", \"select\"\"; DROP\")"));
}

TEST(DropSuperseded, ComparesTheWholeKey) {
  EXPECT_EQ(DropSuperseded(kKey),
            "DELETE FROM pg_temp.tenantry_staging s USING (SELECT c1, c2, max(record) AS last FROM"
            " pg_temp.tenantry_staging GROUP BY c1, c2 HAVING count(*) > 1) d WHERE"
            " s.record < d.last AND s.c1 = d.c1 AND s.c2 = d.c2");
}

}  // namespace
}  // namespace tenantry::load
