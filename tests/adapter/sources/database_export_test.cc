#include "agent/load/database_export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <memory>
#include <string>

#include "agent/load/bulk_load.h"
#include "tests/support/certificates.h"
#include "tests/support/shared_servers.h"

namespace tenantry::load {
namespace {

using ::testing::HasSubstr;
using testing::Postgres;

std::string TextOf(const Result<PathSource>& exported) {
  if (!exported) {
    return exported.error().message;
  }
  std::string text;
  const auto stream = exported->source->Read();
  for (;;) {
    const Result<std::string_view> piece = stream->Next();
    if (!piece || piece->empty()) {
      return text;
    }
    text += *piece;
  }
}

std::string FromPostgres(const DatabaseQuery& what) {
  return TextOf(ExportPostgres(Postgres().superuser(), what, {}));
}

class Silent final : public BulkListener {
 public:
  void OnFinding(const Finding&, const std::vector<std::string>&) override {}
  void OnProgress(const BulkProgress&) override {}
};

// Loads what was exported into public.`table`; read and inserted, or the error.
std::string Load(const Result<PathSource>& exported, const std::string& table) {
  EXPECT_TRUE(exported) << (exported ? "" : exported.error().message);
  Silent listener;
  const BulkOutcome outcome =
      LoadBulk({.postgres = Postgres().superuser(), .schema = "public", .table = table},
               {.read = ReadOptionsOfExport()}, *exported->source,
               {.dataset = table, .source = "export of " + table}, listener, {});
  return outcome.error ? outcome.error->message
                       : std::to_string(outcome.report.counters.read) + " " +
                             std::to_string(outcome.report.counters.inserted);
}

constexpr char kOddRows[] =
    "(1, 'plain', 1.5, '{\"a\": [1]}'), (2, '', NULL, NULL), (3, NULL, 0, 'null'), "
    "(4, E'two\\nlines \"quoted\", \\\\N', -1e100, '[]'), (5, '\\N', 7, '\"\"'), (6, '# x', 8, "
    "'1')";

TEST(ExportPostgres, ATableComesBackAsItWas) {
  ASSERT_TRUE(Postgres().Script(
      "app", std::string("CREATE TABLE public.exp_from (id int PRIMARY KEY, t text, n double "
                         "precision, j jsonb); INSERT INTO public.exp_from VALUES ") +
                 kOddRows + "; CREATE TABLE public.exp_to (LIKE public.exp_from)"));
  EXPECT_EQ(Load(ExportPostgres(Postgres().superuser(), {.table = "exp_from"}, {}), "exp_to"),
            "6 6");
  EXPECT_EQ(Postgres().Value("app",
                             "SELECT count(*) FROM (TABLE public.exp_from EXCEPT TABLE "
                             "public.exp_to) d"),
            "0");
  EXPECT_EQ(Postgres().Value("app", "SELECT count(*) FROM public.exp_to"), "6");
}

TEST(ExportPostgres, OneColumnKeepsItsNulls) {
  ASSERT_TRUE(Postgres().Script(
      "app", "CREATE TABLE public.exp_one (t text); CREATE TABLE public.exp_one_to (t text)"));
  EXPECT_EQ(
      Load(ExportPostgres(
               Postgres().superuser(),
               {.query = "SELECT t FROM (VALUES ('a'), (NULL), (''), (NULL)) v(t) -- all;"}, {}),
           "exp_one_to"),
      "4 4");
  EXPECT_EQ(Postgres().Value("app", "SELECT count(t) || ' of ' || count(*) FROM public.exp_one_to"),
            "2 of 4");
}

TEST(ExportPostgres, ATableComesInTheOrderOfItsKey) {
  ASSERT_TRUE(Postgres().Script("app",
                                "CREATE TABLE public.exp_order (b int, a int, PRIMARY KEY (b, a));"
                                "INSERT INTO public.exp_order VALUES (2, 1), (1, 2), (1, 1)"));
  EXPECT_EQ(FromPostgres({.table = "public.exp_order"}),
            "b,a\n\"1\",\"1\"\n\"1\",\"2\"\n\"2\",\"1\"\n");
}

TEST(ExportPostgres, ReadsOnlyAndSaysWhatIsWrong) {
  ASSERT_TRUE(Postgres().Script("app",
                                "CREATE TABLE public.exp_ro (a int); CREATE FUNCTION "
                                "public.exp_write() RETURNS int LANGUAGE sql AS 'INSERT "
                                "INTO public.exp_ro VALUES (1) RETURNING a'"));
  EXPECT_THAT(FromPostgres({.query = "SELECT public.exp_write()"}), HasSubstr("read-only"));
  EXPECT_EQ(Postgres().Value("app", "SELECT count(*) FROM public.exp_ro"), "0");
  EXPECT_THAT(FromPostgres({.table = "exp_none"}), HasSubstr("exp_none"));
  EXPECT_THAT(FromPostgres({.query = "SELECT 1; SELECT 2"}), HasSubstr("syntax error"));
}

TEST(ExportPostgres, EndsSoonAfterAStop) {
  std::stop_source stop;
  stop.request_stop();
  const auto exported = ExportPostgres(
      Postgres().superuser(),
      {.query = "SELECT repeat('x', 1000) FROM generate_series(1, 100000000)"}, stop.get_token());
  ASSERT_FALSE(exported);
  EXPECT_EQ(exported.error().code, ErrorCode::kCancelled);
}

class SqliteFile {
 public:
  explicit SqliteFile(const std::string& sql) : path_(folder_.path() + "/data.db") {
    sqlite3* handle = nullptr;
    EXPECT_EQ(sqlite3_open(path_.c_str(), &handle), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(handle);
  }
  std::string Export(const DatabaseQuery& what) const {
    return TextOf(ExportSqlite(path_, what, {}));
  }
  const std::string& path() const { return path_; }

 private:
  testing::TemporaryFolder folder_;
  std::string path_;
};

constexpr char kSqlite[] =
    "CREATE TABLE \"odd \"\"name\" (id INTEGER PRIMARY KEY, t, n REAL, b BLOB);"
    "INSERT INTO \"odd \"\"name\" VALUES (1, 'a\"b', 0.1, x'00ff'), (2, NULL, 1e300, x''), "
    "(9007199254740993, '', -5, NULL);";

TEST(ExportSqlite, WritesEveryKindOfValueExactly) {
  const SqliteFile file(kSqlite);
  EXPECT_EQ(file.Export({.table = "odd \"name"}),
            "\"id\",\"t\",\"n\",\"b\"\n"
            "\"1\",\"a\"\"b\",\"0.1\",\"\\x00ff\"\n"
            "\"2\",\\N,\"1e+300\",\"\\x\"\n"
            "\"9007199254740993\",\"\",\"-5\",\\N\n");
  EXPECT_EQ(file.Export({.query = "SELECT count(*) AS n FROM \"odd \"\"name\" ; "}),
            "\"n\"\n\"3\"\n");
}

TEST(ExportSqlite, LoadsIntoPostgres) {
  const SqliteFile file(kSqlite);
  ASSERT_TRUE(Postgres().Script(
      "app", "CREATE TABLE public.exp_sqlite (id bigint, t text, n double precision, b bytea)"));
  EXPECT_EQ(Load(ExportSqlite(file.path(), {.table = "odd \"name"}, {}), "exp_sqlite"), "3 3");
  EXPECT_EQ(Postgres().Value("app",
                             "SELECT string_agg(concat_ws('|', id, coalesce(t, '-'), n, b), "
                             "' ' ORDER BY id) FROM public.exp_sqlite"),
            "1|a\"b|0.1|\\x00ff 2|-|1e+300|\\x 9007199254740993||-5");
}

TEST(ExportSqlite, RefusesWhatIsNoSelect) {
  const SqliteFile file(kSqlite);
  for (const char* query : {"DELETE FROM t", "SELECT 1; SELECT 2", "", "CREATE TABLE x (a)"}) {
    EXPECT_THAT(file.Export({.query = query}),
                ::testing::AnyOf(HasSubstr("must be one SELECT"), HasSubstr("cannot be read")))
        << query;
  }
  EXPECT_THAT(file.Export({.table = "none"}), HasSubstr("no such table: none"));
  EXPECT_THAT(TextOf(ExportSqlite("/nowhere/x.db", {.table = "t"}, {})),
              HasSubstr("cannot be read"));
}

}  // namespace
}  // namespace tenantry::load
