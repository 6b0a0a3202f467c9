#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "agent/load/read/batch_reader.h"
#include "agent/load/read/place.h"
#include "agent/load/source.h"
#include "agent/load/table.h"
#include "agent/tasks/task.h"
#include "common/api/fixture_set.h"
#include "common/api/protocol.h"

namespace tenantry::load {

// One dataset of a FixtureSet to load. Everything referred to outlives the load.
struct Job {
  api::TenantId tenant;
  std::string fixture_set;  // UID
  std::string schema;
  TrackRows track = TrackRows::kNo;
  const api::Dataset& dataset;
  Origin origin;
  const Source& source;
};

// What the dataset says about how its source is written.
ReadOptions ReadOptionsOf(const api::Dataset& dataset);

// Tells the task's progress: bytes and rows, over all its datasets.
class ProgressMeter {
 public:
  // `total_bytes`: of all sources; 0: unknown.
  ProgressMeter(agent::TaskContext& context, std::int64_t total_bytes)
      : context_(context), total_bytes_(total_bytes) {}

  void Report(std::int64_t bytes, std::int64_t rows);  // of the dataset at hand
  // The dataset at hand is loaded; the next one begins.
  void EndDataset(std::int64_t bytes, std::int64_t rows);

  bool stopping() const { return context_.stop().stop_requested(); }
  std::stop_token stop() const { return context_.stop(); }

 private:
  agent::TaskContext& context_;
  const std::int64_t total_bytes_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::int64_t bytes_before_ = 0;
  std::int64_t rows_before_ = 0;
};

// `count` in that time as a rate; 0 when there was too little to measure.
std::int64_t PerSecond(std::int64_t count, std::chrono::steady_clock::duration elapsed);

Error Cancelled(const Origin& origin);

}  // namespace tenantry::load
