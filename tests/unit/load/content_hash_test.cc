#include "agent/load/content_hash.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <vector>

namespace tenantry::load {
namespace {

api::Dataset Songs() {
  api::Dataset dataset;
  dataset.name = "songs";
  dataset.target.table = "songs";
  return dataset;
}

api::Dataset RedisSongs() {
  api::Dataset dataset = Songs();
  dataset.target = {
      .table = "",
      .redis = api::RedisTargetSpec{
          .key_template = "song:{id}", .type = api::RedisType::kHash, .ttl = std::nullopt}};
  return dataset;
}

TEST(ContentHash, ChangesWithEverythingThatChangesTheOutcome) {
  using Change = std::function<void(api::Dataset&)>;
  const std::vector<Change> table_changes = {
      [](api::Dataset&) {},
      [](api::Dataset& d) { d.format = api::Format::kCsv; },
      [](api::Dataset& d) { d.conflict = api::Conflict::kSkip; },
      [](api::Dataset& d) { d.conflict = api::Conflict::kUpdate; },
      [](api::Dataset& d) {
        d.key = {"a", "b"};
      },
      [](api::Dataset& d) { d.key = {"ab"}; },
      [](api::Dataset& d) { d.key = {"a,1:b"}; },
      [](api::Dataset& d) { d.target.table = "other"; }};
  const std::vector<Change> redis_changes = {
      [](api::Dataset&) {}, [](api::Dataset& d) { d.target.redis->key_template = "s:{id}"; },
      [](api::Dataset& d) { d.target.redis->type = api::RedisType::kString; },
      [](api::Dataset& d) { d.target.redis->ttl = std::chrono::seconds(0); },
      [](api::Dataset& d) { d.target.redis->ttl = std::chrono::seconds(60); }};
  std::set<std::string> hashes;
  for (const Change& change : table_changes) {
    api::Dataset dataset = Songs();
    change(dataset);
    hashes.insert(ContentHash("sum", "music", dataset, TrackRows::kNo));
  }
  for (const Change& change : redis_changes) {
    api::Dataset dataset = RedisSongs();
    change(dataset);
    hashes.insert(ContentHash("sum", "music", dataset, TrackRows::kNo));
  }
  hashes.insert(ContentHash("other", "music", Songs(), TrackRows::kNo));
  hashes.insert(ContentHash("sum", "other", Songs(), TrackRows::kNo));
  hashes.insert(ContentHash("sum", "music", Songs(), TrackRows::kYes));

  EXPECT_EQ(hashes.size(), table_changes.size() + redis_changes.size() + 3);
}

TEST(ContentHash, IsTheSameForTheSameLoad) {
  api::Dataset renamed = Songs();
  renamed.name = "hits";
  renamed.source.volume_path = "elsewhere.csv";
  EXPECT_EQ(ContentHash("sum", "music", Songs(), TrackRows::kNo),
            ContentHash("sum", "music", renamed, TrackRows::kNo));
}

}  // namespace
}  // namespace tenantry::load
