#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stop_token>
#include <string>
#include <vector>

#include "cli/exit_code.h"
#include "cli/files.h"
#include "cli/result_text.h"
#include "tests/adapter/cli/command.h"
#include "tests/support/shared_servers.h"

namespace tenantry::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::Postgres;

constexpr char kCsv[] = "id,name\n1,one\n2,two\n3,three\n";

std::vector<std::string> Load(const std::string& table, const std::vector<std::string>& more) {
  std::vector<std::string> words = {"load", "--store", UrlOf(Postgres().superuser()), "--table",
                                    table};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

std::string CountOf(const std::string& table) {
  return Postgres().Value("app", "SELECT count(*) FROM " + table);
}

TEST(LoadCommand, MakesATableAndLoadsTheFileOnce) {
  const testing::TemporaryFolder folder;
  const std::string file = folder.Write("made.csv", kCsv);
  const Ended first = RunTool(Load("cli_made", {"--create-table", "--key", "id", file}));
  ASSERT_EQ(first.exit_code, kExitOk) << first.err;
  EXPECT_THAT(first.out, HasSubstr("read 3   inserted 3"));
  EXPECT_THAT(first.out, HasSubstr("Created table public.cli_made."));
  EXPECT_THAT(first.err, HasSubstr("CSV, delimiter ',', header, 2 columns"));
  const Ended again = RunTool(Load("cli_made", {"--create-table", "--key", "id", file}));
  EXPECT_EQ(again.exit_code, kExitOk) << again.err;
  EXPECT_THAT(again.out, HasSubstr("was loaded before"));
  EXPECT_EQ(CountOf("public.cli_made"), "3");
}

TEST(LoadCommand, TellsOfRejectsWithExitCode3) {
  ASSERT_TRUE(Postgres().Script("app",
                                "CREATE TABLE public.cli_bad (id integer PRIMARY KEY, "
                                "name text)"));
  const testing::TemporaryFolder folder;
  const std::string file = folder.Write("bad.csv", "id,name\n1,one\nx,two\n3,three\n");
  const Ended ended = RunTool(Load("cli_bad", {"--output", "json", file}));
  EXPECT_EQ(ended.exit_code, kExitRejects) << ended.err;
  const Json json = Json::parse(ended.out);
  const Json& result = json["files"][0];
  EXPECT_EQ(result["read"], 3);
  EXPECT_EQ(result["inserted"], 2);
  EXPECT_EQ(result["rejected"], 1);
  EXPECT_EQ(result["rejectsFile"], file + ".rejects.ndjson");
  EXPECT_THAT(ReadSmallFile(file + ".rejects.ndjson").value(), HasSubstr("x,two"));
  EXPECT_EQ(json["exitCode"], kExitRejects);
}

TEST(LoadCommand, LoadsEveryFileThatFitsAPattern) {
  ASSERT_TRUE(Postgres().Script("app", "CREATE TABLE public.cli_many (id integer PRIMARY KEY)"));
  const testing::TemporaryFolder folder;
  folder.Write("a.csv", "id\n1\n");
  folder.Write("b.csv", "id\n2\n");
  folder.Write("c.txt", "id\n3\n");
  const Ended ended =
      RunTool(Load("cli_many", {folder.path() + "/*.csv", folder.path() + "/none.csv"}));
  EXPECT_EQ(ended.exit_code, kExitFailed);
  EXPECT_THAT(ended.err, HasSubstr("none.csv cannot be read (No such file or directory)"));
  EXPECT_EQ(CountOf("public.cli_many"), "2");
  const Ended nothing = RunTool(Load("cli_many", {folder.path() + "/*.json"}));
  EXPECT_EQ(nothing.exit_code, kExitFailed);
  EXPECT_THAT(nothing.err, HasSubstr("No file fits the pattern"));
}

TEST(LoadCommand, DryRunWritesNothingAndSaysSo) {
  ASSERT_TRUE(Postgres().Script("app",
                                "CREATE TABLE public.cli_dry (id integer PRIMARY KEY, name "
                                "text)"));
  const testing::TemporaryFolder folder;
  const Ended ended = RunTool(Load("cli_dry", {"--dry-run", folder.Write("dry.csv", kCsv)}));
  EXPECT_EQ(ended.exit_code, kExitOk) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("inserted 3"));
  EXPECT_THAT(ended.out, HasSubstr("Dry run: nothing was written."));
  EXPECT_EQ(CountOf("public.cli_dry"), "0");
}

constexpr char kMapping[] =
    "rename: {Nr: id}\n"
    "columns:\n"
    "- name: name\n"
    "  from: Name\n"
    "  steps: [{trim: Both}, {case: Upper}]\n";

TEST(LoadCommand, MapsColumnsAsTheFileSays) {
  ASSERT_TRUE(Postgres().Script("app", "CREATE TABLE public.cli_map (id integer, name text)"));
  const testing::TemporaryFolder folder;
  const std::string mapping = folder.Write("mapping.yaml", kMapping);
  const std::string file = folder.Write("map.csv", "Nr,Name\n1, one\n2,two\n");
  const Ended ended = RunTool(Load("cli_map", {"--mapping", mapping, file}));
  EXPECT_EQ(ended.exit_code, kExitOk) << ended.err;
  EXPECT_EQ(Postgres().Value("app", "SELECT string_agg(id || name, ',') FROM public.cli_map"),
            "1ONE,2TWO");
}

TEST(LoadCommand, SaysWhatIsWrongWithAMapping) {
  ASSERT_TRUE(Postgres().Script("app", "CREATE TABLE public.cli_map_bad (id integer)"));
  const testing::TemporaryFolder folder;
  const std::string file = folder.Write("map.csv", "id\n1\n");
  const auto complaint = [&](const std::string& yaml) {
    const Ended ended =
        RunTool(Load("cli_map_bad", {"--mapping", folder.Write("bad.yaml", yaml), file}));
    EXPECT_EQ(ended.exit_code, kExitFailed);
    return ended.err;
  };
  EXPECT_THAT(complaint("columns: [{name: a, steps: [{trim: Sides}]}]"),
              HasSubstr("bad.yaml: mapping.columns[0].steps[0].trim: \"Sides\" is not one of"));
  EXPECT_THAT(complaint("columns: ["), HasSubstr("bad.yaml: line 1 is no YAML"));
  EXPECT_THAT(complaint("drop: [a]\ndrop: [b]"), HasSubstr("line 2: \"drop\" is there twice"));
  const Ended missing = RunTool(Load("cli_map_bad", {"--mapping", folder.path() + "/no", file}));
  EXPECT_THAT(missing.err, HasSubstr("--mapping: "));
}

TEST(LoadCommand, LoadsFromAnotherDatabase) {
  ASSERT_TRUE(Postgres().Script("app",
                                "CREATE TABLE public.cli_src (id integer PRIMARY KEY, t text); "
                                "INSERT INTO public.cli_src VALUES (1, 'a'), (2, NULL), (3, ''); "
                                "CREATE TABLE public.cli_dst (LIKE public.cli_src)"));
  const std::string source = UrlOf(Postgres().superuser());
  const Ended table = RunTool(Load("cli_dst", {"--from-table", "cli_src", source}));
  EXPECT_EQ(table.exit_code, kExitOk) << table.err;
  EXPECT_EQ(Postgres().Value("app", "SELECT count(*) || ' ' || count(t) FROM public.cli_dst"),
            "3 2");
  const Ended bare = RunTool(Load("cli_dst", {source}));
  EXPECT_EQ(bare.exit_code, kExitUsage);
  EXPECT_THAT(bare.err, HasSubstr("needs --from-table or --from-query"));
}

TEST(LoadCommand, RefusesPasswordsInUrlsAndPrivateAddresses) {
  ASSERT_TRUE(Postgres().Script("app", "CREATE TABLE public.cli_url (id integer)"));
  const Ended login = RunTool(Load("cli_url", {"https://u:p@example.com/a.csv"}));
  EXPECT_EQ(login.exit_code, kExitUsage);
  EXPECT_THAT(login.err, HasSubstr("--url-password-file"));
  const Ended local = RunTool(Load("cli_url", {"http://127.0.0.1:1/a.csv?key=x[1]"}));
  EXPECT_EQ(local.exit_code, kExitFailed);
  EXPECT_THAT(local.err, HasSubstr("leads to 127.0.0.1, an address of this machine"));
  EXPECT_THAT(local.err, Not(HasSubstr("key=x")));
}

TEST(LoadCommand, EndsWith130WhenStopped) {
  ASSERT_TRUE(Postgres().Script("app", "CREATE TABLE public.cli_stop (id integer, name text)"));
  const testing::TemporaryFolder folder;
  const std::string file = folder.Write("it's.csv", kCsv);
  std::stop_source stop;
  stop.request_stop();
  const Ended ended = RunTool(Load("cli_stop", {file}), stop.get_token());
  EXPECT_EQ(ended.exit_code, kExitCancelled);
}

TEST(LoadCommand, LoadsAsTheTenant) {
  const std::string admin = UrlOf(Postgres().admin());
  for (const std::string isolation : {"Schema", "RowLevel"}) {
    const std::string id = "cli_load_" + std::string(isolation == "Schema" ? "s" : "r");
    const Ended made =
        RunTool({"tenant", "init", "--store", admin, "--tenant-id", id, "--tier", "Free",
                 "--admin-email", "a@b", "--template", "Music", "--isolation", isolation});
    ASSERT_EQ(made.exit_code, kExitOk) << made.err;
    const testing::TemporaryFolder folder;
    const std::string file = folder.Write("artists.csv", "artist_id,name\na1,One\na2,Two\n");
    const Ended ended =
        RunTool({"load", "--store", admin, "--tenant", id, "--table", "artists", file});
    ASSERT_EQ(ended.exit_code, kExitOk) << ended.err;
    const std::string schema = isolation == "Schema" ? "tenant_" + id : "shared_music";
    EXPECT_EQ(Postgres().Value("app", "SELECT count(*) FROM " + schema +
                                          ".artists WHERE tenant_id = '" + id + "'"),
              "2");
  }
}

TEST(LoadCommand, MakesATableOfTheTenant) {
  const std::string admin = UrlOf(Postgres().admin());
  ASSERT_EQ(RunTool({"tenant", "init", "--store", admin, "--tenant-id", "cli_maker", "--tier",
                     "Free", "--admin-email", "a@b"})
                .exit_code,
            kExitOk);
  const testing::TemporaryFolder folder;
  const std::vector<std::string> words = {
      "load",     "--store",        admin,
      "--tenant", "cli_maker",      "--table",
      "things",   "--create-table", folder.Write("things.csv", kCsv)};
  const Ended ended = RunTool(words);
  ASSERT_EQ(ended.exit_code, kExitOk) << ended.err;
  EXPECT_EQ(CountOf("tenant_cli_maker.things"), "3");
  EXPECT_THAT(RunTool(words).out, HasSubstr("was loaded before"));
  const Ended shown =
      RunTool({"tenant", "show", "--store", admin, "cli_maker", "--output", "json"});
  ASSERT_EQ(shown.exit_code, kExitOk) << shown.err;
  const Json load = Json::parse(shown.out)["loads"][0];
  EXPECT_EQ(load["table"], "tenant_cli_maker.things");
  EXPECT_EQ(load["read"], 3);
}

TEST(LoadCommand, NamesTheCommandThatMakesAMissingTenant) {
  const testing::TemporaryFolder folder;
  const Ended ended = RunTool({"load", "--store", UrlOf(Postgres().admin()), "--tenant", "nobody",
                               "--table", "t", folder.Write("a.csv", kCsv)});
  EXPECT_EQ(ended.exit_code, kExitFailed);
  EXPECT_THAT(ended.err, HasSubstr("There is no tenant nobody"));
  EXPECT_THAT(ended.err, HasSubstr("tenantry tenant init"));
}

TEST(LoadCommand, ExplainsAServerThatDoesNotAnswer) {
  const testing::TemporaryFolder folder;
  const Ended ended = RunTool({"load", "--store", "postgres://ann@127.0.0.1:1/app", "--table", "t",
                               folder.Write("a.csv", kCsv)});
  EXPECT_EQ(ended.exit_code, kExitFailed);
  EXPECT_THAT(ended.err, HasSubstr("PostgreSQL at 127.0.0.1:1 does not answer"));
  EXPECT_THAT(ended.err, Not(HasSubstr("agent")));
}

}  // namespace
}  // namespace tenantry::cli
