#include "agent/redis/connection.h"
#include "common/api/reasons.h"
#include "tests/adapter/load/tables.h"
#include "tests/adapter/load/world.h"

namespace tenantry::load {
namespace {

using api::Conflict;
using api::RedisType;
using ::testing::HasSubstr;

class LoadRedis : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = redis::Connection::Open(Redis().access());
    ASSERT_TRUE(opened) << opened.error().message;
    admin_ = *std::move(opened);
    ASSERT_TRUE(admin_->Command({"FLUSHALL"}));
  }
  // Fields of a hash as "a=1 b=2".
  std::string Hash(const std::string& key) {
    const auto reply = admin_->Command({"HGETALL", key});
    std::string text;
    for (std::size_t i = 0; reply && i + 1 < reply->elements.size(); i += 2) {
      text += (i > 0 ? " " : "") + reply->elements[i].text + "=" + reply->elements[i + 1].text;
    }
    return text;
  }
  std::string Get(const std::string& key) { return admin_->Command({"GET", key})->text; }
  std::int64_t Ttl(const std::string& key) { return admin_->Command({"TTL", key})->integer; }
  std::int64_t Keys() { return admin_->Command({"DBSIZE"})->integer; }

  std::unique_ptr<redis::Connection> admin_;
};

api::RedisTargetSpec Hashes(std::optional<std::chrono::seconds> ttl = {}) {
  return {.key_template = "user:{id}", .type = RedisType::kHash, .ttl = ttl};
}
api::RedisTargetSpec Strings(std::optional<std::chrono::seconds> ttl = {}) {
  return {.key_template = "user:{id}", .type = RedisType::kString, .ttl = ttl};
}

TEST_F(LoadRedis, WritesHashesAndStringsBelowTheTenantsPrefix) {
  const Tenant tenant("redistypes", kTables);
  EXPECT_EQ(Counts(tenant.Load(InlineRedis(
                "hashes", Hashes(), R"([{"id":1,"name":"\u00e9","x":{"y":[1, 2]},"n":null}])"))),
            "1 1 0 0 0 0");
  EXPECT_EQ(Counts(tenant.Load(InlineRedis("strings", Strings(std::chrono::seconds(1000)),
                                           "id,name\n2,\"a,b\"\n3,\n"))),
            "2 2 0 0 0 0");
  EXPECT_EQ(Hash("redistypes:user:1"), "id=1 name=\xC3\xA9 x={\"y\":[1,2]}");
  EXPECT_EQ(Ttl("redistypes:user:1"), -1);
  EXPECT_EQ(Get("redistypes:user:2"), R"({"id":"2","name":"a,b"})");
  EXPECT_EQ(Get("redistypes:user:3"), R"({"id":"3","name":null})");
  EXPECT_GT(Ttl("redistypes:user:3"), 900);
  EXPECT_EQ(Keys(), 3);
}

TEST_F(LoadRedis, TheSameBytesAgainDoNotTouchAKey) {
  const Tenant tenant("redisagain", kTables);
  const api::LoadDataset dataset = InlineRedis("d", Hashes(), "id,name\n1,a\n");
  ASSERT_EQ(Counts(tenant.Load(dataset)), "1 1 0 0 0 0");
  ASSERT_TRUE(admin_->Command({"HSET", "redisagain:user:1", "name", "changed"}));

  const auto again = tenant.Load(dataset);

  EXPECT_EQ(Counts(again), "1 0 0 1 0 0");
  EXPECT_TRUE(again.result.datasets.at(0).skipped_by_hash);
  EXPECT_EQ(Hash("redisagain:user:1"), "id=1 name=changed");
}

TEST_F(LoadRedis, ErrorFindsConflictsBeforeItWrites) {
  const Tenant tenant("redisconflict", kTables);
  ASSERT_TRUE(admin_->Command({"HSET", "redisconflict:user:2", "id", "2", "name", "old"}));

  const auto refused = tenant.Load(InlineRedis("d", Hashes(), "id,name\n1,a\n2,b\n"));

  EXPECT_EQ(refused.reason(), api::reason::kInvalidData);
  EXPECT_EQ(refused.message(),
            "Record 2 of dataset d (byte 12 of key d in ConfigMap files): Redis key "
            "\"redisconflict:user:2\" exists already with another value. Remove one of the two, or "
            "set conflict: Skip or Update.");
  EXPECT_EQ(Keys(), 1);
  EXPECT_THAT(
      tenant.Load(InlineRedis("d", Hashes(), "id,name\n1,a\n3,b\n1,c\n")).message(),
      HasSubstr("Record 3 of dataset d (byte 16 of key d in ConfigMap files): its Redis key "
                "\"redisconflict:user:1\" is that of record 1 already"));
  EXPECT_EQ(Keys(), 1);
}

TEST_F(LoadRedis, AnInterruptedLoadCanBeRepeated) {
  const Tenant tenant("redisrepeat", kTables);
  // What the first half of the load has written.
  ASSERT_TRUE(admin_->Command({"HSET", "redisrepeat:user:1", "id", "1", "name", "a"}));
  EXPECT_EQ(Counts(tenant.Load(InlineRedis("d", Hashes(), "id,name\n1,a\n2,b\n"))), "2 1 0 1 0 0");
}

TEST_F(LoadRedis, SkipKeepsWhatIsThereAndTheFirstOfTwins) {
  const Tenant tenant("redisskip", kTables);
  ASSERT_TRUE(admin_->Command({"SET", "redisskip:user:2", "old"}));
  EXPECT_EQ(Counts(tenant.Load(
                InlineRedis("d", Strings(), "id,n\n1,a\n2,b\n1,c\n3,d\n", Conflict::kSkip))),
            "4 2 0 0 2 0");
  EXPECT_EQ(Get("redisskip:user:1"), R"({"id":"1","n":"a"})");
  EXPECT_EQ(Get("redisskip:user:2"), "old");
}

TEST_F(LoadRedis, UpdateLeavesExactlyTheLastRecord) {
  const Tenant tenant("redisupdate", kTables);
  ASSERT_TRUE(admin_->Command({"HSET", "redisupdate:user:1", "id", "1", "n", "a", "extra", "x"}));
  ASSERT_TRUE(admin_->Command({"SET", "redisupdate:user:2", "a string"}));
  ASSERT_TRUE(admin_->Command({"HSET", "redisupdate:user:3", "id", "3", "n", "c"}));
  EXPECT_EQ(Counts(tenant.Load(InlineRedis("d", Hashes(std::chrono::seconds(500)),
                                           "id,n\n1,a\n2,b\n3,c\n4,x\n4,y\n", Conflict::kUpdate))),
            "5 1 2 1 1 0");
  EXPECT_EQ(Hash("redisupdate:user:1"), "id=1 n=a");
  EXPECT_EQ(Hash("redisupdate:user:2"), "id=2 n=b");
  EXPECT_EQ(Hash("redisupdate:user:4"), "id=4 n=y");
  EXPECT_GT(Ttl("redisupdate:user:3"), 400);
}

TEST_F(LoadRedis, ManyRecordsGoInBatches) {
  const Tenant tenant("redismany", kTables);
  std::string text = "id,n\n";
  for (int i = 0; i < 3000; ++i) {
    text += std::to_string(i % 2900) + "," + std::to_string(i) + "\n";
  }
  const auto loaded = tenant.Load(InlineRedis("d", Strings(), text, Conflict::kUpdate));
  EXPECT_EQ(Counts(loaded), "3000 2900 0 0 100 0");
  EXPECT_EQ(Keys(), 2900);
  EXPECT_EQ(Get("redismany:user:50"), R"({"id":"50","n":"2950"})");
  EXPECT_EQ(loaded.progress.rows, 3000);
}

TEST_F(LoadRedis, BadRecordsAreNamedBeforeAnythingIsWritten) {
  const Tenant tenant("redisbad", kTables);
  EXPECT_THAT(tenant.Load(InlineRedis("d", Hashes(), R"([{"id":1},{"n":2}])")).message(),
              HasSubstr("Column \"id\" of dataset d, record 2 (byte 10"));
  EXPECT_THAT(tenant.Load(InlineRedis("d", Hashes(), R"([{"id":1},{"id":2)")).message(),
              HasSubstr("is cut"));
  EXPECT_EQ(tenant
                .Load(InlineRedis("d", {.key_template = "u{", .type = RedisType::kHash, .ttl = {}},
                                  R"([{"id":1}])"))
                .reason(),
            api::reason::kInvalidSpec);
  EXPECT_EQ(Keys(), 0);
  EXPECT_EQ(tenant.Ask("SELECT count(*) FROM tenantry.loads WHERE tenant_id = 'redisbad'"), "0");
}

TEST_F(LoadRedis, TrackedKeysAreUnloadedAndOthersStay) {
  const Tenant tenant("redistrack", kTables);
  ASSERT_TRUE(admin_->Command({"SET", "redistrack:user:9", "theirs"}));
  ASSERT_TRUE(admin_->Command({"SET", "redistrack:other", "theirs"}));
  const auto loaded = tenant.Load(
      LoadCall{.datasets = {InlineRedis("d", Strings(), "id\n1\n2\n9\n", Conflict::kSkip)},
               .track_rows = true});
  ASSERT_EQ(Counts(loaded), "3 2 0 0 1 0");
  ASSERT_TRUE(admin_->Command({"DEL", "redistrack:user:2"}));

  const auto unloaded = tenant.Unload();

  ASSERT_EQ(unloaded.message(), "");
  EXPECT_EQ(unloaded.result.keys_removed, 1);
  EXPECT_EQ(unloaded.result.rows_removed, 0);
  EXPECT_EQ(Keys(), 2);
  EXPECT_EQ(tenant.Unload().result.keys_removed, 0);
}

TEST_F(LoadRedis, KeysAreNotedBeforeTheyAreWritten) {
  const Tenant tenant("redisnoted", kTables);
  // Reading works, writing is refused: as if the agent died in between.
  ASSERT_TRUE(admin_->Command({"ACL", "SETUSER", "tenant_redisnoted", "-hset"}));
  const LoadCall call{.datasets = {InlineRedis("d", Hashes(), "id\n1\n2\n")}, .track_rows = true};
  const auto refused = tenant.Load(call);
  EXPECT_EQ(refused.reason(), api::reason::kInsufficientPrivilege);
  const std::string noted =
      "SELECT count(*) FROM tenantry.loaded_rows WHERE tenant_id = 'redisnoted'";
  EXPECT_EQ(tenant.Ask(noted), "2");
  ASSERT_TRUE(admin_->Command({"ACL", "SETUSER", "tenant_redisnoted", "+hset"}));

  EXPECT_EQ(Counts(tenant.Load(call)), "2 2 0 0 0 0");
  EXPECT_EQ(tenant.Ask(noted), "2");
  EXPECT_EQ(tenant.Unload().result.keys_removed, 2);
}

TEST_F(LoadRedis, OtherTenantsKeysAreOutOfReach) {
  const Tenant tenant("redisown", kTables);
  ASSERT_TRUE(admin_->Command({"SET", "redisother:user:1", "theirs"}));
  ASSERT_TRUE(Postgres().Script(
      "app",
      "INSERT INTO tenantry.loaded_rows (tenant_id, fixture_set, dataset, table_schema,"
      " table_name, row_key) VALUES ('redisown', 'set-1', 'd', '', '',"
      " '{\"redisKey\": \"redisother:user:1\"}')"));
  EXPECT_EQ(tenant.Unload().result.keys_removed, 0);
  EXPECT_EQ(Get("redisother:user:1"), "theirs");
}

TEST_F(LoadRedis, StoppedLoadIsCancelledAndNotRecorded) {
  const Tenant tenant("redisstop", kTables);
  std::stop_source stop;
  stop.request_stop();
  const auto stopped = tenant.Load(
      LoadCall{.datasets = {InlineRedis("d", Hashes(), "id\n1\n")}, .stop = stop.get_token()});
  EXPECT_EQ(stopped.code(), ErrorCode::kCancelled);
  EXPECT_EQ(Keys(), 0);
}

}  // namespace
}  // namespace tenantry::load
