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
  EXPECT_EQ(Shared().Ask(
                "SELECT count(*) FROM tenantry_loads.loads WHERE role_name = 'tenant_baddata_app'"),
            "0");
}

const std::string kOf = " of key bad in ConfigMap files): ";

INSTANTIATE_TEST_SUITE_P(
    Values, LoadRefuses,
    ::testing::Values(
        Bad{"a date that is none", "songs",
            "song_id,released\na,2023-01-01\nb,2023-13-45\nc,2023-99-99\n",
            "Column \"released\" of dataset bad, record 2 (byte 32" + kOf +
                "\"2023-13-45\" is not a date. Correct the value."},
        Bad{"text for a number", "songs",
            R"([{"song_id":"a","plays":1},{"song_id":"b","plays":"x"}])",
            "Column \"plays\" of dataset bad, record 2 (byte 50" + kOf +
                "\"x\" is not an integer. Correct the value."},
        Bad{"a fraction for an integer", "songs", R"([{"song_id":"a","plays":1.5}])",
            "Column \"plays\" of dataset bad, record 1 (byte 24" + kOf +
                "\"1.5\" is not an integer. Correct the value."},
        Bad{"too many digits", "songs", R"([{"song_id":"a","rating":123.4}])",
            "Column \"rating\" of dataset bad, record 1 (byte 1" + kOf +
                "numeric field overflow. Correct the value."},
        Bad{"too long", "songs", R"([{"song_id":"a","code":"abcde"}])",
            "Column \"code\" of dataset bad, record 1 (byte 1" + kOf +
                "value too long for type character varying(4). Correct the value."},
        Bad{"not an enum's label", "songs", R"([{"song_id":"a","mood":"sad"}])",
            "Column \"mood\" of dataset bad, record 1 (byte 1" + kOf +
                "invalid input value for enum tenant_baddata.mood: \"sad\". Correct the value."},
        Bad{"not JSON", "songs", "song_id,data\na,{x}\n",
            "Column \"data\" of dataset bad, record 1 (byte 13" + kOf +
                "invalid input syntax for type json. Correct the value."},
        Bad{"an object for a boolean", "songs", R"([{"song_id":"a","live":{"x":1}}])",
            "Column \"live\" of dataset bad, record 1 (byte 23" + kOf +
                "\"{\"x\":1}\" is not a boolean. Correct the value."},
        Bad{"an array's element", "songs", R"([{"song_id":"a","matrix":[1,"x"]}])",
            "Column \"matrix\" of dataset bad, record 1 (byte 1" + kOf +
                "invalid input syntax for type integer: \"x\". Correct the value."},
        Bad{"a long value is shortened", "songs",
            "song_id,plays\na," + std::string(5000, 'x') + "\n",
            "Column \"plays\" of dataset bad, record 1 (byte 16" + kOf + "\"" +
                std::string(64, 'x') + "\xE2\x80\xA6\" is not an integer. Correct the value."}));

INSTANTIATE_TEST_SUITE_P(
    Constraints, LoadRefuses,
    ::testing::Values(
        Bad{"a check of one column", "songs", "song_id,plays\na,1\nb,-5\nc,-6\n",
            "Record 2 of dataset bad (byte 18" + kOf +
                "it violates check constraint \"plays_counted\". Correct the record."},
        Bad{"a domain's check", "songs",
            R"([{"song_id":"a","score":5},{"song_id":"b","score":101}])",
            "Column \"score\" of dataset bad, record 2 (byte 27" + kOf +
                "it violates check constraint \"score_check\". Correct the record."},
        Bad{"a missing value", "required", R"([{"id":1,"name":"x"},{"id":2}])",
            "Column \"name\" of dataset bad, record 2 (byte 21" + kOf +
                "the column needs a value. Give it one."},
        Bad{"a NULL", "required", "id,name\n1,\n",
            "Column \"name\" of dataset bad, record 1 (byte 10" + kOf +
                "the column needs a value. Give it one."},
        Bad{"a parent that is missing", "songs",
            R"([{"song_id":"a","artist_id":null},{"song_id":"b","artist_id":"nobody"}])",
            "Column \"artist_id\" of dataset bad, record 2 (byte 34" + kOf +
                "there is no row of artists for artist_id = nobody (foreign key "
                "\"songs_artist_id_fkey\"). Load that first, or correct the record."},
        Bad{"a parent that is neither here nor there", "songs",
            R"([{"song_id":"a","cover_of":"c"},{"song_id":"b","cover_of":"a"}])",
            "Column \"cover_of\" of dataset bad, record 1 (byte 1" + kOf +
                "there is no row of songs for cover_of = c (foreign key \"songs_cover_of_fkey\"). "
                "Load that first, or correct the record."},
        Bad{"a deferred foreign key", "later", R"([{"id":1,"next":9},{"id":2,"next":1}])",
            "Column \"next\" of dataset bad, record 1 (byte 1" + kOf +
                "there is no row of later for next = 9 (foreign key \"later_next\"). Load that "
                "first, or correct the record."},
        Bad{"another unique key", "songs", "song_id,code\na,X\nb,Y\nc,X\n",
            "Column \"code\" of dataset bad, record 3 (byte 21" + kOf +
                "code = X is there already, and \"one_code\" wants it to be unique. Remove one of "
                "the two, or choose another conflict word."},
        Bad{"no partition", "events", "id,day\n1,2026-05-05\n2,2031-05-05\n",
            "Record 2 of dataset bad (byte 20" + kOf +
                "the database refuses it (no partition of relation \"events\" found for row). "
                "Correct the record."},
        Bad{"a trigger's refusal", "guarded", R"([{"id":1},{"id":7},{"id":8}])",
            "Record 2 of dataset bad (byte 10" + kOf +
                "the database refuses it (seven is taken). Correct the record."}));

INSTANTIATE_TEST_SUITE_P(
    Files, LoadRefuses,
    ::testing::Values(
        Bad{"empty", "songs", "",
            "Dataset bad (key bad in ConfigMap files): it is empty. Give it records, or [] for "
            "none."},
        Bad{"cut", "songs", R"([{"song_id":"a"},{"song_id":"b")",
            "Record 2 of dataset bad (byte 31" + kOf +
                "line 1: the data ends where \",\" or \"}\" is expected: it is cut. Complete it."},
        Bad{"an unknown column", "songs", R"([{"song_id":"a","relased":"2023-01-01"}])",
            "Column \"relased\" of dataset bad (key bad in ConfigMap files): "
            "table tenant_baddata.songs has no such column. Rename it (nearest: released, "
            "plays, live), or ignore unknown columns."},
        Bad{"a generated column", "songs", R"([{"song_id":"a","length":1}])",
            "Column \"length\" of dataset bad (key bad in ConfigMap files): "
            "table tenant_baddata.songs generates this column itself. Remove it from the "
            "data, or ignore unknown columns."},
        Bad{"the first error of the file counts", "songs", "song_id,plays\na,1\nb,x\nc,1,2,3\n",
            "Column \"plays\" of dataset bad, record 2 (byte 20" + kOf +
                "\"x\" is not an integer. Correct the value."},
        Bad{"and the first of different kinds", "songs",
            R"([{"song_id":"a","plays":1},{"song_id":"b","plays":-1},{"song_id":null,"plays":1}])",
            "Record 2 of dataset bad (byte 27" + kOf +
                "it violates check constraint \"plays_counted\". Correct the record."}));

TEST(LoadRefuses, FindsTheOneBadRecordAmongMany) {
  std::string text;
  for (int i = 1; i <= 30'000; ++i) {
    text += R"({"song_id":")" + std::to_string(i) + R"(","plays":)" + (i == 23'456 ? "-1" : "1") +
            "}\n";
  }
  EXPECT_THAT(Shared().Load(Inline("bad", "songs", text)).message(),
              StartsWith("Record 23456 of dataset bad (byte "));
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
              HasSubstr("schema tenantry is not the tenant's"));
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
