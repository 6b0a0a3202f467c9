#include "agent/load/content_hash.h"

#include "common/base/sha256.h"
#include "common/base/strings.h"

namespace tenantry::load {
namespace {

// Length first, so that no two lists of parts have the same text.
void AddPart(Sha256& hash, const std::string& part) {
  hash.Add(std::to_string(part.size()) + ":" + part + ",");
}

}  // namespace

std::string ContentHash(const std::string& checksum, const api::Dataset& dataset, TrackRows track) {
  const api::RedisTargetSpec& redis = *dataset.target.redis;
  const api::CsvSpec csv = dataset.csv.value_or(api::CsvSpec{});
  Sha256 hash;
  AddPart(hash, "redis/2");  // raise it when the same input gives another outcome
  AddPart(hash, checksum);
  for (const std::string& part :
       {std::string(api::ToString(dataset.format)), dataset.json_path, csv.delimiter, csv.quote,
        csv.comment, std::to_string(static_cast<int>(csv.header)), Join(csv.nulls, "\n"),
        std::string(api::ToString(dataset.conflict)), dataset.max_rejects,
        std::string(track == TrackRows::kYes ? "track" : ""), redis.key_template,
        std::string(redis.type == api::RedisType::kHash ? "Hash" : "String"),
        redis.ttl ? std::to_string(redis.ttl->count()) : ""}) {
    AddPart(hash, part);
  }
  return hash.Finish();
}

}  // namespace tenantry::load
