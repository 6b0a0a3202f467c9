#include "agent/load/bulk_load.h"

#include <utility>

#include "tests/adapter/load/bulk_world.h"

namespace tenantry::load {
namespace {

using api::Conflict;
using ::testing::HasSubstr;

constexpr char kItems[] =
    "CREATE TABLE {s}.items (id integer PRIMARY KEY, name text, price numeric(8,2), "
    "changed timestamptz, more jsonb, stock integer NOT NULL DEFAULT 5);";

std::string ManyItems(int count) {
  std::string text = "id,name,price\n";
  for (int i = 1; i <= count; ++i) {
    text +=
        std::to_string(i) + ",item " + std::to_string(i) + "," + std::to_string(i % 90) + ".5\n";
  }
  return text;
}

// Ends with an error after so many bytes, as a disk or a network does.
class BrokenSource final : public Source {
 public:
  BrokenSource(std::string_view text, std::size_t bytes) : text_(text.substr(0, bytes)) {}
  std::unique_ptr<ByteStream> Read() const override { return std::make_unique<Stream>(text_); }

 private:
  class Stream final : public ByteStream {
   public:
    explicit Stream(std::string_view text) : text_(text) {}
    Result<std::string_view> Next() override {
      if (text_.empty()) {
        return Error{.code = ErrorCode::kUnavailable, .message = "The disk is gone."};
      }
      return std::exchange(text_, std::string_view());
    }

   private:
    std::string_view text_;
  };
  std::string_view text_;
};

BulkOptions SmallChunks() {
  BulkOptions options;
  options.memory_limit_bytes = 512 << 10;
  return options;
}

TEST(LoadBulk, WritesEveryTypeAsTheServerReadsIt) {
  const BulkWorld world("types",
                        "CREATE TABLE {s}.t (a smallint, b integer, c bigint, d real, e double "
                        "precision, f numeric, g boolean, h date, i timestamp, j timestamptz, k "
                        "time, l uuid, m text, n varchar(5), o char(3), p json, q jsonb);");
  const std::string header = "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q\n";
  EXPECT_EQ(
      Counts(world.Load("t", header + "-7,123456,9007199254740993,1.5,2.25e10,-12345.6700,t,"
                                      "2024-02-29,2024-02-29 12:34:56.789,2024-02-29T12:34:56+02,"
                                      "23:59:59.5,a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11,\"a,\"\"b\","
                                      "abcde,xy,\"{\"\"b\"\":1}\",\"[1, 2]\"\n,,,,,,,,,,,,,,,,\n")),
      "2 2 0 0 0 0");
  EXPECT_EQ(
      world.Ask("SELECT concat_ws(' ', a, b, c, d, e, f, g, h, i, j AT TIME ZONE 'UTC', k, l, "
                "m, n, o, p, q) FROM {s}.t WHERE a = -7"),
      "-7 123456 9007199254740993 1.5 22500000000 -12345.6700 t 2024-02-29 2024-02-29 "
      "12:34:56.789 2024-02-29 10:34:56 23:59:59.5 a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11 "
      "a,\"b abcde xy  {\"b\":1} [1, 2]");
  EXPECT_EQ(world.Ask("SELECT count(*) FROM {s}.t WHERE num_nulls(a, b, c, d, e, f, g, h, i, j, k, "
                      "l, m, n, o, p, q) = 17"),
            "1");
}

TEST(LoadBulk, TimestampsWithoutZoneDoNotHeedOne) {
  const BulkWorld world("zones", "CREATE TABLE {s}.t (id integer, at timestamp);");
  EXPECT_EQ(Counts(world.Load("t",
                              "id,at\n1,2026-01-02T03:04:05Z\n2,2026-01-02 03:04:05+05:30\n"
                              "3,2026-01-02 03:04:05 UTC\n4,2026-01-02 03:04:05\n")),
            "4 4 0 0 0 0");
  EXPECT_EQ(world.Ask("SELECT string_agg(DISTINCT at::text, ' ') FROM {s}.t"),
            "2026-01-02 03:04:05");
}

TEST(LoadBulk, TypesThatOnlyTheServerKnowsGoAsText) {
  const BulkWorld world(
      "text",
      "CREATE TYPE {s}.mood AS ENUM ('calm', 'loud'); CREATE TABLE {s}.t (id int, "
      "mood {s}.mood, tags text[], address inet, day date);");
  EXPECT_EQ(Counts(world.Load("t", R"([{"id":1,"mood":"loud","tags":["a b","c\"d"],)"
                                   R"("address":"10.0.0.1","day":"2024-01-02"},)"
                                   R"({"id":2,"mood":"angry"}])")),
            "2 1 0 0 0 1");
  EXPECT_EQ(world.Rows("SELECT * FROM {s}.t"), "1|loud|[\"a b\",\"c\\\"d\"]|10.0.0.1|2024-01-02");
}

TEST(LoadBulk, BadRowsAreRejectedWithPlaceAndReason) {
  const BulkWorld world("rejects", kItems);
  const std::string text =
      "id,name,price\n1,one,1.0\nx2,two,2\n3,three,3.5\n3,again,4\n5,\"five\n5\",5\n6,six,9999999."
      "5\n";
  BulkOptions options;
  options.reject_file = world.RejectFile();
  const BulkOutcome outcome = world.Load("items", text, options);

  EXPECT_EQ(Counts(outcome), "6 3 0 0 0 3");
  EXPECT_EQ(world.Rows("SELECT id, name FROM {s}.items ORDER BY id"), "1|one 3|three 5|five\n5");
  EXPECT_THAT(
      world.Rejects(),
      HasSubstr(R"("record":2,"line":3,"byte":24,"column":"id","reason":"id is not an integer")"));
  EXPECT_THAT(world.Rejects(), HasSubstr(R"("record":4,"line":5)"));
  EXPECT_THAT(world.Rejects(), HasSubstr(R"("reason":"id is there already")"));
  EXPECT_THAT(world.Rejects(), HasSubstr(R"("raw":"6,six,9999999.5\n")"));
  ASSERT_EQ(outcome.report.reject_reasons.size(), 3);
}

TEST(LoadBulk, ManyRejectsOfTheServerLeaveTheOthers) {
  const BulkWorld world(
      "checks",
      "CREATE TABLE {s}.parents (id integer PRIMARY KEY); INSERT INTO {s}.parents "
      "SELECT generate_series(0, 9); CREATE TABLE {s}.items (id integer, name text "
      "CHECK (name <> 'item 7'), price numeric, parent integer REFERENCES "
      "{s}.parents);");
  std::string text = "id,name,parent\n";
  for (int i = 0; i < 3000; ++i) {
    text += std::to_string(i) + ",item " + std::to_string(i % 100) + "," +
            std::to_string(i % 250 == 0 ? 10 : i % 10) + "\n";
  }
  const BulkOutcome outcome = world.Load("items", text);
  EXPECT_EQ(Counts(outcome), "3000 2958 0 0 0 42");
  ASSERT_EQ(outcome.report.reject_reasons.size(), 2);
  EXPECT_EQ(outcome.report.reject_reasons[0].text, "check items_name_check is violated");
  EXPECT_EQ(outcome.report.reject_reasons[1].text, "parent has no row in parents");
}

TEST(LoadBulk, GivesUpAboveTheLimit) {
  const BulkWorld world("limit", kItems);
  BulkOptions options;
  options.max_rejects.count = 0;
  EXPECT_EQ(
      Counts(world.Load("items", "id,name\n1,a\nx,b\n", options)),
      "0 0 0 0 0 0 Column \"id\" of dataset items, record 2 (byte 12 of data.csv): \"x\" is not "
      "an integer. Correct the value.");
  EXPECT_EQ(world.Ask("SELECT count(*) FROM {s}.items"), "0");
}

TEST(LoadBulk, SameBytesAreNotLoadedAgain) {
  const BulkWorld world("again", kItems);
  const std::string text = ManyItems(2000);
  ASSERT_EQ(Counts(world.Load("items", text)), "2000 2000 0 0 0 0");

  const BulkOutcome again = world.Load("items", text);
  EXPECT_EQ(Counts(again), "2000 0 0 2000 0 0");
  EXPECT_TRUE(again.report.loaded_before);
  EXPECT_EQ(world.Ask("TRUNCATE {s}.items"), "");
  EXPECT_EQ(Counts(world.Load("items", text)), "2000 2000 0 0 0 0");
}

TEST(LoadBulk, ConflictWordsDecideAboutRowsThatAreThere) {
  struct Case {
    Conflict conflict;
    std::string counts;
    std::string rows;
  };
  const std::string before =
      "INSERT INTO {s}.items VALUES (1, 'one', 1, '2024-01-01Z', '{\"a\":{\"x\":1},\"b\":1}', 9), "
      "(2, "
      "'two', 2, '2024-01-02Z', NULL, 9), (3, 'three', 3, '2024-01-03Z', NULL, 9);";
  const std::string text =
      R"([{"id":1,"name":"uno","price":null,"changed":"2023-12-31T00:00:00Z","more":{"a":{"y":2}}},)"
      R"({"id":2,"name":"two","price":2,"changed":"2024-01-02T00:00:00Z","more":null},)"
      R"({"id":3,"name":"tres","price":3,"changed":"2024-02-01T00:00:00Z","more":null},)"
      R"({"id":4,"name":"four","price":4,"changed":"2024-01-04T00:00:00Z","more":null}])";
  const std::string query = "SELECT id, name, price, more, stock FROM {s}.items ORDER BY id";
  const std::string four = " 4|four|4.00|-|5";
  const Case cases[] = {
      {Conflict::kError, "4 1 0 0 0 3",
       "1|one|1.00|{\"a\": {\"x\": 1}, \"b\": 1}|9 2|two|2.00|-|9 3|three|3.00|-|9"},
      {Conflict::kSkip, "4 1 0 0 3 0",
       "1|one|1.00|{\"a\": {\"x\": 1}, \"b\": 1}|9 2|two|2.00|-|9 3|three|3.00|-|9"},
      {Conflict::kUpdate, "4 1 2 1 0 0",
       "1|uno|-|{\"a\": {\"y\": 2}}|9 2|two|2.00|-|9 3|tres|3.00|-|9"},
      {Conflict::kReplace, "4 1 2 1 0 0",
       "1|uno|-|{\"a\": {\"y\": 2}}|5 2|two|2.00|-|9 3|tres|3.00|-|5"},
      {Conflict::kMerge, "4 1 2 1 0 0",
       "1|uno|1.00|{\"a\": {\"x\": 1, \"y\": 2}, \"b\": 1}|9 2|two|2.00|-|9 3|tres|3.00|-|9"},
      {Conflict::kKeepNewest, "4 1 1 1 1 0",
       "1|one|1.00|{\"a\": {\"x\": 1}, \"b\": 1}|9 2|two|2.00|-|9 3|tres|3.00|-|9"},
      {Conflict::kKeepOldest, "4 1 1 1 1 0",
       "1|uno|-|{\"a\": {\"y\": 2}}|9 2|two|2.00|-|9 3|three|3.00|-|9"},
  };
  for (std::size_t i = 0; i < std::size(cases); ++i) {
    const Case& c = cases[i];
    const BulkWorld world("words_" + std::to_string(i), kItems + before);
    BulkOptions options;
    options.conflict = c.conflict;
    options.cursor = "changed";
    EXPECT_EQ(Counts(world.Load("items", text, options)), c.counts) << api::ToString(c.conflict);
    EXPECT_EQ(world.Rows(query), c.rows + four) << api::ToString(c.conflict);
  }
}

TEST(LoadBulk, UnchangedRowsLeaveNoDeadTuple) {
  const BulkWorld world("unchanged", kItems);
  ASSERT_EQ(Counts(world.Load("items", ManyItems(5000))), "5000 5000 0 0 0 0");
  const std::string places =
      world.Ask("SELECT md5(string_agg(ctid::text, '' ORDER BY id)) FROM {s}.items");
  BulkOptions options;
  options.conflict = Conflict::kUpdate;
  EXPECT_EQ(Counts(world.Load("items", ManyItems(5000), options)), "5000 0 0 5000 0 0");
  EXPECT_EQ(world.Ask("SELECT md5(string_agg(ctid::text, '' ORDER BY id)) FROM {s}.items"), places);
}

TEST(LoadBulk, TheLastOfSeveralRecordsWithOneKeyStays) {
  const BulkWorld world("twins", kItems);
  BulkOptions options;
  options.conflict = Conflict::kUpdate;
  EXPECT_EQ(Counts(world.Load("items", "id,name\n1,a\n2,b\n1,c\n1,d\n", options)), "4 2 0 0 2 0");
  EXPECT_EQ(world.Rows("SELECT id, name FROM {s}.items ORDER BY id"), "1|d 2|b");
}

TEST(LoadBulk, MakesTheTable) {
  const BulkWorld world("create");
  BulkOptions options;
  options.create_table = true;
  options.key = {"ID"};
  const BulkOutcome outcome = world.Load(
      "made",
      "ID;Full Name;Born;Big;Ok\n1;Ann;31.12.1999;5000000000;true\n2;Bob;01.02.2000;1;false\n",
      options);
  EXPECT_EQ(Counts(outcome), "2 2 0 0 0 0");
  EXPECT_TRUE(outcome.report.created_table);
  EXPECT_EQ(world.Rows("SELECT * FROM {s}.made ORDER BY id"),
            "1|Ann|1999-12-31|5000000000|true 2|Bob|2000-02-01|1|false");
  EXPECT_EQ(
      world.Ask("SELECT string_agg(column_name || ' ' || data_type, ', ' ORDER BY "
                "ordinal_position) FROM information_schema.columns WHERE table_schema = '{s}'"),
      "id integer, full_name text, born date, big bigint, ok boolean");
}

TEST(LoadBulk, DryRunCountsAndWritesNothing) {
  const BulkWorld world("dry", kItems);
  BulkOptions options;
  options.dry_run = true;
  EXPECT_EQ(Counts(world.Load("items", "id,name\n1,a\n1,b\nx,c\n", options)), "3 1 0 0 0 2");
  EXPECT_EQ(world.Ask("SELECT count(*) FROM {s}.items"), "0");
  EXPECT_EQ(Counts(world.Load("items", "id,name\n1,a\n1,b\nx,c\n")), "3 1 0 0 0 2");
}

TEST(LoadBulk, WithoutHeaderTheColumnsAreTheTables) {
  const BulkWorld world("headless", "CREATE TABLE {s}.pairs (a integer, b text);");
  EXPECT_EQ(Counts(world.Load("pairs", "1,x\n2,y\n")), "2 2 0 0 0 0");
  EXPECT_EQ(Counts(world.Load("pairs", "b,a\nz,3\n", {.full_refresh = true})), "1 1 0 0 0 0");
  EXPECT_EQ(world.Rows("SELECT * FROM {s}.pairs ORDER BY a"), "1|x 2|y 3|z");
  EXPECT_THAT(Counts(world.Load("pairs", "1,x,2\n")), HasSubstr("3 columns and no header"));
}

TEST(LoadBulk, GoesOnAfterAnInterruption) {
  const BulkWorld world("resume", kItems);
  const std::string text = ManyItems(20'000);
  const BulkOutcome broken =
      world.Load("items", BrokenSource(text, text.size() * 2 / 3), SmallChunks());
  ASSERT_TRUE(broken.error);
  EXPECT_EQ(broken.error->message, "The disk is gone.");
  EXPECT_EQ(world.Ask("SELECT count(*) FROM {s}.items"),
            std::to_string(broken.report.counters.inserted));

  const BulkOutcome whole = world.Load("items", text, SmallChunks());
  EXPECT_EQ(Counts(whole), "20000 20000 0 0 0 0");
  EXPECT_GT(whole.report.resumed_rows, 0);
  EXPECT_EQ(world.Ask("SELECT count(*) FROM {s}.items"), "20000");
}

TEST(LoadBulk, RefusesToGoOnWithAnotherSource) {
  const BulkWorld world("changed", kItems);
  std::string text = ManyItems(20'000);
  ASSERT_TRUE(world.Load("items", BrokenSource(text, text.size() * 2 / 3), SmallChunks()).error);
  text[text.find("item 1,") + 1] = 'T';
  EXPECT_THAT(Counts(world.Load("items", text, SmallChunks())),
              HasSubstr("data.csv is not what the interrupted load has read"));
  EXPECT_THAT(Counts(world.Load("items", text.substr(0, text.find("\n9,") + 1), SmallChunks())),
              HasSubstr("data.csv is not what the interrupted load has read"));
  BulkOptions anew = SmallChunks();
  anew.force_new_source = true;
  anew.conflict = Conflict::kUpdate;
  EXPECT_THAT(Counts(world.Load("items", text, anew)), ::testing::StartsWith("20000 "));
  EXPECT_EQ(world.Ask("SELECT count(*) || max(name) FROM {s}.items WHERE id = 1"), "1iTem 1");
}

TEST(LoadBulk, LoadsAnEmptiedTableFromTheBeginning) {
  const BulkWorld world("emptied", kItems);
  const std::string text = ManyItems(20'000);
  ASSERT_TRUE(world.Load("items", BrokenSource(text, text.size() * 2 / 3), SmallChunks()).error);
  ASSERT_EQ(world.Ask("TRUNCATE {s}.items"), "");
  EXPECT_EQ(Counts(world.Load("items", text, SmallChunks())), "20000 20000 0 0 0 0");
}

TEST(LoadBulk, IncrementalPassesOverWhatIsUnchanged) {
  const BulkWorld world("incremental", kItems);
  BulkOptions options = SmallChunks();
  options.conflict = Conflict::kUpdate;
  std::string text = ManyItems(20'000);
  ASSERT_EQ(Counts(world.Load("items", text, options)), "20000 20000 0 0 0 0");
  ASSERT_EQ(world.Ask("UPDATE {s}.items SET name = 'mine' WHERE id IN (1, 20000)"), "");
  text.insert(text.find('\n') + 1, "0,new,1\n");
  options.incremental = true;
  const BulkOutcome outcome = world.Load("items", text, options);

  EXPECT_EQ(Counts(outcome), "20001 1 1 19999 0 0");
  EXPECT_EQ(world.Rows("SELECT id, name FROM {s}.items WHERE id IN (0, 1, 20000) ORDER BY id"),
            "0|new 1|item 1 20000|mine");
}

TEST(LoadBulk, NothingIsLoadedFromNothing) {
  const BulkWorld world("nothing", kItems);
  EXPECT_EQ(Counts(world.Load("items", "")), "0 0 0 0 0 0");
  EXPECT_EQ(Counts(world.Load("items", "id,name\n")), "0 0 0 0 0 0");
  EXPECT_EQ(Counts(world.Load("items", "[]")), "0 0 0 0 0 0");
  EXPECT_THAT(Counts(world.Load("none", "id\n1\n")), HasSubstr("give --create-table"));
}

TEST(LoadBulk, SequencesGoOnAfterTheGreatestValue) {
  const BulkWorld world("sequences",
                        "CREATE TABLE {s}.t (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n "
                        "serial, label text);");
  EXPECT_EQ(Counts(world.Load("t", "id,n,label\n40,7,a\n41,9,b\n")), "2 2 0 0 0 0");
  EXPECT_EQ(world.Ask("INSERT INTO {s}.t (label) VALUES ('c') RETURNING id || ' ' || n"), "42 10");
}

}  // namespace
}  // namespace tenantry::load
