#include "common/api/reasons.h"
#include "tests/adapter/load/tables.h"
#include "tests/adapter/load/world.h"

namespace tenantry::load {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

const Tenant& Shared() {
  static const Tenant tenant("baddata", kTables);
  return tenant;
}

struct Bad {
  const char* why;
  const char* table;
  std::string text;
  std::string message;
};

class LoadRefuses : public ::testing::TestWithParam<Bad> {};

TEST_P(LoadRefuses, WithPlaceValueAndNextStep) {
  const Bad& bad = GetParam();
  const std::string table = "SELECT count(*) FROM {s}." + std::string(bad.table);
  ASSERT_EQ(Shared().Ask(table), "0");

  const auto loaded = Shared().Load(Inline("bad", bad.table, bad.text));

  EXPECT_EQ(loaded.message(), bad.message) << bad.why;
  EXPECT_EQ(loaded.code(), ErrorCode::kInvalid);
  EXPECT_EQ(loaded.reason(), api::reason::kInvalidData);
  EXPECT_TRUE(loaded.result.datasets.empty());
  EXPECT_EQ(Shared().Ask(table), "0");
  EXPECT_EQ(Shared().Ask("SELECT count(*) FROM tenantry.loads WHERE tenant_id = 'baddata'"), "0");
}

const std::string kOf = " of key bad in ConfigMap files): ";

INSTANTIATE_TEST_SUITE_P(
    Values, LoadRefuses,
    ::testing::Values(
        Bad{"a date that is none", "songs",
            "song_id,released\na,2023-01-01\nb,2023-13-45\nc,2023-99-99\n",
            "Column \"released\" of dataset bad, record 2 (byte 32" + kOf +
                "\"2023-13-45\" is not a date. Correct the row."},
        Bad{"text for a number", "songs",
            R"([{"song_id":"a","plays":1},{"song_id":"b","plays":"x"}])",
            "Column \"plays\" of dataset bad, record 2 (byte 50" + kOf +
                "\"x\" is not an integer. Correct the row."},
        Bad{"a fraction for an integer", "songs", R"([{"song_id":"a","plays":1.5}])",
            "Column \"plays\" of dataset bad, record 1 (byte 24" + kOf +
                "1.5 is not an integer. Correct the row."},
        Bad{"out of range", "songs", R"([{"song_id":"a","plays":99999999999999999999}])",
            "Column \"plays\" of dataset bad, record 1 (byte 24" + kOf +
                "99999999999999999999 is out of the range of bigint. Correct the row."},
        Bad{"too many digits", "songs", R"([{"song_id":"a","rating":123.4}])",
            "Column \"rating\" of dataset bad, record 1 (byte 25" + kOf +
                "123.4 is out of the range of numeric(3,1). Correct the row."},
        Bad{"too long", "songs", R"([{"song_id":"a","code":"abcde"}])",
            "Column \"code\" of dataset bad, record 1 (byte 23" + kOf +
                "\"abcde\" is too long for character varying(4). Shorten it."},
        Bad{"not an enum's label", "songs", R"([{"song_id":"a","mood":"sad"}])",
            "Column \"mood\" of dataset bad, record 1 (byte 23" + kOf +
                "\"sad\" is not a value of type tenant_baddata.mood. Correct the row."},
        Bad{"not JSON", "songs", "song_id,data\na,{x}\n",
            "Column \"data\" of dataset bad, record 1 (byte 15" + kOf +
                "\"{x}\" is not valid JSON. Correct the row."},
        Bad{"an object for a boolean", "songs", R"([{"song_id":"a","live":{"x":1}}])",
            "Column \"live\" of dataset bad, record 1 (byte 23" + kOf +
                "{\"x\":1} is not true or false. Correct the row."},
        Bad{"an array's element", "songs", R"([{"song_id":"a","matrix":[1,"x"]}])",
            "Column \"matrix\" of dataset bad, record 1 (byte 25" + kOf +
                "[1,\"x\"] is not a value of type integer[]. Correct the row."},
        Bad{"a long value is shortened", "songs",
            "song_id,plays\na," + std::string(5000, 'x') + "\n",
            "Column \"plays\" of dataset bad, record 1 (byte 16" + kOf + "\"" +
                std::string(64, 'x') + "\xE2\x80\xA6\" is not an integer. Correct the row."}));

INSTANTIATE_TEST_SUITE_P(
    Constraints, LoadRefuses,
    ::testing::Values(
        Bad{"a check of one column", "songs", "song_id,plays\na,1\nb,-5\nc,-6\n",
            "Column \"plays\" of dataset bad, record 2 (byte 20" + kOf +
                "\"-5\" violates check constraint \"plays_counted\". Correct the row."},
        Bad{"a check of two columns", "songs", R"([{"song_id":"a","rating":5,"released":null}])",
            "Record 1 of dataset bad (byte 1" + kOf +
                "rating = 5, released = null violates check constraint \"rated_when_released\". "
                "Correct the row."},
        Bad{"a domain's check", "songs",
            R"([{"song_id":"a","score":5},{"song_id":"b","score":101}])",
            "Record 2 of dataset bad (byte 27" + kOf +
                "it violates check constraint \"score_check\". Correct the row."},
        Bad{"a missing value", "required", R"([{"id":1,"name":"x"},{"id":2}])",
            "Column \"name\" of dataset bad, record 2 (byte 21" + kOf +
                "the column is missing, and the table needs a value. Add it."},
        Bad{"a NULL", "required", "id,name\n1,\n",
            "Column \"name\" of dataset bad, record 1 (byte 10" + kOf +
                "the value is NULL, which the column does not take. Give it a value."},
        Bad{"a NULL key", "required", R"([{"id":null,"name":"x"}])",
            "Column \"id\" of dataset bad, record 1 (byte 7" + kOf +
                "the value is NULL, which the column does not take. Give it a value."},
        Bad{"a parent that is missing", "songs",
            R"([{"song_id":"a","artist_id":null},{"song_id":"b","artist_id":"nobody"}])",
            "Column \"artist_id\" of dataset bad, record 2 (byte 61" + kOf +
                "\"nobody\" is not in table tenant_baddata.artists (foreign key "
                "\"songs_artist_id_fkey\"). Correct the row, or load the other table first."},
        Bad{"a parent that is neither here nor there", "songs",
            R"([{"song_id":"a","cover_of":"b"},{"song_id":"b","cover_of":"c"}])",
            "Column \"cover_of\" of dataset bad, record 2 (byte 58" + kOf +
                "\"c\" is not in table tenant_baddata.songs (foreign key \"songs_cover_of_fkey\"). "
                "Correct the row, or load the other table first."},
        Bad{"a deferred foreign key", "later", R"([{"id":1,"next":2},{"id":2,"next":9}])",
            "Column \"next\" of dataset bad, record 2 (byte 34" + kOf +
                "9 is not in table tenant_baddata.later (foreign key \"later_next\"). Correct the "
                "row, or load the other table first."},
        Bad{"another unique key", "songs", "song_id,code\na,X\nb,Y\nc,X\n",
            "Column \"code\" of dataset bad, record 3 (byte 23" + kOf +
                "\"X\" is in record 1 already, and \"one_code\" wants it to be unique. Correct one "
                "of the two."},
        Bad{"no partition", "events", "id,day\n1,2026-05-05\n2,2031-05-05\n",
            "Record 2 of dataset bad (byte 20" + kOf +
                "the database refuses it (no partition of relation \"events\" found for row). "
                "Correct the row."},
        Bad{"a trigger's refusal", "guarded", R"([{"id":1},{"id":7},{"id":8}])",
            "Record 2 of dataset bad (byte 10" + kOf +
                "the database refuses it (seven is taken). Correct the row."}));

INSTANTIATE_TEST_SUITE_P(
    Files, LoadRefuses,
    ::testing::Values(
        Bad{"empty", "songs", "",
            "Dataset bad (key bad in ConfigMap files): it is empty. Give it records, or [] for "
            "none."},
        Bad{"cut", "songs", R"([{"song_id":"a"},{"song_id":"b")",
            "Record 2 of dataset bad (byte 31" + kOf +
                "the data ends where \",\" is expected: it is cut. Complete it."},
        Bad{"an unknown column", "songs", R"([{"song_id":"a","relased":"2023-01-01"}])",
            "Column \"relased\" of dataset bad, record 1 (byte 26" + kOf +
                "table tenant_baddata.songs has no such column. Rename it (nearest: released, "
                "plays, live), or remove it."},
        Bad{"a generated column", "songs", R"([{"song_id":"a","length":1}])",
            "Column \"length\" of dataset bad, record 1 (byte 25" + kOf +
                "table tenant_baddata.songs generates this column itself. Remove it from the "
                "data."},
        Bad{"invalid UTF-8", "songs", "song_id,title\na,caf\xE9\n",
            "Column \"title\" of dataset bad, record 1 (byte 19" + kOf +
                "the bytes are not valid UTF-8. Save the file as UTF-8."},
        Bad{"a NUL", "songs", R"([{"song_id":"a","title":"x\u0000"}])",
            "Column \"title\" of dataset bad, record 1 (byte 26" + kOf +
                "it holds \\u0000 (NUL), which PostgreSQL cannot store. Remove it."},
        Bad{"the first error of the file counts", "songs", "song_id,plays\na,1\nb,x\nc,1,2,3\n",
            "Column \"plays\" of dataset bad, record 2 (byte 20" + kOf +
                "\"x\" is not an integer. Correct the row."},
        Bad{"also when the reader finds it", "songs", "song_id,plays\na,1\nc,1,2,3\nb,x\n",
            "Record 2 of dataset bad (byte 18" + kOf +
                "it has 4 values, the header has 2 columns. Correct the line, or put values with "
                "commas in quotes."},
        Bad{"and the first of different kinds", "songs",
            R"([{"song_id":"a","plays":1},{"song_id":"b","plays":-1},{"song_id":null,"plays":1}])",
            "Column \"plays\" of dataset bad, record 2 (byte 50" + kOf +
                "-1 violates check constraint \"plays_counted\". Correct the row."}));

TEST(LoadRefuses, FindsTheOneBadRecordAmongMany) {
  std::string text;
  for (int i = 1; i <= 30'000; ++i) {
    text += R"({"song_id":")" + std::to_string(i) + R"(","plays":)" + (i == 23'456 ? "-1" : "1") +
            "}\n";
  }
  EXPECT_THAT(Shared().Load(Inline("bad", "songs", text)).message(),
              StartsWith("Column \"plays\" of dataset bad, record 23456 (byte "));
}

TEST(LoadRefuses, TablesThatAreNotThere) {
  const auto missing = Shared().Load(Inline("bad", "sogns", "[]"));
  EXPECT_EQ(missing.reason(), api::reason::kInvalidSpec);
  EXPECT_EQ(missing.message(),
            "Table \"sogns\" of dataset bad does not exist in schema tenant_baddata. Correct "
            "target.table, or create it by the tenant's schema.");
  EXPECT_THAT(Shared().Load(Inline("bad", "song_titles", "[]")).message(),
              HasSubstr("is no table but a view"));
  EXPECT_THAT(Shared().Load(Inline("bad", "tenantry.loads", "[]")).message(),
              HasSubstr("does not exist in schema tenant_baddata"));
}

TEST(LoadRefuses, DatasetsWhoseTextDidNotCome) {
  api::LoadDataset dataset = Inline("bad", "songs", "");
  dataset.dataset.source.inline_text.reset();
  dataset.dataset.source.config_map = "files";
  dataset.dataset.source.config_map_key = "songs.csv";
  EXPECT_THAT(Shared().Load(dataset).message(), HasSubstr("has no source"));
}

TEST(LoadRefuses, TablesThatTheTenantMayNotWrite) {
  const Tenant tenant("norights", kTables);
  ASSERT_EQ(tenant.Ask("WITH x AS (SELECT 1) SELECT 1 FROM x"), "1");
  ASSERT_TRUE(Postgres().Script("app",
                                "REVOKE INSERT ON tenant_norights.songs FROM PUBLIC,"
                                " tenant_norights_app, tenant_norights_owner,"
                                " tenant_norights_reader"));
  const auto refused = tenant.Load(Inline("songs", "songs", R"([{"song_id":"a"}])"));
  EXPECT_EQ(refused.code(), ErrorCode::kInvalid);
  EXPECT_EQ(refused.reason(), api::reason::kInsufficientPrivilege);
  EXPECT_THAT(refused.message(), StartsWith("Dataset songs: "));
}

}  // namespace
}  // namespace tenantry::load
