#include "agent/load/map/mapping.h"

#include <memory>
#include <utility>

#include "agent/load/bulk_settings.h"
#include "tests/adapter/load/bulk_world.h"

namespace tenantry::load {
namespace {

using ::testing::HasSubstr;

BulkOptions With(std::string_view json, BulkOptions options = {}) {
  Result<Mapping> mapping = ParseMapping(json, "mapping");
  EXPECT_TRUE(mapping) << (mapping ? "" : mapping.error().message);
  return WithMapping(std::move(options), std::make_shared<const Mapping>(*std::move(mapping)));
}

constexpr char kPrices[] = R"({
  "rename": {"Nr": "id"},
  "columns": [
    {"name": "price", "from": "Preis", "steps": [
      {"cast": {"type": "Number", "decimal": ",", "thousands": "."}}]},
    {"name": "since", "from": "Seit", "steps": [{"cast": {"type": "Date", "format": "%d.%m.%Y"}}]},
    {"name": "label", "template": "{Nr}/{Preis}"}]})";

TEST(LoadWithMapping, WritesMappedColumnsAndRejectsWithTheSourcesText) {
  const BulkWorld world("mapped",
                        "CREATE TABLE {s}.t (id int PRIMARY KEY, price numeric, since "
                        "date, label text)");
  BulkOptions options = With(kPrices);
  options.reject_file = world.RejectFile();
  const BulkOutcome outcome = world.Load(
      "t", "Nr;Preis;Seit\n1;1.234,50;03.02.2026\n2;1.5;1.1.2026\n3;7;30.02.2026\n", options);
  EXPECT_EQ(Counts(outcome), "3 1 0 0 0 2");
  EXPECT_EQ(world.Rows("SELECT * FROM {s}.t"), "1|1234.50|2026-02-03|1/1.234,50");
  EXPECT_THAT(world.Rejects(), HasSubstr(R"("raw":"2;1.5;1.1.2026\n")"));
  EXPECT_THAT(world.Rejects(), HasSubstr("price is no number with decimal mark"));
  EXPECT_THAT(world.Rejects(), HasSubstr("since is no date in the format"));
  EXPECT_EQ(outcome.report.reject_reasons.size(), 2);
}

TEST(LoadWithMapping, CreatesTheTableOfMappedColumns) {
  const BulkWorld world("mapped_create");
  BulkOptions options = With(kPrices);
  options.create_table = true;
  options.key = {"id"};
  const BulkOutcome outcome =
      world.Load("made", "Nr;Preis;Seit\n1;1.234,50;03.02.2026\n2;5;04.02.2026\n", options);
  EXPECT_EQ(Counts(outcome), "2 2 0 0 0 0");
  EXPECT_EQ(world.Rows("SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE "
                       "attrelid = '{s}.made'::regclass AND attnum > 0 ORDER BY attnum"),
            "id|integer price|numeric since|date label|text");
}

TEST(LoadWithMapping, ADryRunCountsMappedRows) {
  const BulkWorld world("mapped_dry",
                        "CREATE TABLE {s}.t (id int PRIMARY KEY, price numeric, "
                        "since date, label text)");
  BulkOptions options = With(kPrices);
  options.dry_run = true;
  EXPECT_EQ(Counts(world.Load("t", "Nr;Preis;Seit\n1;1.234,50;03.02.2026\n2;x;\n", options)),
            "2 1 0 0 0 1");
  EXPECT_EQ(world.Ask("SELECT count(*) FROM {s}.t"), "0");
}

TEST(LoadWithMapping, AChangedMappingIsAnotherLoad) {
  const BulkWorld world("mapped_again", "CREATE TABLE {s}.t (id int PRIMARY KEY, name text)");
  const std::string text = "id,name\n1,ab\n2,cd\n";
  BulkOptions update;
  update.conflict = api::Conflict::kUpdate;
  const char* const lower = R"({"columns": [{"name": "name", "steps": [{"trim": "Both"}]}]})";
  const char* const upper = R"({"columns": [{"name": "name", "steps": [{"case": "Upper"}]}]})";
  EXPECT_EQ(Counts(world.Load("t", text, With(lower, update))), "2 2 0 0 0 0");
  EXPECT_TRUE(world.Load("t", text, With(lower, update)).report.loaded_before);
  EXPECT_EQ(Counts(world.Load("t", text, With(upper, update))), "2 0 2 0 0 0");
  EXPECT_EQ(world.Rows("SELECT * FROM {s}.t ORDER BY id"), "1|AB 2|CD");
}

constexpr char kArtistKey[] = R"({"columns": [{"name": "artist_id", "from": "artist", "steps": [
    {"trim": "Both"}, {"key": {"table": "artists", "match": "name", "take": "id"}}]}]})";

TEST(LoadWithMapping, FindsForeignKeysByNaturalKeys) {
  const BulkWorld world("mapped_keys",
                        "CREATE TABLE {s}.artists (id int PRIMARY KEY, name text);"
                        "INSERT INTO {s}.artists VALUES (7, 'Abba'), (8, 'Twins'), (9, 'Twins');"
                        "CREATE TABLE {s}.t (id int, artist_id int REFERENCES {s}.artists)");
  BulkOptions options = With(kArtistKey);
  options.reject_file = world.RejectFile();
  EXPECT_EQ(Counts(world.Load("t", "id,artist\n1,Abba \n2,Nobody\n3,Twins\n4,\n", options)),
            "4 2 0 0 0 2");
  EXPECT_EQ(world.Rows("SELECT * FROM {s}.t ORDER BY id"), "1|7 4|-");
  EXPECT_THAT(world.Rejects(), HasSubstr("artist_id is no name of table artists"));
  EXPECT_THAT(world.Rejects(), HasSubstr("artist_id is the name of several rows"));
}

TEST(LoadWithMapping, SaysWhichKeyTableCannotBeRead) {
  const BulkWorld world("mapped_no_keys", "CREATE TABLE {s}.t (id int, artist_id int)");
  EXPECT_THAT(Counts(world.Load("t", "id,artist\n1,Abba\n", With(kArtistKey))),
              HasSubstr("mapping.columns[0].steps[1].key: "));
}

TEST(LoadWithMapping, KeyTablesRespectTheMemoryLimit) {
  const BulkWorld world("mapped_large",
                        "CREATE TABLE {s}.artists AS SELECT i AS id, 'artist number ' || i AS name "
                        "FROM generate_series(1, 30000) i;"
                        "CREATE TABLE {s}.t (id int, artist_id int)");
  BulkOptions options = With(kArtistKey);
  EXPECT_EQ(Counts(world.Load("t", "id,artist\n1,artist number 29999\n", options)), "1 1 0 0 0 0");
  options.memory_limit_bytes = 1 << 20;
  EXPECT_THAT(Counts(world.Load("t", "id,artist\n1,artist number 2\n", options)),
              HasSubstr("need more than the memory limit of 1 MiB"));
}

TEST(LoadWithMapping, CollectsUnknownColumnsWhenTheMappingSaysSo) {
  const BulkWorld world("mapped_collect", "CREATE TABLE {s}.t (id int, rest jsonb)");
  EXPECT_EQ(Counts(world.Load("t", "id,a,b\n1,x,y\n",
                              With(R"({"rename": {"a": "c"}, "unknownColumns": "Collect",
                                       "collectColumn": "rest"})"))),
            "1 1 0 0 0 0");
  EXPECT_EQ(world.Rows("SELECT id, rest FROM {s}.t"), R"(1|{"b": "y", "c": "x"})");
}

TEST(LoadWithMapping, NamesOfTheMappingMakeAHeader) {
  const BulkWorld world("mapped_header", "CREATE TABLE {s}.t (a text, b text)");
  EXPECT_EQ(Counts(world.Load("t", "x,b\nk,l\nm,n\n", With(R"({"rename": {"x": "a"}})"))),
            "2 2 0 0 0 0");
}

}  // namespace
}  // namespace tenantry::load
