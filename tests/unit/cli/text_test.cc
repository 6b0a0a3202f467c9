#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cli/binding.h"
#include "cli/console.h"
#include "cli/exit_code.h"
#include "cli/load_report.h"
#include "cli/load_target.h"
#include "cli/numbers.h"
#include "cli/result_text.h"
#include "cli/shell_words.h"
#include "cli/words.h"

namespace tenantry::cli {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Nearest, FindsTheMisspeltWord) {
  const std::vector<std::string> words = {"--table", "--tenant", "--conflict", "--key"};
  EXPECT_EQ(Nearest("--tabel", words), "--table");
  EXPECT_EQ(Nearest("--tenent", words), "--tenant");
  EXPECT_EQ(Nearest("--on-conflict", words), "--conflict");
  EXPECT_EQ(Nearest("--something-else", words), "");
  EXPECT_EQ(Nearest("-x", {"-h", "-q"}), "");
  EXPECT_EQ(Nearest(std::string(100'000, 'x'), words), "");
}

TEST(WorseExit, TakesTheWorstOfSeveralFiles) {
  EXPECT_EQ(WorseExit(kExitOk, kExitRejects), kExitRejects);
  EXPECT_EQ(WorseExit(kExitFailed, kExitRejects), kExitFailed);
  EXPECT_EQ(WorseExit(kExitFailed, kExitCancelled), kExitCancelled);
  EXPECT_EQ(WorseExit(kExitOk, kExitOk), kExitOk);
}

TEST(ShellLine, QuotesAndLeavesPasswordsOut) {
  EXPECT_EQ(ShellLine({"tenantry", "load", "--store", "postgres://ann:s3cret@db/app", "--null", "",
                       "it's here.csv", "--delimiter", ";"}),
            "tenantry load --store postgres://ann@db/app --null '' 'it'\\''s here.csv' "
            "--delimiter ';'");
}

TEST(Grouped, PutsACommaBeforeEveryThreeDigits) {
  EXPECT_EQ(Grouped(0), "0");
  EXPECT_EQ(Grouped(999), "999");
  EXPECT_EQ(Grouped(1000), "1,000");
  EXPECT_EQ(Grouped(1234567), "1,234,567");
  EXPECT_EQ(Grouped(-123456), "-123,456");
}

TEST(FormatElapsed, HasTheUnitThatFits) {
  EXPECT_EQ(FormatElapsed(milliseconds(1460)), "1.46 s");
  EXPECT_EQ(FormatElapsed(milliseconds(59'900)), "59.9 s");
  EXPECT_EQ(FormatElapsed(milliseconds(125'000)), "2m 05s");
  EXPECT_EQ(FormatElapsed(milliseconds(3'720'000)), "1h 02m");
}

TEST(FormatRate, HasThreeDigitsOrSo) {
  EXPECT_EQ(FormatRate(87), "87");
  EXPECT_EQ(FormatRate(1'250), "1.2k");
  EXPECT_EQ(FormatRate(684'493), "684k");
  EXPECT_EQ(FormatRate(1'254'000), "1.25M");
}

TEST(FormatTable, AlignsNumbersToTheRight) {
  EXPECT_EQ(FormatTable({{"NAME", "ROWS", "STATE"}, {"a", "7", "x"}, {"ällong", "1,000", "y"}}),
            "NAME     ROWS  STATE\n"
            "a           7  x\n"
            "ällong  1,000  y\n");
}

TEST(FormatList, LeavesEverythingAtTheLeft) {
  EXPECT_EQ(FormatList({{"host", "db"}, {"port", "5432"}}), "host  db\nport  5432\n");
}

TEST(FormatYaml, QuotesWhatIsNoPlainWord) {
  const Json value = {{"files", Json::array({{{"file", "a.csv"},
                                              {"read", 3},
                                              {"checksum", nullptr},
                                              {"what", "yes"},
                                              {"reasons", Json::array()}}})},
                      {"exitCode", 0},
                      {"note", "two: words"},
                      {"list", Json::array({"a", "0x1"})}};
  EXPECT_EQ(FormatYaml(value),
            "files:\n"
            "  - file: a.csv\n"
            "    read: 3\n"
            "    checksum: null\n"
            "    what: \"yes\"\n"
            "    reasons: []\n"
            "exitCode: 0\n"
            "note: \"two: words\"\n"
            "list:\n"
            "  - a\n"
            "  - \"0x1\"\n");
}

FileResult Loaded() {
  FileResult result{.file = "tracks.csv.gz",
                    .schema = "public",
                    .table = "tracks",
                    .reject_file = "tracks.csv.gz.rejects.ndjson"};
  result.report.counters = {.read = 1'000'000, .inserted = 999'993, .rejected = 7};
  result.report.elapsed = milliseconds(1460);
  result.report.checksum = "9f3c2a71aaaa";
  result.report.bytes = 12;
  result.report.reject_reasons = {{.count = 5, .text = "duration_ms is not an integer"},
                                  {.count = 2, .text = "album_id has no album"}};
  return result;
}

TEST(DescribeResult, IsWhatPeopleWantToKnow) {
  EXPECT_EQ(DescribeResult(Loaded()),
            "tracks        read 1,000,000   inserted 999,993   updated 0   unchanged 0   skipped 0 "
            "  rejected 7\n"
            "              1.46 s, 685k rows/s, checksum 9f3c2a71\n"
            "7 rows were rejected: 5 × duration_ms is not an integer, 2 × album_id has no album.\n"
            "              tracks.csv.gz.rejects.ndjson has each with its line, column and "
            "reason.\n");
}

TEST(DescribeResult, SaysPlainlyThatADryRunWroteNothing) {
  FileResult result = Loaded();
  result.dry_run = true;
  EXPECT_THAT(DescribeResult(result), HasSubstr("Dry run: nothing was written."));
}

TEST(DescribeResult, SaysThatTheFileWasLoadedBefore) {
  FileResult result = Loaded();
  result.report.loaded_before = true;
  EXPECT_THAT(DescribeResult(result), HasSubstr("loaded before: the table was not touched"));
  EXPECT_THAT(DescribeResult(result), Not(HasSubstr("rows/s")));
}

TEST(FormatResults, HasEveryCounterByName) {
  const Json json = Json::parse(FormatResults({Loaded()}, kExitRejects, OutputFormat::kJson));
  const Json& file = json["files"][0];
  EXPECT_EQ(json["exitCode"], 3);
  EXPECT_EQ(file["file"], "tracks.csv.gz");
  EXPECT_EQ(file["state"], "Loaded");
  EXPECT_EQ(file["read"], 1'000'000);
  EXPECT_EQ(file["inserted"], 999'993);
  EXPECT_EQ(file["rejected"], 7);
  EXPECT_EQ(file["rowsPerSecond"], 684931);
  EXPECT_EQ(file["rejectReasons"][1]["reason"], "album_id has no album");
  EXPECT_EQ(file["error"], nullptr);
}

TEST(ExitCodeOf, TellsHowALoadEnded) {
  FileResult result = Loaded();
  EXPECT_EQ(ExitCodeOf(result), kExitRejects);
  result.report.counters = {.read = 1, .inserted = 1};
  EXPECT_EQ(ExitCodeOf(result), kExitOk);
  result.error = Error{ErrorCode::kInvalid, "no"};
  EXPECT_EQ(ExitCodeOf(result), kExitFailed);
  result.error = Error{ErrorCode::kCancelled, "stopped"};
  EXPECT_EQ(ExitCodeOf(result), kExitCancelled);
}

TEST(FirstSchema, IsTheFirstRealOneOfASearchPath) {
  EXPECT_EQ(FirstSchema("tenant_acme"), "tenant_acme");
  EXPECT_EQ(FirstSchema("app, public"), "app");
  EXPECT_EQ(FirstSchema("\"My, Schema\", public"), "My, Schema");
  EXPECT_EQ(FirstSchema("\"$user\", public"), "");
  EXPECT_EQ(FirstSchema(""), "");
}

TEST(ReadBinding, GivesBackThePasswordsOfBindingJson) {
  const Binding binding = {
      .tenant = api::TenantId("acme"),
      .postgres = {.host = "/run/pg",
                   .database = "app",
                   .user = "tenant_acme_app",
                   .password = Secret("p@w")},
      .schema = "tenant_acme",
      .redis = api::RedisAccess{.host = "cache", .user = "tenant_acme", .password = Secret("r")}};
  const std::string text = BindingJson(binding, Passwords::kShown).dump();
  EXPECT_THAT(text, HasSubstr("postgresql://tenant_acme_app:p%40w@%2Frun%2Fpg:5432/app"));
  const Result<KnownPasswords> known = ReadBinding(text, api::TenantId("acme"));
  ASSERT_TRUE(known);
  EXPECT_EQ(known->postgres.reveal(), "p@w");
  EXPECT_EQ(known->redis.reveal(), "r");
  EXPECT_FALSE(ReadBinding(text, api::TenantId("globex")));
  EXPECT_FALSE(ReadBinding("[]", api::TenantId("acme")));
  EXPECT_THAT(BindingJson(binding, Passwords::kHidden).dump(), Not(HasSubstr("p@w")));
}

TEST(ChoosePasswords, ChangesNoneUnlessAskedTo) {
  const KnownPasswords fresh = {.postgres = Secret("new"), .redis = Secret("new-cache")};
  const auto choose = [&](PasswordInput input) {
    input.fresh = fresh;
    const Result<ChosenPasswords> chosen = ChoosePasswords(input);
    return chosen ? chosen->postgres.reveal() + "|" + chosen->redis.reveal() : "refused";
  };
  EXPECT_EQ(choose({}), "|");
  EXPECT_EQ(choose({.has_place = true}), "new|");
  EXPECT_EQ(choose({.has_place = true, .has_login = true}), "|");
  EXPECT_EQ(choose({.rotate = true, .has_place = true, .has_login = true}), "new|");
  EXPECT_EQ(choose({.known = {.postgres = Secret("old")}, .has_place = true, .has_login = true}),
            "old|");
  EXPECT_EQ(choose({.wants_cache = true}), "refused");
  EXPECT_EQ(choose({.has_place = true, .wants_cache = true}), "new|new-cache");
  EXPECT_EQ(choose({.has_place = true, .has_login = true, .wants_cache = true, .has_cache = true}),
            "|");
}

TEST(Paint, NeedsATerminal) {
  std::ostringstream out, err;
  EXPECT_EQ((Console{.out = out, .err = err}.Paint("x", Color::kRed)), "x");
  EXPECT_EQ((Console{.out = out, .err = err, .has_colors = true}.Paint("x", Color::kRed)),
            "\x1b[31mx\x1b[0m");
}

}  // namespace
}  // namespace tenantry::cli
