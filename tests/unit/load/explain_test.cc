#include "agent/load/explain.h"

#include <gtest/gtest.h>

#include "agent/load/read/place.h"
#include "tests/unit/load/reading.h"
#include "tests/unit/load/tables.h"

namespace tenantry::load {
namespace {

RecordCopy CopyOf(const std::string& object) {
  const Reading reading = ReadAll(object);
  return {.record = reading.records.at(0), .names = reading.columns};
}

postgres::ServerDiagnostics State(const std::string& sqlstate, const std::string& message = "") {
  postgres::ServerDiagnostics diagnostics;
  diagnostics.sqlstate = sqlstate;
  diagnostics.message = message;
  return diagnostics;
}

Refusal RefusalOf(const std::string& sqlstate, std::vector<std::string> columns = {},
                  const std::string& constraint = "") {
  Refusal refusal;
  refusal.diagnostics = State(sqlstate, "server says so");
  refusal.diagnostics.constraint = constraint;
  refusal.columns = std::move(columns);
  return refusal;
}

TEST(Describe, NamesWhatIsKnown) {
  const Origin origin = {.dataset = "albums", .source = "key albums.csv in ConfigMap acme-files"};
  EXPECT_EQ(Describe(origin, {.record = 17, .byte = 4812, .column = "release_date"}),
            "Column \"release_date\" of dataset albums, record 17 (byte 4812 of key albums.csv in "
            "ConfigMap acme-files)");
  EXPECT_EQ(Describe(origin, {.record = 17, .byte = {}, .column = ""}),
            "Record 17 of dataset albums (key albums.csv in ConfigMap acme-files)");
  EXPECT_EQ(Describe({.dataset = "albums", .source = ""}, {.byte = 5}), "Dataset albums (byte 5)");
  EXPECT_EQ(Describe({.dataset = "albums", .source = ""}, {}), "Dataset albums");
}

TEST(Quoted, ShortensLongValues) {
  EXPECT_EQ(Quoted(std::string(100, 'x')), "\"" + std::string(64, 'x') + "\xE2\x80\xA6\"");
}

TEST(ExplainValue, SaysWhatTheTypeWants) {
  const Value text = {.kind = Value::Kind::kString, .text = "2023-13-45", .byte = 0};
  const Value number = {.kind = Value::Kind::kNumber, .text = "1e9", .byte = 0};
  EXPECT_EQ(ExplainValue(text, "date", State("22008")),
            "\"2023-13-45\" is not a date. Correct the row.");
  EXPECT_EQ(ExplainValue(number, "smallint", State("22P02")),
            "1e9 is not an integer. Correct the row.");
  EXPECT_EQ(ExplainValue(text, "integer[]", State("22P02")),
            "\"2023-13-45\" is not a value of type integer[]. Correct the row.");
  EXPECT_EQ(ExplainValue(number, "smallint", State("22003")),
            "1e9 is out of the range of smallint. Correct the row.");
  EXPECT_EQ(ExplainValue(text, "character varying(4)", State("22001")),
            "\"2023-13-45\" is too long for character varying(4). Shorten it.");
  EXPECT_EQ(ExplainValue(text, "mood", State("22P02")),
            "\"2023-13-45\" is not a value of type mood. Correct the row.");
  EXPECT_EQ(ExplainValue(text, "timestamp with time zone", State("22023", "odd zone")),
            "\"2023-13-45\" is not a point in time (odd zone). Correct the row.");
}

TEST(CopyLine, ReadsTheLineInAnyLanguage) {
  const auto line = [](const char* context) { return CopyLine(context, "staging"); };
  EXPECT_EQ(line("COPY staging, line 17, column c3: \"2023\""), 17);
  EXPECT_EQ(line("JSON data, line 1: {\nCOPY staging, line 9000000000, column c3"), 9000000000);
  EXPECT_EQ(line("COPY staging, Zeile 5"), 5);
  EXPECT_EQ(line("PL/pgSQL function staging() line 3 at RAISE\nCOPY staging, line 8"), 8);
  EXPECT_EQ(line("PL/pgSQL function staging() line 3 at RAISE"), 0);
  EXPECT_EQ(line(""), 0);
}

TEST(IsRecordError, IsAboutDataOnly) {
  for (const char* state : {"22P02", "23505", "23503", "42501", "P0001"}) {
    EXPECT_TRUE(IsRecordError(state)) << state;
  }
  for (const char* state : {"42P01", "53100", "40001", "57014", ""}) {
    EXPECT_FALSE(IsRecordError(state)) << state;
  }
}

TEST(ExplainRefusal, DuplicateInTheTable) {
  Refusal refusal = RefusalOf("23505", {"tenant_id", "song_id"}, "songs_pkey");
  refusal.of_key = true;
  const Explanation explanation =
      ExplainRefusal(CopyOf("{\"song_id\":\"s1\"}"), SongsTable(), refusal);
  EXPECT_EQ(explanation.column, "song_id");
  EXPECT_EQ(explanation.what,
            "\"s1\" is in table music.songs already. Remove one of the two, or set conflict: Skip "
            "or Update.");
}

TEST(ExplainRefusal, DuplicateInTheDataset) {
  Refusal refusal = RefusalOf("23505", {"title", "isrc"}, "songs_isrc_key");
  refusal.twin = 3;
  const Explanation explanation =
      ExplainRefusal(CopyOf("{\"title\":\"x\",\"isrc\":5}"), SongsTable(), refusal);
  EXPECT_EQ(explanation.column, "");
  EXPECT_EQ(explanation.what,
            "title = \"x\", isrc = 5 is in record 3 already, and \"songs_isrc_key\" wants it to be "
            "unique. Correct one of the two.");
}

TEST(ExplainRefusal, ForeignKey) {
  Refusal refusal = RefusalOf("23503", {}, "songs_title_fkey");
  refusal.foreign_key = ForeignKey{.parent_schema = "music",
                                   .parent_table = "artists",
                                   .columns = {"tenant_id", "title"},
                                   .parent_columns = {"tenant_id", "name"}};
  const Explanation explanation =
      ExplainRefusal(CopyOf("{\"title\":\"x\"}"), SongsTable(), refusal);
  EXPECT_EQ(explanation.column, "title");
  EXPECT_EQ(explanation.what,
            "\"x\" is not in table music.artists (foreign key \"songs_title_fkey\"). Correct the "
            "row, or load the other table first.");
}

TEST(ExplainRefusal, Check) {
  const RecordCopy record = CopyOf("{\"title\":\"\",\"isrc\":\"i\"}");
  EXPECT_EQ(ExplainRefusal(record, SongsTable(), RefusalOf("23514", {"title"}, "title_given")).what,
            "\"\" violates check constraint \"title_given\". Correct the row.");
  EXPECT_EQ(ExplainRefusal(record, SongsTable(), RefusalOf("23514", {"title", "isrc"}, "c")).what,
            "title = \"\", isrc = \"i\" violates check constraint \"c\". Correct the row.");
  EXPECT_EQ(ExplainRefusal(record, SongsTable(), RefusalOf("23514", {}, "c")).what,
            "it violates check constraint \"c\". Correct the row.");
}

TEST(ExplainRefusal, MissingValue) {
  Refusal refusal = RefusalOf("23502");
  refusal.diagnostics.column = "title";
  EXPECT_EQ(ExplainRefusal(CopyOf("{\"isrc\":1}"), SongsTable(), refusal).what,
            "the column is missing, and the table needs a value. Add it.");
  EXPECT_EQ(ExplainRefusal(CopyOf("{\"title\":null}"), SongsTable(), refusal).what,
            "the value is NULL, which the column does not take. Give it a value.");
}

TEST(ExplainRefusal, RowSecurityAndTheRest) {
  const RecordCopy record = CopyOf("{\"isrc\":1}");
  EXPECT_EQ(ExplainRefusal(record, SongsTable(), RefusalOf("42501")).what,
            "row-level security refuses it, as a row of another tenant. Correct the row, or leave "
            "the tenant's column out.");
  EXPECT_EQ(ExplainRefusal(record, SongsTable(), RefusalOf("P0001")).what,
            "the database refuses it (server says so). Correct the row.");
  EXPECT_EQ(ExplainRefusal(record, SongsTable(), RefusalOf("23503")).what,
            "the database refuses it (server says so). Correct the row.");
}

}  // namespace
}  // namespace tenantry::load
