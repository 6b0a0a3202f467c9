#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "agent/load/read/place.h"
#include "agent/load/source.h"
#include "agent/load/table.h"
#include "agent/tasks/task.h"
#include "common/api/fixture_set.h"
#include "common/api/protocol.h"

namespace tenantry::load {

// One dataset to load. Everything referred to outlives the load.
struct Job {
  api::TenantId tenant;
  std::string fixture_set;  // UID
  std::string schema;
  TrackRows track = TrackRows::kNo;
  const api::Dataset& dataset;
  Origin origin;
  const Source& source;
  Checksum checksum;         // of the source
  std::string content_hash;  // see content_hash.h
};

// Counts rows for the task's progress, over all its datasets.
class ProgressMeter {
 public:
  explicit ProgressMeter(agent::TaskContext& context) : context_(context) {}
  void Add(std::int64_t rows);
  bool stopping() const { return context_.stop().stop_requested(); }
  std::stop_token stop() const { return context_.stop(); }

 private:
  agent::TaskContext& context_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::int64_t rows_ = 0;
};

// `count` in that time as a rate; 0 when there was too little to measure.
std::int64_t PerSecond(std::int64_t count, std::chrono::steady_clock::duration elapsed);

Error Cancelled(const Origin& origin);

}  // namespace tenantry::load
