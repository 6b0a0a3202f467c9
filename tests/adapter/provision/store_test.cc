#include "common/api/reasons.h"
#include "tests/adapter/provision/fixture.h"

namespace tenantry::agent {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

TEST(ObserveStore, TellsVersions) {
  const auto seen = ObserveStore({.postgres = Postgres().admin(), .redis = Redis().access()});
  ASSERT_EQ(seen.message(), "");
  EXPECT_EQ(seen.result.postgres_error, std::nullopt);
  EXPECT_EQ(seen.result.redis_error, std::nullopt);
  EXPECT_THAT(seen.result.postgres_version, MatchesRegex("[0-9]+\\.[0-9]+"));
  EXPECT_THAT(seen.result.redis_version, MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+"));
}

TEST(ObserveStore, TellsOneStoresFailureBesideTheOthersVersion) {
  api::RedisAccess redis = Redis().access();
  redis.password = Secret("wrong");
  const auto seen = ObserveStore({.postgres = Postgres().admin(), .redis = redis});
  EXPECT_NE(seen.result.postgres_version, "");
  ASSERT_TRUE(seen.result.redis_error);
  EXPECT_EQ(seen.result.redis_error->reason, api::reason::kCredentialsRefused);

  api::PostgresAccess postgres = Postgres().admin("nowhere");
  const auto other = ObserveStore({.postgres = postgres, .redis = Redis().access()});
  ASSERT_TRUE(other.result.postgres_error);
  EXPECT_EQ(other.result.postgres_error->reason, api::reason::kDatabaseNotFound);
  EXPECT_NE(other.result.redis_version, "");
}

TEST(ObserveStore, TellsAnAdminWithoutTheRights) {
  ASSERT_TRUE(Postgres().Script("app",
                                "CREATE ROLE weak LOGIN PASSWORD 'weak'; GRANT CONNECT ON "
                                "DATABASE app TO weak"));
  const auto seen = ObserveStore({.postgres = Postgres().access("weak", "weak")});
  ASSERT_TRUE(seen.result.postgres_error);
  EXPECT_EQ(seen.result.postgres_error->reason, api::reason::kInsufficientPrivilege);
  EXPECT_THAT(seen.result.postgres_error->message,
              HasSubstr("Run as a superuser: ALTER ROLE \"weak\" CREATEROLE;"));

  api::TenantStorageSpec spec = MusicSpec("weakly");
  spec.postgres = Postgres().access("weak", "weak");
  const auto refused = Provision("weakly", spec);
  EXPECT_EQ(refused.reason(), api::reason::kInsufficientPrivilege);
  EXPECT_THAT(refused.message(), HasSubstr("ALTER ROLE \"weak\" CREATEROLE;"));
}

TEST(Provision, TellsWrongCredentialsAndPlaces) {
  api::TenantStorageSpec spec = MusicSpec("nobody");
  spec.postgres.password = Secret("wrong");
  const auto refused = Provision("nobody", spec);
  EXPECT_EQ(refused.reason(), api::reason::kCredentialsRefused);
  EXPECT_THAT(refused.message(), HasSubstr("Password of user tenantry_admin was refused by"));
  EXPECT_THAT(refused.message(), Not(HasSubstr("wrong")));

  spec.postgres = Postgres().admin("nowhere");
  EXPECT_EQ(Provision("nobody", spec).reason(), api::reason::kDatabaseNotFound);
  spec.postgres.port = 1;
  const auto unreachable = Provision("nobody", spec);
  EXPECT_EQ(unreachable.error->code, ErrorCode::kUnavailable);
  EXPECT_EQ(unreachable.reason(), api::reason::kDatabaseUnreachable);
}

}  // namespace
}  // namespace tenantry::agent
