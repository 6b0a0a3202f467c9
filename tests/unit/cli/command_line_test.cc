#include "cli/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

#include "cli/exit_code.h"

namespace tenantry::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Words = std::vector<std::string>;

const Words kLoad = {"load", "--store", "postgres://db/app", "--table", "tracks"};

Words Load(const Words& more) {
  Words words = kLoad;
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

LoadOptions MustLoad(const Words& more) {
  const Command command = ParseCommandLine(Load(more));
  const auto* exit = std::get_if<EarlyExit>(&command);
  EXPECT_EQ(exit, nullptr) << exit->text;
  return exit == nullptr ? std::get<LoadOptions>(command) : LoadOptions();
}

EarlyExit MustExit(const Words& words) {
  const Command command = ParseCommandLine(words);
  const auto* exit = std::get_if<EarlyExit>(&command);
  EXPECT_NE(exit, nullptr);
  return exit == nullptr ? EarlyExit() : *exit;
}

TEST(ParseCommandLine, TakesALoadWithAllItsOptions) {
  const LoadOptions options = MustLoad({"--tenant",
                                        "acme",
                                        "--key",
                                        "album_id, position",
                                        "--conflict",
                                        "keep-newest",
                                        "--cursor",
                                        "changed",
                                        "--format",
                                        "CSV",
                                        "--no-header",
                                        "--create-table",
                                        "--connections",
                                        "4",
                                        "--dry-run",
                                        "--delimiter",
                                        "\\t",
                                        "--quote",
                                        "none",
                                        "--comment",
                                        "#",
                                        "--null",
                                        "NA",
                                        "--null",
                                        "-",
                                        "--max-rejects",
                                        "2.5%",
                                        "--unknown-columns",
                                        "rest",
                                        "--memory-limit",
                                        "1Gi",
                                        "--output",
                                        "YAML",
                                        "-q",
                                        "one.csv",
                                        "two.csv"});
  EXPECT_EQ(options.table, "tracks");
  EXPECT_EQ(options.tenant, "acme");
  EXPECT_THAT(options.files, ElementsAre("one.csv", "two.csv"));
  EXPECT_THAT(options.bulk.key, ElementsAre("album_id", "position"));
  EXPECT_EQ(options.bulk.conflict, api::Conflict::kKeepNewest);
  EXPECT_EQ(options.bulk.cursor, "changed");
  EXPECT_EQ(options.bulk.read.format, api::Format::kCsv);
  EXPECT_EQ(options.bulk.read.csv.header, false);
  EXPECT_EQ(options.bulk.read.csv.delimiter, "\t");
  EXPECT_EQ(options.bulk.read.csv.quote, '\0');
  EXPECT_EQ(options.bulk.read.csv.comment, '#');
  EXPECT_THAT(options.bulk.read.csv.null_texts, ElementsAre("NA", "-"));
  EXPECT_TRUE(options.bulk.create_table);
  EXPECT_TRUE(options.bulk.dry_run);
  EXPECT_EQ(options.bulk.connections, 4);
  EXPECT_EQ(options.bulk.max_rejects.percent, 2.5);
  EXPECT_EQ(options.bulk.unknown_columns, api::UnknownColumns::kCollect);
  EXPECT_EQ(options.bulk.collect_column, "rest");
  EXPECT_EQ(options.bulk.memory_limit_bytes, std::int64_t{1} << 30);
  EXPECT_EQ(options.output.format, OutputFormat::kYaml);
  EXPECT_TRUE(options.output.quiet);
}

TEST(ParseCommandLine, HasTheDocumentedDefaults) {
  const LoadOptions options = MustLoad({"-"});
  EXPECT_THAT(options.files, ElementsAre("-"));
  EXPECT_EQ(options.bulk.conflict, api::Conflict::kError);
  EXPECT_EQ(options.bulk.read.format, api::Format::kAuto);
  EXPECT_EQ(options.bulk.read.csv.header, std::nullopt);
  EXPECT_EQ(options.bulk.connections, 2);
  EXPECT_EQ(options.bulk.memory_limit_bytes, 64 << 20);
  EXPECT_EQ(options.output.format, OutputFormat::kTable);
  EXPECT_EQ(options.schema, "");
}

TEST(ParseCommandLine, TakesConflictWordsInAnyCase) {
  const std::vector<std::pair<const char*, api::Conflict>> cases = {
      {"error", api::Conflict::kError},
      {"SKIP", api::Conflict::kSkip},
      {"Update", api::Conflict::kUpdate},
      {"replace", api::Conflict::kReplace},
      {"Merge", api::Conflict::kMerge}};
  for (const auto& [word, conflict] : cases) {
    EXPECT_EQ(MustLoad({"--conflict", word, "a"}).bulk.conflict, conflict) << word;
  }
  for (const char* word : {"KeepOldest", "keepoldest", "keep-oldest", "KEEP_OLDEST"}) {
    EXPECT_EQ(MustLoad({"--conflict", word, "--cursor", "at", "a"}).bulk.conflict,
              api::Conflict::kKeepOldest)
        << word;
  }
}

TEST(ParseCommandLine, TakesTheSchemaFromTheTable) {
  const Command command =
      ParseCommandLine({"load", "--store", "postgres://", "--table", "music.tracks", "a.csv"});
  EXPECT_EQ(std::get<LoadOptions>(command).schema, "music");
  EXPECT_EQ(std::get<LoadOptions>(command).table, "tracks");
}

TEST(ParseCommandLine, TakesTsvAsTabbedCsv) {
  const LoadOptions options = MustLoad({"--format", "tsv", "a"});
  EXPECT_EQ(options.bulk.read.format, api::Format::kCsv);
  EXPECT_EQ(options.bulk.read.csv.delimiter, "\t");
}

struct WrongUsage {
  Words words;
  const char* message;
};

TEST(ParseCommandLine, TellsWhatIsWrongWithExitCode2) {
  const std::vector<WrongUsage> cases = {
      {{}, "a command is required"},
      {{"laod"}, "there is no command \"laod\". Did you mean load?"},
      {{"load", "--table", "t", "a"}, "--store is required"},
      {{"load", "--store", "postgres://", "a"}, "--table is required"},
      {{"load", "--store", "here", "--table", "t", "a"}, "does not begin with postgres://"},
      {Load({}), "a FILE is required"},
      {Load({"--conflit", "Skip", "a"}), "there is no option --conflit. Did you mean --conflict?"},
      {Load({"--dryrun", "a"}), "Did you mean --dry-run?"},
      {Load({"--tabel=x", "a"}), "there is no option --tabel. Did you mean --table?"},
      {Load({"--conflict", "Never", "a"}), "is none of Error, Skip, Update"},
      {Load({"--conflict", "KeepNewest", "a"}), "needs --cursor"},
      {Load({"--format", "xml", "a"}), "is none of auto, json, ndjson, csv and tsv"},
      {Load({"--connections", "65", "a"}), "--connections: \"65\" is not a whole number"},
      {Load({"--connections", "two", "a"}), "--connections: \"two\" is not a whole number"},
      {Load({"--max-rejects", "101%", "a"}), "is no percentage"},
      {Load({"--max-rejects", "-1", "a"}), "is not a whole number"},
      {Load({"--memory-limit", "lots", "a"}), "is no number of bytes"},
      {Load({"--key", "a,,b", "a"}), "is not a list of columns"},
      {Load({"--header", "--no-header", "a"}), "contradict each other"},
      {Load({"--quote", "ab", "a"}), "is not one ASCII character"},
      {Load({"--json-path", "data", "a"}), "does not begin with /"},
      {Load({"--tenant", "Acme!", "a"}), "is no tenant ID"},
      {Load({"--output", "xml", "a"}), "is none of table, json and yaml"},
      {Load({"a", "--table"}), "--table"},
      {{"inspect"}, "one FILE is required"},
      {{"inspect", "--output", "yaml", "a"}, "is none of table, json, csv and ndjson"},
      {{"tenant"}, "a command is required: init, show"},
      {{"tenant", "init", "--tier", "Free"}, "--tenant-id is required"},
      {{"tenant", "init", "--tenant-id", "acme"}, "--tier is required: Free, Starter"},
      {{"tenant", "init", "--tenant-id", "acme", "--tier", "Gold"}, "is none of Free"},
      {{"tenant", "init", "--tenant-id", "acme", "--tier", "free"}, "--admin-email is required"},
      {{"completion"}, "a shell is required"},
      {{"completion", "tcsh"}, "there is no completion for \"tcsh\""},
      {{"version", "now"}, "\"now\" is one word too many"},
  };
  for (const WrongUsage& test : cases) {
    const EarlyExit exit = MustExit(test.words);
    EXPECT_EQ(exit.exit_code, kExitUsage);
    EXPECT_THAT(exit.text, HasSubstr(test.message));
    EXPECT_THAT(exit.text, HasSubstr("--help."));
  }
}

TEST(ParseCommandLine, HelpsEveryCommandWithExamples) {
  for (const Words& words : std::vector<Words>{{"--help"},
                                               {"load", "--help"},
                                               {"inspect", "-h"},
                                               {"tenant", "init", "--help"},
                                               {"tenant", "show", "--help"},
                                               {"completion", "--help"},
                                               {"version", "--help"}}) {
    const EarlyExit exit = MustExit(words);
    EXPECT_EQ(exit.exit_code, kExitOk) << words.front();
    EXPECT_THAT(exit.text, HasSubstr("Example")) << words.front();
  }
}

TEST(ParseCommandLine, TellsItsVersion) {
  EXPECT_THAT(MustExit({"version"}).text, StartsWith("tenantry "));
  EXPECT_THAT(MustExit({"--version"}).text, StartsWith("tenantry "));
}

TEST(ParseCommandLine, CompletesForEveryShell) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const EarlyExit exit = MustExit({"completion", shell});
    EXPECT_EQ(exit.exit_code, kExitOk);
    EXPECT_THAT(exit.text, HasSubstr("conflict")) << shell;
    EXPECT_THAT(exit.text, HasSubstr("KeepNewest")) << shell;
    EXPECT_THAT(exit.text, HasSubstr("Enterprise")) << shell;
  }
}

TEST(ParseCommandLine, TakesOutputOptionsBeforeTheCommandToo) {
  const Command command =
      ParseCommandLine({"-q", "--output", "json", "load", "--store", "postgres://", "--table", "t",
                        "--output", "yaml", "a.csv"});
  EXPECT_TRUE(std::get<LoadOptions>(command).output.quiet);
  EXPECT_EQ(std::get<LoadOptions>(command).output.format, OutputFormat::kYaml);
  const Command inspection = ParseCommandLine({"--output", "csv", "inspect", "a.csv"});
  EXPECT_EQ(std::get<InspectOptions>(inspection).output, InspectOutput::kCsv);
}

TEST(ParseCommandLine, TakesATenant) {
  const Command command = ParseCommandLine(
      {"tenant", "init", "--store", "postgres://db/app", "--tenant-id", "acme", "--tier",
       "enterprise", "--admin-email", "a@b.example", "--isolation", "rowlevel", "--template",
       "music", "--redis", "redis://cache", "--binding-file", "acme.json", "--rotate"});
  const auto& options = std::get<TenantInitOptions>(command);
  EXPECT_EQ(options.tenant.tenant_id, api::TenantId("acme"));
  EXPECT_EQ(options.tenant.tier, "Enterprise");
  EXPECT_EQ(options.tenant.isolation, api::Isolation::kRowLevel);
  EXPECT_EQ(options.tenant.schema.template_name, "Music");
  EXPECT_EQ(options.tenant.display_name, "acme");
  EXPECT_TRUE(options.rotate);
}

TEST(ParseCommandLine, TakesAnInspection) {
  const Command command =
      ParseCommandLine({"inspect", "--format", "csv", "--output", "NDJSON", "movies.csv"});
  const auto& options = std::get<InspectOptions>(command);
  EXPECT_EQ(options.file, "movies.csv");
  EXPECT_EQ(options.output, InspectOutput::kNdjson);
  EXPECT_EQ(options.read.format, api::Format::kCsv);
}

}  // namespace
}  // namespace tenantry::cli
