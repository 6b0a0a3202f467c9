#include "cli/store_url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tenantry::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// What a URL comes to in surroundings that say nothing.
std::string Resolved(const std::string& url,
                     const Surroundings& surroundings = {.user_name = "jo",
                                                         .default_host = "/var/run/postgresql"}) {
  const Result<StoreUrl> parsed = ParseStoreUrl(url);
  if (!parsed) {
    return parsed.error().message;
  }
  const Result<StorePlace> place = ResolveStore(*parsed, surroundings);
  if (!place) {
    return place.error().message;
  }
  const api::PostgresAccess& access = place->access;
  return access.user + "|" + access.password.reveal() + "|" + access.host + "|" +
         std::to_string(access.port) + "|" + access.database + "|" + api::ToLibpq(access.ssl_mode);
}

struct UrlCase {
  const char* url;
  const char* resolved;
};

TEST(ParseStoreUrl, ReadsWhatLibpqReads) {
  const std::vector<UrlCase> cases = {
      {"postgres://", "jo||/var/run/postgresql|5432|jo|prefer"},
      {"postgresql:///app", "jo||/var/run/postgresql|5432|app|prefer"},
      {"postgres://localhost/app", "jo||localhost|5432|app|prefer"},
      {"postgres://ann@db.example:5433/app", "ann||db.example|5433|app|prefer"},
      {"postgres://ann:s3cret@db/app", "ann|s3cret|db|5432|app|prefer"},
      {"postgres://ann:p%40ss%2Fword@db/a%20b", "ann|p@ss/word|db|5432|a b|prefer"},
      {"postgres://ann:p@ss@db/app", "ann|p@ss|db|5432|app|prefer"},
      {"postgres://ann:p/w@db:5433/app", "ann|p/w|db|5433|app|prefer"},
      {"postgres://ann:@db/app", "ann||db|5432|app|prefer"},
      {"postgres://[::1]:5433/app", "jo||::1|5433|app|prefer"},
      {"postgres://%2Frun%2Fpg:5433/app", "jo||/run/pg|5433|app|prefer"},
      {"postgres:///app?host=/run/pg&port=5433", "jo||/run/pg|5433|app|prefer"},
      {"postgres://db/?user=ann&dbname=app&sslmode=verify-full", "ann||db|5432|app|verify-full"},
      {"postgres://db?sslmode=disable", "jo||db|5432|jo|disable"},
      {"postgres://ann@db", "ann||db|5432|ann|prefer"},
  };
  for (const UrlCase& test : cases) {
    EXPECT_EQ(Resolved(test.url), test.resolved) << test.url;
  }
}

TEST(ParseStoreUrl, TellsWhatIsWrong) {
  const std::vector<UrlCase> cases = {
      {"localhost/app", "does not begin with postgres://"},
      {"mysql://localhost/app", "does not begin with postgres://"},
      {"postgres://db:port/app", "\"port\" is no port"},
      {"postgres://db:0/app", "\"0\" is no port"},
      {"postgres://db:65536/app", "is no port"},
      {"postgres://[::1/app", "a [ has no ]"},
      {"postgres://db/a%zz", "the database has a % without two hex digits"},
      {"postgres://db/a%0", "the database has a % without two hex digits"},
      {"postgres://db/a%00", "the database has a % without two hex digits"},
      {"postgres://db/app?sslmode=always", "sslmode \"always\" is none of disable"},
      {"postgres://db/app?sslmod=prefer", "there is no parameter \"sslmod\""},
      {"postgres://db/app?sslmode", "\"sslmode\" is not name=value"},
      {"postgres://db/app?connect_timeout=soon", "connect_timeout \"soon\" is no number"},
      {"postgres://one,two/app", "several hosts"},
  };
  for (const UrlCase& test : cases) {
    EXPECT_THAT(Resolved(test.url), HasSubstr(test.resolved)) << test.url;
  }
}

TEST(ParseStoreUrl, NeverRepeatsThePassword) {
  for (const char* url : {"postgres://ann:hunter2@db:x/app", "postgres://ann:hunter2%@db/app",
                          "postgres://ann:hunter2@db/app?no=1", "postgres://ann:hunter2@[db/app"}) {
    const Result<StoreUrl> parsed = ParseStoreUrl(url);
    ASSERT_FALSE(parsed) << url;
    EXPECT_THAT(parsed.error().message, Not(HasSubstr("hunter2"))) << url;
  }
}

TEST(ResolveStore, TakesTheEnvironmentWhereTheUrlIsSilent) {
  const Surroundings surroundings = {.environment = {{"PGHOST", "db"},
                                                     {"PGPORT", "5433"},
                                                     {"PGUSER", "ann"},
                                                     {"PGDATABASE", "app"},
                                                     {"PGPASSWORD", "s3cret"},
                                                     {"PGSSLMODE", "require"}},
                                     .user_name = "jo",
                                     .default_host = "localhost"};
  EXPECT_EQ(Resolved("postgres://", surroundings), "ann|s3cret|db|5433|app|require");
  EXPECT_EQ(Resolved("postgres://bob:own@other:1/base?sslmode=disable", surroundings),
            "bob|own|other|1|base|disable");
}

TEST(ResolveStore, NamesTheVariableThatIsWrong) {
  const Surroundings surroundings = {.environment = {{"PGPORT", "many"}}, .user_name = "jo"};
  EXPECT_THAT(Resolved("postgres://", surroundings), HasSubstr("PGPORT: \"many\" is no port"));
}

TEST(ResolveStore, KnowsLibpqsFiles) {
  const StoreUrl url = ParseStoreUrl("postgres://ann@db/app").value();
  const StorePlace own = ResolveStore(url, {.home = "/home/ann", .has_root_file = true}).value();
  EXPECT_EQ(own.password_file, "/home/ann/.pgpass");
  EXPECT_EQ(own.root_certificate_file, "/home/ann/.postgresql/root.crt");
  const StorePlace named =
      ResolveStore(url, {.environment = {{"PGPASSFILE", "/x"}, {"PGSSLROOTCERT", "system"}},
                         .home = "/home/ann",
                         .has_root_file = true})
          .value();
  EXPECT_EQ(named.password_file, "/x");
  EXPECT_EQ(named.root_certificate_file, "");
}

TEST(ResolveStore, TakesTimeoutAndApplicationName) {
  const StoreUrl url =
      ParseStoreUrl("postgres://ann@db/app?connect_timeout=30&application_name=nightly").value();
  const StorePlace place = ResolveStore(url, {}).value();
  EXPECT_EQ(place.access.connect_timeout, std::chrono::seconds(30));
  EXPECT_EQ(place.access.application, "nightly");
}

TEST(FindPassword, TakesTheFirstLineThatFits) {
  const api::PostgresAccess access = {.host = "db", .port = 5432, .database = "app", .user = "ann"};
  constexpr char kFile[] =
      "# a comment\n"
      "other:5432:app:ann:no\n"
      "short:line\n"
      "db:*:app:ann:p\\:ss\\\\word\r\n"
      "*:*:*:*:last\n";
  EXPECT_EQ(FindPassword(kFile, access)->reveal(), "p:ss\\word");
  EXPECT_EQ(FindPassword("*:*:*:bob:x\n", access), std::nullopt);
  EXPECT_EQ(FindPassword("", access), std::nullopt);
}

TEST(FindPassword, CallsASocketLocalhost) {
  const api::PostgresAccess access = {.host = "/run/pg", .database = "app", .user = "ann"};
  EXPECT_EQ(FindPassword("localhost:5432:app:ann:one\n", access)->reveal(), "one");
  EXPECT_EQ(FindPassword("/run/pg:5432:app:ann:two\n", access)->reveal(), "two");
}

TEST(ParseRedisUrl, ReadsHostPortAndLogin) {
  const api::RedisAccess access = ParseRedisUrl("redis://root:p%40w@cache:6380/0").value();
  EXPECT_EQ(access, (api::RedisAccess{
                        .host = "cache", .port = 6380, .user = "root", .password = Secret("p@w")}));
  EXPECT_EQ(ParseRedisUrl("redis://").value(), (api::RedisAccess{.host = "localhost"}));
  EXPECT_EQ(ParseRedisUrl("redis://:pw@cache").value().password.reveal(), "pw");
}

TEST(ParseRedisUrl, RefusesOtherDatabases) {
  EXPECT_THAT(ParseRedisUrl("redis://cache/1").error().message, HasSubstr("database 0"));
  EXPECT_THAT(ParseRedisUrl("http://cache").error().message, HasSubstr("redis://"));
  EXPECT_THAT(ParseRedisUrl("redis://cache:x").error().message, HasSubstr("no port"));
}

TEST(WithoutPassword, LeavesTheRestAsItIs) {
  const std::vector<UrlCase> cases = {
      {"postgres://ann:s3cret@db/app", "postgres://ann@db/app"},
      {"--store=postgresql://ann:a/b@db/app", "--store=postgresql://ann@db/app"},
      {"--redis=redis://:s3cret@cache", "--redis=redis://@cache"},
      {"postgres://db/app?user=a&password=s3cret&sslmode=require",
       "postgres://db/app?user=a&password=&sslmode=require"},
      {"postgres://ann@db/app", "postgres://ann@db/app"},
      {"tracks:2.csv", "tracks:2.csv"},
  };
  for (const UrlCase& test : cases) {
    EXPECT_EQ(WithoutPassword(test.url), test.resolved);
  }
}

}  // namespace
}  // namespace tenantry::cli
