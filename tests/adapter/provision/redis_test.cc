#include "agent/redis/connection.h"
#include "common/api/reasons.h"
#include "tests/adapter/provision/fixture.h"

namespace tenantry::agent {
namespace {

using api::DeletionPolicy;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

api::TenantStorageSpec RedisSpec(const std::string& tenant) {
  api::TenantStorageSpec spec = MusicSpec(tenant);
  spec.template_name.clear();
  spec.redis = Redis().access();
  spec.redis_passwords = {Secret("redis-" + tenant)};
  return spec;
}

std::unique_ptr<redis::Connection> Admin() {
  return std::move(redis::Connection::Open(Redis().access())).value();
}

std::unique_ptr<redis::Connection> User(const std::string& tenant, const std::string& password) {
  api::RedisAccess access = Redis().access();
  access.user = "tenant_" + tenant;
  access.password = Secret(password);
  auto opened = redis::Connection::Open(access);
  return opened ? std::move(opened).value() : nullptr;
}

bool Allowed(redis::Connection& connection, const std::vector<std::string>& command) {
  const Result<redis::Reply> reply = connection.Command(command);
  return reply || reply.error().reason != api::reason::kInsufficientPrivilege;
}

TEST(RedisTenant, IsLimitedToItsPrefix) {
  ASSERT_EQ(Provision("cache", RedisSpec("cache")).message(), "");
  ASSERT_TRUE(Admin()->Command({"SET", "other:secret", "1"}));
  const auto user = User("cache", "redis-cache");
  ASSERT_NE(user, nullptr);
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {"SET", "cache:a", "1"},
           {"GET", "cache:a"},
           {"HSET", "cache:h", "f", "1"},
           {"EXPIRE", "cache:a", "60"},
           {"PUBLISH", "cache:news", "hello"},
           {"PING"},
           {"EVAL", "return redis.call('GET', KEYS[1])", "1", "cache:a"},
           {"TYPE", "cache:a"},
           {"CLIENT", "SETNAME", "app"},
           {"UNLINK", "cache:a"}}) {
    EXPECT_TRUE(Allowed(*user, command)) << command[0];
  }
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"SET", "other:a", "1"},
                                             {"GET", "other:secret"},
                                             {"GET", "cache"},
                                             {"KEYS", "*"},
                                             {"SCAN", "0"},
                                             {"RANDOMKEY"},
                                             {"DBSIZE"},
                                             {"SELECT", "1"},
                                             {"PUBSUB", "CHANNELS"},
                                             {"PUBLISH", "other:news", "hello"},
                                             {"SUBSCRIBE", "other:news"},
                                             {"CONFIG", "GET", "*"},
                                             {"FLUSHALL"},
                                             {"FLUSHDB"},
                                             {"SCRIPT", "FLUSH"},
                                             {"FUNCTION", "LIST"},
                                             {"ACL", "LIST"},
                                             {"CLIENT", "LIST"},
                                             {"INFO"},
                                             {"MONITOR"},
                                             {"SORT", "cache:l", "GET", "other:*"},
                                             {"COPY", "other:secret", "cache:x"},
                                             {"RENAME", "cache:h", "other:h"},
                                             {"MIGRATE", "h", "1", "cache:h", "0", "1"},
                                             {"SWAPDB", "0", "1"},
                                             {"MOVE", "cache:h", "1"}}) {
    EXPECT_FALSE(Allowed(*user, command)) << command[0];
  }
  const Result<redis::Reply> script =
      user->Command({"EVAL", "return redis.call('GET', 'other:secret')", "0"});
  EXPECT_FALSE(script);
}

TEST(RedisTenant, HasAllGivenPasswordsAndNoOthers) {
  api::TenantStorageSpec spec = RedisSpec("twokeys");
  ASSERT_EQ(Provision("twokeys", spec).message(), "");
  spec.redis_passwords = {Secret("new"), Secret("redis-twokeys")};
  ASSERT_EQ(Provision("twokeys", spec).message(), "");
  EXPECT_NE(User("twokeys", "new"), nullptr);
  EXPECT_NE(User("twokeys", "redis-twokeys"), nullptr);
  spec.redis_passwords = {Secret("new")};
  ASSERT_EQ(Provision("twokeys", spec).message(), "");
  EXPECT_EQ(User("twokeys", "redis-twokeys"), nullptr);
  EXPECT_THAT(Provision("twokeys", spec).result.changes, IsEmpty());
  EXPECT_THAT(Observe("twokeys", spec).result.drift, IsEmpty());
}

struct RedisDrift {
  const char* name;
  std::vector<std::string> sabotage;
  const char* told;
};
class RedisDriftTest : public ::testing::TestWithParam<RedisDrift> {};

TEST_P(RedisDriftTest, IsToldAndPutRight) {
  const api::TenantStorageSpec spec = RedisSpec("redrift");
  ASSERT_EQ(Provision("redrift", spec).message(), "");
  ASSERT_TRUE(Admin()->Command(GetParam().sabotage));
  EXPECT_THAT(Observe("redrift", spec).result.drift, Contains(HasSubstr(GetParam().told)));
  EXPECT_THAT(Provision("redrift", spec).result.changes, Not(IsEmpty()));
  EXPECT_THAT(Observe("redrift", spec).result.drift, IsEmpty());
  EXPECT_NE(User("redrift", "redis-redrift"), nullptr);
}

using Words = std::vector<std::string>;
INSTANTIATE_TEST_SUITE_P(
    Cases, RedisDriftTest,
    ::testing::Values(
        RedisDrift{"Deleted", Words{"ACL", "DELUSER", "tenant_redrift"}, "is missing"},
        RedisDrift{"Off", Words{"ACL", "SETUSER", "tenant_redrift", "off"}, "is switched off"},
        RedisDrift{"Password", Words{"ACL", "SETUSER", "tenant_redrift", ">more"},
                   "has other passwords"},
        RedisDrift{"NoPassword", Words{"ACL", "SETUSER", "tenant_redrift", "nopass"},
                   "has other passwords"},
        RedisDrift{"Keys", Words{"ACL", "SETUSER", "tenant_redrift", "~other:*"},
                   "may use other keys"},
        RedisDrift{"Channels", Words{"ACL", "SETUSER", "tenant_redrift", "allchannels"},
                   "may use other channels"},
        RedisDrift{"Commands", Words{"ACL", "SETUSER", "tenant_redrift", "+keys"},
                   "may run other commands"}),
    [](const auto& drift) { return std::string(drift.param.name); });

TEST(RedisTenant, DeletesItsKeysAndNoOthers) {
  const api::TenantStorageSpec spec = RedisSpec("going");
  ASSERT_EQ(Provision("going", spec).message(), "");
  const auto admin = Admin();
  std::vector<std::vector<std::string>> writes;
  for (int i = 0; i < 3000; ++i) {
    writes.push_back({"SET", "going:" + std::to_string(i), "x"});
  }
  writes.push_back({"SET", "going_not:1", "x"});
  ASSERT_TRUE(admin->Pipeline(writes));

  const auto done = Deprovision("going", DeprovisionSpecOf(spec, DeletionPolicy::kDelete));

  ASSERT_EQ(done.message(), "");
  EXPECT_THAT(done.result.removed, Contains("3000 Redis keys going:*"));
  EXPECT_EQ(User("going", "redis-going"), nullptr);
  EXPECT_EQ(admin->Command({"EXISTS", "going:1", "going:2999", "going_not:1"})->integer, 1);
}

TEST(RedisTenant, RetainsItsKeysAndClosesItsUser) {
  const api::TenantStorageSpec spec = RedisSpec("staying");
  ASSERT_EQ(Provision("staying", spec).message(), "");
  ASSERT_TRUE(Admin()->Command({"SET", "staying:a", "x"}));
  const auto done = Deprovision("staying", DeprovisionSpecOf(spec, DeletionPolicy::kRetain));
  ASSERT_EQ(done.message(), "");
  EXPECT_EQ(User("staying", "redis-staying"), nullptr);
  EXPECT_EQ(Admin()->Command({"EXISTS", "staying:a"})->integer, 1);
  ASSERT_EQ(Provision("staying", spec).message(), "");
  EXPECT_NE(User("staying", "redis-staying"), nullptr);
}

TEST(RedisTenant, FailureLeavesPostgresDone) {
  api::TenantStorageSpec spec = RedisSpec("halfway");
  spec.redis->port = 1;
  const auto done = Provision("halfway", spec);
  EXPECT_EQ(done.reason(), api::reason::kRedisUnreachable);
  EXPECT_EQ(done.error->code, ErrorCode::kUnavailable);
  EXPECT_EQ(done.result.schema, "tenant_halfway");
  EXPECT_NE(LogIn("tenant_halfway_app", "app-halfway"), nullptr);
}

}  // namespace
}  // namespace tenantry::agent
