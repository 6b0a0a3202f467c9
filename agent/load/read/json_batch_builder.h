#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "agent/load/read/batch.h"
#include "agent/load/read/json_scan.h"
#include "agent/load/read/json_window.h"

namespace tenantry::load {

// Puts the records of a window together as a batch. The window stays as it is meanwhile.
class JsonBatchBuilder {
 public:
  explicit JsonBatchBuilder(const JsonWindow& window) : window_(window) {}

  void Begin(std::size_t width);
  // From `start` to `end` in the window; `row` may be wider than the rows before.
  void Add(const char* start, const char* end, const std::vector<Field>& row);
  void AddRejected(const char* start, const char* end, const JsonFlaw& flaw);

  bool empty() const { return batch_.records.empty(); }
  bool IsFull() const;
  std::int64_t next_record() const { return next_record_; }  // number of the one to come
  const Batch* Finish();                                     // valid until Begin()

 private:
  void AddPlace(const char* start, const char* end);
  void Widen(std::size_t width);

  const JsonWindow& window_;
  Batch batch_;
  std::int64_t next_record_ = 1;
  const char* raw_ = nullptr;
  const char* counted_ = nullptr;  // line ends are counted up to here
  std::uint32_t line_ = 0;         // of counted_, from the batch's first line
};

}  // namespace tenantry::load
