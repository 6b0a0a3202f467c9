#include "agent/load/content_hash.h"

#include "common/base/sha256.h"

namespace tenantry::load {
namespace {

// Length first, so that no two lists of parts have the same text.
void AddPart(Sha256& hash, const std::string& part) {
  hash.Add(std::to_string(part.size()) + ":" + part + ",");
}

}  // namespace

std::string ContentHash(const std::string& checksum, const std::string& schema,
                        const api::Dataset& dataset, TrackRows track) {
  Sha256 hash;
  AddPart(hash, "load/1");  // raise it when the same input gives another outcome
  AddPart(hash, checksum);
  AddPart(hash, api::ToString(dataset.format));
  AddPart(hash, api::ToString(dataset.conflict));
  if (!dataset.cursor.empty()) {
    AddPart(hash, "cursor/" + dataset.cursor);
  }
  AddPart(hash, track == TrackRows::kYes ? "track" : "");
  AddPart(hash, std::to_string(dataset.key.size()));
  for (const std::string& column : dataset.key) {
    AddPart(hash, column);
  }
  if (dataset.target.redis) {
    const api::RedisTargetSpec& redis = *dataset.target.redis;
    AddPart(hash, "redis");
    AddPart(hash, redis.key_template);
    AddPart(hash, redis.type == api::RedisType::kHash ? "Hash" : "String");
    AddPart(hash, redis.ttl ? std::to_string(redis.ttl->count()) : "");
  } else {
    AddPart(hash, "table");
    AddPart(hash, schema);
    AddPart(hash, dataset.target.table);
  }
  return hash.Finish();
}

}  // namespace tenantry::load
