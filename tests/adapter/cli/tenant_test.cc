#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>
#include <vector>

#include "agent/postgres/connection.h"
#include "cli/exit_code.h"
#include "cli/files.h"
#include "cli/result_text.h"
#include "common/api/connection_uri.h"
#include "tests/adapter/cli/command.h"
#include "tests/support/shared_servers.h"

namespace tenantry::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::Postgres;
using testing::Redis;

std::vector<std::string> Init(const std::string& id, const std::vector<std::string>& more) {
  std::vector<std::string> words = {
      "tenant", "init",   "--store", UrlOf(Postgres().admin()), "--tenant-id",
      id,       "--tier", "Free",    "--admin-email",           "a@b.example"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

// Whether the password of a binding logs in, and what it sees.
std::string AskAs(const Json& binding, const std::string& sql) {
  const auto session = postgres::Connection::Open(
      Postgres().access(binding.value("username", ""), binding.value("password", ""),
                        binding.value("database", "")),
      "test");
  if (!session) {
    return session.error().message;
  }
  const Result<postgres::Rows> rows = (*session)->Execute(sql);
  return rows ? rows->Text(0) : rows.error().message;
}

TEST(TenantInit, GivesATenantItsPlaceAndABinding) {
  const testing::TemporaryFolder folder;
  const std::string file = folder.path() + "/acme.json";
  const Ended ended = RunTool(Init("cli_acme", {"--template", "Music", "--binding-file", file}));
  ASSERT_EQ(ended.exit_code, kExitOk) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("Tenant cli_acme (Free, Schema)"));
  struct stat status {};
  ASSERT_EQ(::stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  const Json binding = Json::parse(ReadSmallFile(file).value());
  EXPECT_THAT(ended.out, Not(HasSubstr(binding.value("password", "none"))));
  EXPECT_EQ(AskAs(binding, "SELECT count(*) FROM tenant_cli_acme.tracks"), "0");
  EXPECT_EQ(AskAs(binding, "SELECT config ->> 'tier' FROM tenantry.my_config"), "Free");
}

TEST(TenantInit, DoesNothingTheSecondTime) {
  const testing::TemporaryFolder folder;
  const std::string file = folder.path() + "/twice.json";
  ASSERT_EQ(RunTool(Init("cli_twice", {"--binding-file", file})).exit_code, kExitOk);
  const std::string first = ReadSmallFile(file).value();
  const Ended again = RunTool(Init("cli_twice", {"--binding-file", file}));
  EXPECT_EQ(again.exit_code, kExitOk) << again.err;
  EXPECT_THAT(again.err, HasSubstr("Nothing was to do"));
  EXPECT_EQ(ReadSmallFile(file).value(), first);
  const Ended without_file = RunTool(Init("cli_twice", {}));
  EXPECT_EQ(without_file.exit_code, kExitOk);
  EXPECT_THAT(without_file.err, HasSubstr("No password was set or changed"));
  EXPECT_EQ(AskAs(Json::parse(first), "SELECT 1"), "1");
}

TEST(TenantInit, WritesNoBindingWhosePasswordItDoesNotKnow) {
  const testing::TemporaryFolder folder;
  const std::string file = folder.path() + "/late.json";
  ASSERT_EQ(RunTool(Init("cli_late", {})).exit_code, kExitOk);
  const Ended ended = RunTool(Init("cli_late", {"--binding-file", file}));
  EXPECT_EQ(ended.exit_code, kExitFailed);
  EXPECT_THAT(ended.err, HasSubstr("add --rotate"));
  const Ended rotated = RunTool(Init("cli_late", {"--binding-file", file, "--rotate"}));
  EXPECT_EQ(rotated.exit_code, kExitOk) << rotated.err;
  EXPECT_EQ(AskAs(Json::parse(ReadSmallFile(file).value()), "SELECT 1"), "1");
}

TEST(TenantInit, RotateEndsTheOldPassword) {
  const Ended first = RunTool(Init("cli_rotate", {"--show-password", "--output", "json"}));
  ASSERT_EQ(first.exit_code, kExitOk) << first.err;
  const Ended second =
      RunTool(Init("cli_rotate", {"--show-password", "--rotate", "--output", "json"}));
  ASSERT_EQ(second.exit_code, kExitOk) << second.err;
  EXPECT_THAT(AskAs(Json::parse(first.out)["binding"], "SELECT 1"), HasSubstr("refused"));
  EXPECT_EQ(AskAs(Json::parse(second.out)["binding"], "SELECT 1"), "1");
}

TEST(TenantInit, DryRunWritesNothing) {
  const Ended ended = RunTool(Init("cli_dry", {"--dry-run"}));
  EXPECT_EQ(ended.exit_code, kExitOk) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("Role tenant_cli_dry_app is missing."));
  EXPECT_THAT(ended.err, HasSubstr("nothing was written"));
  EXPECT_EQ(Postgres().Value("app",
                             "SELECT count(*) FROM pg_roles WHERE rolname LIKE "
                             "'tenant_cli_dry%'"),
            "0");
}

TEST(TenantInit, GivesRedisToo) {
  const std::string redis = api::RedisUri(Redis().access());
  const Ended ended =
      RunTool(Init("cli_cache", {"--redis", redis, "--show-password", "--isolation", "RowLevel",
                                 "--template", "Music", "--output", "json"}));
  ASSERT_EQ(ended.exit_code, kExitOk) << ended.err;
  const Json json = Json::parse(ended.out);
  EXPECT_EQ(json["binding"]["schema"], "shared_music");
  EXPECT_EQ(json["binding"]["cache"]["prefix"], "cli_cache:");
  const Ended again = RunTool(
      Init("cli_cache", {"--redis", redis, "--isolation", "RowLevel", "--template", "Music"}));
  EXPECT_EQ(again.exit_code, kExitOk) << again.err;
  EXPECT_THAT(again.err, HasSubstr("Nothing was to do"));
}

TEST(TenantInit, ExplainsARefusedPassword) {
  const api::PostgresAccess access = Postgres().access("tenantry_admin", "wrong");
  const Ended ended = RunTool({"tenant", "init", "--store", UrlOf(access), "--tenant-id", "x",
                               "--tier", "Free", "--admin-email", "a@b"});
  EXPECT_EQ(ended.exit_code, kExitFailed);
  EXPECT_THAT(ended.err, HasSubstr("was refused by 127.0.0.1"));
  EXPECT_THAT(ended.err, HasSubstr("--password-file"));
  EXPECT_THAT(ended.err, Not(HasSubstr("Secret")));
}

TEST(TenantShow, ListsTenantsAndOneInFull) {
  ASSERT_EQ(RunTool(Init("cli_shown", {})).exit_code, kExitOk);
  const std::string url = UrlOf(Postgres().admin());
  const Ended list = RunTool({"tenant", "show", "--store", url});
  EXPECT_EQ(list.exit_code, kExitOk) << list.err;
  EXPECT_THAT(list.out, HasSubstr("cli_shown"));
  const Ended one = RunTool({"tenant", "show", "--store", url, "cli_shown", "--output", "json"});
  ASSERT_EQ(one.exit_code, kExitOk) << one.err;
  EXPECT_EQ(Json::parse(one.out)["config"]["adminEmail"], "a@b.example");
  const Ended none = RunTool({"tenant", "show", "--store", url, "nobody"});
  EXPECT_EQ(none.exit_code, kExitFailed);
  EXPECT_THAT(none.err, HasSubstr("There is no tenant nobody"));
}

}  // namespace
}  // namespace tenantry::cli
