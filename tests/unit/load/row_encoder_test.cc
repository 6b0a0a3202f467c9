#include "agent/load/row_encoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/load/reading.h"
#include "tests/unit/load/tables.h"

namespace tenantry::load {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The lines of all records, or the error.
struct Encoded {
  std::string lines;
  std::string error;
  std::vector<Presence> presence;
};

Encoded Encode(const std::string& text, const Key& key = {.columns = {0, 1}, .defaulted = {0}}) {
  const Table table = SongsTable();
  const Reading reading = ReadAll(text);
  RowEncoder encoder(table, key, {.dataset = "songs", .source = "f"});
  for (const Record& record : reading.records) {
    const Result<void> appended = encoder.Append(record, reading.columns);
    if (!appended) {
      return {.lines = "", .error = appended.error().message, .presence = {}};
    }
  }
  return {.lines = encoder.TakeLines(), .error = "", .presence = encoder.presence()};
}

TEST(AppendCopyText, EscapesWhatCopyReads) {
  std::string line;
  AppendCopyText(line, "a\tb\nc\rd\\.e\\N\xE2\x82\xAC");
  EXPECT_EQ(line, "a\\tb\\nc\\rd\\\\.e\\\\N\xE2\x82\xAC");
}

TEST(RowEncoder, WritesNumberAbsenceAndEveryGivableColumn) {
  const Encoded encoded = Encode(
      "[{\"song_id\":\"s1\",\"title\":\"a\\tb\"},"
      "{\"song_id\":\"s2\",\"added_at\":\"now\",\"isrc\":null}]");

  EXPECT_EQ(encoded.error, "");
  EXPECT_EQ(encoded.lines,
            "1\t11\ts1\ta\\tb\t\\N\t\\N\t\\N\t\\N\t\\N\n"
            "2\t10\ts2\t\\N\t\\N\tnow\t\\N\t\\N\t\\N\n");
  EXPECT_THAT(encoded.presence, ElementsAre(Presence::kNone, Presence::kAll, Presence::kSome,
                                            Presence::kSome, Presence::kSome, Presence::kNone,
                                            Presence::kNone, Presence::kNone, Presence::kNone));
}

TEST(RowEncoder, GivesEachTypeTheTextItReads) {
  EXPECT_EQ(Encode("[{\"song_id\":7,\"tags\":[\"a\",\"b c\"],\"data\":{\"x\":1}}]").lines,
            "1\t11\t7\t\\N\t\\N\t\\N\t{\"a\",\"b c\"}\t{\"x\":1}\t\\N\n");
  // JSON scalars stay JSON in a jsonb column; text of CSV is JSON already; null is NULL.
  EXPECT_EQ(Encode("[{\"song_id\":true,\"data\":\"x\",\"note\":5}]").lines,
            "1\t11\ttrue\t\\N\t\\N\t\\N\t\\N\t\"x\"\t5\n");
  EXPECT_EQ(Encode("song_id,data,tags\nx,\"{\"\"a\"\":1}\",\"{p,q}\"\n").lines,
            "1\t11\tx\t\\N\t\\N\t\\N\t{p,q}\t{\"a\":1}\t\\N\n");
  EXPECT_EQ(Encode("[{\"song_id\":\"x\",\"data\":null,\"tags\":\"{p}\"}]").lines,
            "1\t11\tx\t\\N\t\\N\t\\N\t{p}\t\\N\t\\N\n");
}

TEST(RowEncoder, NestedValueInATextColumnIsItsJson) {
  EXPECT_EQ(Encode("[{\"song_id\":\"x\",\"title\":{\"en\":[1]}}]").lines,
            "1\t11\tx\t{\"en\":[1]}\t\\N\t\\N\t\\N\t\\N\t\\N\n");
}

TEST(RowEncoder, ARecordWithAllDefaultsGivenNamesNoAbsence) {
  const Key key = {.columns = {0, 1}, .defaulted = {}};
  EXPECT_EQ(Encode("[{\"song_id\":\"x\",\"tenant_id\":\"t\",\"added_at\":null}]", key).lines,
            "1\t\\N\tt\tx\t\\N\t\\N\t\\N\t\\N\t\\N\t\\N\n");
}

TEST(RowEncoder, UnknownColumnIsNamedWithItsNearest) {
  EXPECT_EQ(Encode("[{\"song_id\":\"x\"},{\"song_id\":\"y\",\"titel\":1}]").error,
            "Column \"titel\" of dataset songs, record 2 (byte 40 of f): table music.songs has no "
            "such column. Rename it (nearest: title, note, isrc), or remove it.");
}

TEST(RowEncoder, GeneratedColumnIsRefused) {
  EXPECT_THAT(Encode("[{\"song_id\":\"x\",\"title_length\":1}]").error,
              HasSubstr("generates this column itself. Remove it from the data."));
}

TEST(RowEncoder, KeyColumnsAreInAllRecordsOrInNone) {
  EXPECT_THAT(Encode("[{\"song_id\":\"x\"},{\"title\":\"y\"}]").error,
              HasSubstr("Column \"song_id\" of dataset songs, record 2 (byte 17 of f): the record "
                        "lacks this key column"));
  EXPECT_THAT(Encode("[{\"song_id\":\"x\"},{\"song_id\":\"y\",\"tenant_id\":\"t\"}]").error,
              HasSubstr("the record has this key column, and the first record has not"));
}

TEST(RowEncoder, ChecksNamesWithoutRecords) {
  const Table table = SongsTable();
  const Key key;
  RowEncoder encoder(table, key, {.dataset = "songs", .source = "f"});
  EXPECT_TRUE(encoder.CheckNames({"title"}, {.byte = 0}));
  EXPECT_FALSE(encoder.CheckNames({"title", "nope"}, {.byte = 0}));
}

}  // namespace
}  // namespace tenantry::load
