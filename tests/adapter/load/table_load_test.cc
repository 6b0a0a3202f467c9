#include <filesystem>
#include <fstream>

#include "common/api/reasons.h"
#include "tests/adapter/load/tables.h"
#include "tests/adapter/load/world.h"

namespace tenantry::load {
namespace {

using ::testing::HasSubstr;

TEST(LoadTable, GivesEveryTypeItsValue) {
  const Tenant tenant("values", kTables);
  const auto loaded = tenant.Load(Inline("songs", "songs", R"([
    {"song_id": "s1", "title": "Caf\u00e9 \"x\"\t\\N", "plays": 12345678901234567, "released": "2023-04-05",
     "rating": 9.5, "live": true, "tags": ["a,b", "c\"d", null], "matrix": [[1, 2], [3, 4]],
     "documents": [{"a": 1}, "x", [1, 2]], "data": {"n": 12345678901234567890.123, "e": []},
     "note": "text", "mood": "loud", "score": 100, "added": "2020-01-01T00:00:00Z"},
    {"song_id": "s2", "title": {"en": "nested"}, "data": 5, "note": {"b": 1, "a": 2}, "tags": "{p,q}"}])"));

  ASSERT_EQ(Counts(loaded), "2 2 0 0 0 0");
  EXPECT_EQ(tenant.Ask("SELECT title FROM {s}.songs WHERE song_id = 's1'"),
            "Caf\xC3\xA9 \"x\"\t\\N");
  EXPECT_EQ(
      tenant.Ask("SELECT concat_ws(' ', plays, released, rating, live, tags, matrix, documents,"
                 " data, note, mood, score, added AT TIME ZONE 'UTC', length)"
                 " FROM {s}.songs WHERE song_id = 's1'"),
      "12345678901234567 2023-04-05 9.5 t {\"a,b\",\"c\\\"d\",NULL} {{1,2},{3,4}}"
      " {\"{\\\"a\\\": 1}\",\"\\\"x\\\"\",\"[1, 2]\"}"
      " {\"e\": [], \"n\": 12345678901234567890.123} \"text\" loud 100 2020-01-01 00:00:00 11");
  EXPECT_EQ(tenant.Ask("SELECT concat_ws(' ', title, plays, data, note, tags, rating IS NULL,"
                       " added AT TIME ZONE 'UTC') FROM {s}.songs WHERE song_id = 's2'"),
            "{\"en\":\"nested\"} 7 5 {\"b\":1,\"a\":2} {p,q} t 2026-01-02 03:04:05");
}

TEST(LoadTable, ReadsAllFormatsAlike) {
  const Tenant tenant("formats", kTables);
  const std::string json = R"([{"song_id":"j","title":"x, y","plays":1}])";
  const std::string lines = "{\"song_id\":\"n\",\"title\":\"x, y\",\"plays\":1}\n\n";
  const std::string csv = "\xEF\xBB\xBFsong_id,title,plays\r\nc,\"x, y\",1\r\n";
  EXPECT_EQ(Counts(tenant.Load(Inline("json", "songs", json))), "1 1 0 0 0 0");
  EXPECT_EQ(Counts(tenant.Load(Inline("lines", "songs", lines))), "1 1 0 0 0 0");
  EXPECT_EQ(Counts(tenant.Load(Inline("csv", "songs", csv))), "1 1 0 0 0 0");
  EXPECT_EQ(tenant.Ask("SELECT string_agg(song_id || title || plays, ' ' ORDER BY song_id)"
                       " FROM {s}.songs"),
            "cx, y1 jx, y1 nx, y1");
}

TEST(LoadTable, EmptyCsvValuesAreNullAndQuotedOnesEmpty) {
  const Tenant tenant("csvnull", kTables);
  ASSERT_EQ(Counts(tenant.Load(Inline("songs", "songs", "song_id,title\na,\nb,\"\"\n"))),
            "2 2 0 0 0 0");
  EXPECT_EQ(tenant.Ask("SELECT string_agg(song_id || coalesce('[' || title || ']', 'null'), ' '"
                       " ORDER BY song_id) FROM {s}.songs"),
            "anull b[]");
}

TEST(LoadTable, ColumnsThatOnlySomeRecordsHaveTakeTheirDefaults) {
  const Tenant tenant("some", kTables);
  ASSERT_EQ(Counts(tenant.Load(Inline("songs", "songs",
                                      R"([{"song_id":"a"},{"song_id":"b","plays":1,"title":"t"},
                                          {"song_id":"c","title":null}])"))),
            "3 3 0 0 0 0");
  EXPECT_EQ(tenant.Ask("SELECT string_agg(song_id || plays || coalesce(title, '-'), ' '"
                       " ORDER BY song_id) FROM {s}.songs"),
            "a7- b1t c7-");
}

TEST(LoadTable, IdentityColumnsTakeGivenValuesAndTheirOwn) {
  const Tenant tenant("identity", kTables);
  EXPECT_EQ(Counts(tenant.Load(Inline("given", "numbered", R"([{"id":50,"label":"a"}])"))),
            "1 1 0 0 0 0");
  EXPECT_EQ(Counts(tenant.Load(Inline("own", "numbered", R"([{"label":"b"},{"label":"c"}])"))),
            "2 2 0 0 0 0");
  EXPECT_EQ(tenant.Ask("SELECT string_agg(id || label, ' ' ORDER BY label) FROM {s}.numbered"),
            "50a 1b 2c");
}

TEST(LoadTable, OddNamesAreOnlyNames) {
  const Tenant tenant("odd", kTables);
  const auto loaded = tenant.Load(
      Inline("o'dd\"", "Odd \"na;me",
             R"([{"sel\"ect":1,"record":"r","absent":"a","c1":"c"},{"sel\"ect":2,"c1":"d"}])",
             api::Conflict::kUpdate));
  ASSERT_EQ(Counts(loaded), "2 2 0 0 0 0");
  EXPECT_EQ(tenant.Ask("SELECT string_agg(concat_ws('-', record, absent, c1), ' ' ORDER BY c1)"
                       " FROM {s}.\"Odd \"\"na;me\""),
            "r-a-c d");
}

TEST(LoadTable, RowsMayReferToLaterRowsOfTheSameDataset) {
  const Tenant tenant("selfref", kTables);
  EXPECT_EQ(Counts(tenant.Load(
                Inline("songs", "songs", R"([{"song_id":"a","cover_of":"b"},{"song_id":"b"}])"))),
            "2 2 0 0 0 0");
  EXPECT_EQ(
      Counts(tenant.Load(Inline("later", "later", R"([{"id":1,"next":2},{"id":2,"next":1}])"))),
      "2 2 0 0 0 0");
}

TEST(LoadTable, EmptyArrayAndHeaderAloneAreLoadsOfNothing) {
  const Tenant tenant("nothing", kTables);
  EXPECT_EQ(Counts(tenant.Load(Inline("array", "songs", "[]"))), "0 0 0 0 0 0");
  EXPECT_EQ(Counts(tenant.Load(Inline("csv", "songs", "song_id,title\n"))), "0 0 0 0 0 0");
  EXPECT_THAT(tenant.Load(Inline("bad", "songs", "song_id,titel\n")).message(),
              HasSubstr("Column \"titel\" of dataset bad ("));
  EXPECT_EQ(tenant.Ask("SELECT count(*) FROM tenantry_loads.loads WHERE"
                       " role_name = 'tenant_nothing_app'"),
            "2");
}

TEST(LoadTable, ReportsBytesChecksumRateAndProgress) {
  const Tenant tenant("report", kTables);
  std::string text;
  for (int i = 0; i < 20'000; ++i) {
    text += "{\"song_id\":\"song " + std::to_string(i) + "\"}\n";
  }
  const auto loaded = tenant.Load(Inline("songs", "songs", text));

  ASSERT_EQ(Counts(loaded), "20000 20000 0 0 0 0");
  const api::DatasetStatus& status = loaded.result.datasets[0].status;
  EXPECT_EQ(status.name, "songs");
  EXPECT_EQ(status.bytes, static_cast<std::int64_t>(text.size()));
  EXPECT_EQ(status.checksum.size(), 64U);
  EXPECT_GT(status.rows_per_second, 0);
  EXPECT_EQ(loaded.progress.rows, 20'000);
  EXPECT_EQ(loaded.progress.done, status.bytes);
  EXPECT_EQ(loaded.progress.total, status.bytes);
  EXPECT_EQ(loaded.progress.unit, "bytes");
  EXPECT_EQ(tenant.Ask("SELECT concat_ws(' ', bytes, counters ->> 'inserted') FROM"
                       " tenantry_loads.loads WHERE role_name = 'tenant_report_app'"),
            std::to_string(text.size()) + " 20000");
}

TEST(LoadTable, TheSameBytesAgainDoNotTouchTheTable) {
  const Tenant tenant("again", kTables);
  const std::string text = R"([{"song_id":"a","title":"x"},{"song_id":"b","title":"y"}])";
  const auto first = tenant.Load(Inline("songs", "songs", text, api::Conflict::kUpdate));
  ASSERT_EQ(Counts(first), "2 2 0 0 0 0");
  const std::string rows =
      "SELECT string_agg(concat_ws(' ', xmin, ctid), ',' ORDER BY song_id) FROM {s}.songs";
  const std::string load =
      "SELECT concat_ws(' ', xmin, ctid) FROM tenantry_loads.loads WHERE role_name ="
      " 'tenant_again_app'";
  const std::string rows_before = tenant.Ask(rows);
  const std::string load_before = tenant.Ask(load);

  const auto second = tenant.Load(Inline("songs", "songs", text, api::Conflict::kUpdate));

  EXPECT_EQ(Counts(second), "2 0 0 2 0 0");
  EXPECT_FALSE(first.result.datasets[0].skipped_by_hash);
  EXPECT_TRUE(second.result.datasets[0].skipped_by_hash);
  EXPECT_EQ(second.result.datasets[0].status.checksum, first.result.datasets[0].status.checksum);
  EXPECT_EQ(second.result.datasets[0].status.bytes, first.result.datasets[0].status.bytes);
  EXPECT_EQ(second.result.datasets[0].status.rows_per_second, 0);
  EXPECT_EQ(tenant.Ask(rows), rows_before);
  EXPECT_EQ(tenant.Ask(load), load_before);
}

TEST(LoadTable, OtherWordsOrBytesAreLoadedAgain) {
  const Tenant tenant("otherwords", kTables);
  const std::string text = R"([{"song_id":"a","title":"x"}])";
  ASSERT_EQ(Counts(tenant.Load(Inline("songs", "songs", text))), "1 1 0 0 0 0");

  EXPECT_THAT(Counts(tenant.Load(Inline("songs", "songs", text + "\n"))),
              HasSubstr("song_id = a is there already"));
  const auto skipped = tenant.Load(Inline("songs", "songs", text, api::Conflict::kSkip));
  EXPECT_EQ(Counts(skipped), "1 0 0 0 1 0");
  EXPECT_FALSE(skipped.result.datasets[0].skipped_by_hash);
  // Another set of the same tenant has a memory of its own.
  const auto other = tenant.Load(LoadCall{
      .datasets = {Inline("songs", "songs", text, api::Conflict::kSkip)}, .fixture_set = "set-2"});
  EXPECT_FALSE(other.result.datasets.at(0).skipped_by_hash);
}

TEST(LoadTable, DatasetsBeforeTheBadOneStayAndAreReported) {
  const Tenant tenant("partial", kTables);
  const auto loaded = tenant.Load(
      LoadCall{.datasets = {Inline("artists", "artists", R"([{"artist_id":"a","name":"A"}])"),
                            Inline("songs", "songs", R"([{"song_id":"s","artist_id":"nobody"}])"),
                            Inline("more", "numbered", R"([{"label":"x"}])")}});

  ASSERT_TRUE(loaded.error);
  ASSERT_EQ(loaded.result.datasets.size(), 1U);
  EXPECT_EQ(loaded.result.datasets[0].status.name, "artists");
  EXPECT_EQ(tenant.Ask("SELECT string_agg(artist_id, ' ') FROM {s}.artists"), "a");
}

TEST(LoadTable, MusicTakesItsFixturesInEveryIsolation) {
  for (const auto& [id, isolation] : {std::pair{"musicschema", api::Isolation::kSchema},
                                      std::pair{"musicrows", api::Isolation::kRowLevel}}) {
    const Tenant tenant(id, "", isolation);
    const auto loaded = tenant.Load(LoadCall{
        .datasets = {Inline("artists", "artists",
                            R"([{"artist_id":"ar1","name":"A","genres":["rock"],"country":"FR"}])",
                            api::Conflict::kUpdate),
                     Inline("albums", "albums",
                            "album_id,artist_id,title,release_date\nal1,ar1,T,2023-01-01\n",
                            api::Conflict::kSkip, {"album_id"})},
        .track_rows = true});
    ASSERT_EQ(loaded.message(), "");
    EXPECT_EQ(tenant.Ask("SELECT string_agg(tenant_id || title, ' ') FROM {s}.albums"
                         " WHERE tenant_id = '" +
                         std::string(id) + "'"),
              id + std::string("T"));
  }
}

TEST(LoadTable, VolumesAreFilesBelowTheFixturesFolder) {
  const Tenant tenant("volume", kTables);
  std::string pattern = (std::filesystem::temp_directory_path() / "tenantry-XXXXXX").string();
  ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
  std::ofstream(pattern + "/songs.csv") << "song_id\na\nb\n";
  api::LoadDataset dataset = Inline("songs", "songs", "");
  dataset.dataset.source.inline_text.reset();
  dataset.dataset.source.volume_path = "songs.csv";
  dataset.origin.clear();

  EXPECT_EQ(Counts(tenant.Load(LoadCall{.datasets = {dataset}, .fixtures_dir = pattern})),
            "2 2 0 0 0 0");
  dataset.dataset.source.volume_path = "gone.csv";
  const auto missing = tenant.Load(LoadCall{.datasets = {dataset}, .fixtures_dir = pattern});
  EXPECT_EQ(missing.reason(), api::reason::kSourceNotFound);
  dataset.dataset.source.volume_path = "../songs.csv";
  const auto outside = tenant.Load(LoadCall{.datasets = {dataset}, .fixtures_dir = pattern});
  EXPECT_EQ(outside.reason(), api::reason::kInvalidSpec);
  std::filesystem::remove_all(pattern);
}

}  // namespace
}  // namespace tenantry::load
