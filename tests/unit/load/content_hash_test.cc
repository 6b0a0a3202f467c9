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
  dataset.target.redis = api::RedisTargetSpec{
      .key_template = "song:{id}", .type = api::RedisType::kHash, .ttl = std::nullopt};
  return dataset;
}

TEST(ContentHash, ChangesWithEverythingThatChangesTheOutcome) {
  using Change = std::function<void(api::Dataset&)>;
  const std::vector<Change> changes = {
      [](api::Dataset&) {},
      [](api::Dataset& d) { d.format = api::Format::kCsv; },
      [](api::Dataset& d) { d.json_path = "/songs"; },
      [](api::Dataset& d) { d.csv = api::CsvSpec{.delimiter = ";"}; },
      [](api::Dataset& d) {
        d.csv = api::CsvSpec{.nulls = {"NA", "-"}};
      },
      [](api::Dataset& d) { d.csv = api::CsvSpec{.header = api::CsvHeader::kAbsent}; },
      [](api::Dataset& d) { d.conflict = api::Conflict::kSkip; },
      [](api::Dataset& d) { d.conflict = api::Conflict::kUpdate; },
      [](api::Dataset& d) { d.max_rejects = "1"; },
      [](api::Dataset& d) { d.target.redis->key_template = "s:{id}"; },
      [](api::Dataset& d) { d.target.redis->type = api::RedisType::kString; },
      [](api::Dataset& d) { d.target.redis->ttl = std::chrono::seconds(0); },
      [](api::Dataset& d) { d.target.redis->ttl = std::chrono::seconds(60); }};
  std::set<std::string> hashes;
  for (const Change& change : changes) {
    api::Dataset dataset = Songs();
    change(dataset);
    hashes.insert(ContentHash("sum", dataset, TrackRows::kNo));
  }
  hashes.insert(ContentHash("other", Songs(), TrackRows::kNo));
  hashes.insert(ContentHash("sum", Songs(), TrackRows::kYes));

  EXPECT_EQ(hashes.size(), changes.size() + 2);
}

TEST(ContentHash, IsTheSameForTheSameLoad) {
  api::Dataset renamed = Songs();
  renamed.name = "other";
  EXPECT_EQ(ContentHash("sum", Songs(), TrackRows::kNo),
            ContentHash("sum", renamed, TrackRows::kNo));
}

}  // namespace
}  // namespace tenantry::load
