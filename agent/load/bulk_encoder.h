#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/load/bulk_chunk.h"
#include "agent/load/bulk_plan.h"

namespace tenantry::load {

// Turns records into the parts of a chunk, one for each lane. Pure; not thread-safe.
class BulkEncoder {
 public:
  // `table` outlives the encoder.
  BulkEncoder(const Table& table, std::int32_t lanes);

  // For the chunks that follow; between chunks only. `source_names` are the reader's columns.
  void SetPlan(BulkPlan plan, std::vector<std::string> source_names);

  // Adds record `index` of the batch, which is record `chunk_record` of the chunk at hand.
  void Append(const Batch& batch, std::size_t index, std::uint32_t chunk_record);
  // A record that the reader rejected.
  void AppendRejected(const Batch& batch, const Flaw& flaw);

  // The chunk's parts, by lane, also those without rows; begins the next chunk.
  std::vector<Part> TakeParts(const std::shared_ptr<const ChunkText>& chunk);

 private:
  struct LaneRows {
    std::int64_t read = 0;
    std::vector<EncodedRows> groups;
    std::vector<std::string> shapes;  // by group
    std::vector<Reject> rejects;
  };

  // True: the row is in row_. False: it is rejected, see reject_.
  bool Encode(const Batch& batch, std::size_t index);
  bool EncodeColumn(const Field& field, const BulkPlan::Column& column);
  void BeginRow(std::int64_t record);
  void BeginValue();
  void EndRow();
  void AppendAbsentMarks(const Batch& batch, const Field* row);
  void AppendCollected(const Batch& batch, const Field* row);
  std::size_t LaneFor(std::uint32_t chunk_record) const;
  EncodedRows& GroupFor(LaneRows& lane) const;
  EncodedRows NewGroup() const;

  const Table& table_;
  std::int32_t lanes_;
  BulkPlan plan_;
  std::vector<std::string> source_names_;
  bool some_default_ = false;  // of the plan's columns
  std::vector<LaneRows> rows_;
  std::size_t usual_bytes_ = 0;  // of a part's rows: room is made at once

  // The record at hand.
  std::string row_;
  std::int16_t values_ = 0;
  std::string shape_;  // by plan column: '1' when it takes its default; empty: none can
  std::string marks_;  // of a staging table's column `absent`
  std::string key_bytes_;
  Reject reject_;
};

}  // namespace tenantry::load
