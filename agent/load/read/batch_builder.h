#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/load/read/batch.h"

namespace tenantry::load {

// Puts a batch of records of the same columns together. Text is given by where it is in memory, at
// `raw` and after it.
class BatchBuilder {
 public:
  // `columns` outlive the builder.
  explicit BatchBuilder(const std::vector<std::string>& columns) : columns_(columns) {}

  // Forgets the batch; the next one begins at `byte` and `line` of the text, at `raw` in memory.
  void Start(std::int64_t byte, std::int64_t line, const char* raw);
  // The text was moved in memory.
  void Move(const char* raw);

  // A record with one field for each column. `line` of the text.
  void Add(const char* begin, const char* end, std::int64_t line, const Field* fields) {
    batch_.records.push_back(PlaceOf(begin, end, line));
    batch_.fields.insert(batch_.fields.end(), fields, fields + columns_.size());
  }
  void Reject(const char* begin, const char* end, std::int64_t line, Flaw flaw);
  // Of the last record.
  void AddFlaw(Flaw flaw);

  bool empty() const { return batch_.records.empty(); }
  std::size_t fields() const { return batch_.fields.size(); }
  // The first field of the last record; empty when there is none.
  std::string_view last_value() const;
  std::uint32_t last_offset() const { return batch_.records.back().offset; }
  std::uint32_t OffsetOf(const char* at) const { return static_cast<std::uint32_t>(at - raw_); }

  // Rejects records whose text cannot be stored. Valid until the next Start.
  const Batch& Finish();

 private:
  RecordPlace PlaceOf(const char* begin, const char* end, std::int64_t line) const {
    return {.offset = OffsetOf(begin),
            .size = static_cast<std::uint32_t>(end - begin),
            .line = static_cast<std::uint32_t>(line - batch_.line)};
  }
  void CheckText(std::size_t record);

  const std::vector<std::string>& columns_;
  const char* raw_ = nullptr;
  std::int64_t next_record_ = 1;
  Batch batch_;
};

}  // namespace tenantry::load
