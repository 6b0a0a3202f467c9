#include "agent/load/read/json_batch_builder.h"

#include <algorithm>
#include <utility>

namespace tenantry::load {
namespace {

// Bounds of a batch beside its bytes.
constexpr std::size_t kMaxFields = 128 << 10;
constexpr std::size_t kMaxFlaws = 4096;

}  // namespace

void JsonBatchBuilder::Begin(std::size_t width) {
  batch_.records.clear();
  batch_.fields.clear();
  batch_.flaws.clear();
  batch_.raw = {};
  batch_.width = width;
  batch_.first_record = next_record_;
}

bool JsonBatchBuilder::IsFull() const {
  if (batch_.records.empty()) {
    return false;
  }
  const RecordPlace& last = batch_.records.back();
  return std::size_t{last.offset} + last.size >= kBatchBytes ||
         batch_.fields.size() >= kMaxFields || batch_.flaws.size() >= kMaxFlaws;
}

const Batch* JsonBatchBuilder::Finish() {
  const RecordPlace& last = batch_.records.back();
  batch_.raw = {raw_, std::size_t{last.offset} + last.size};
  return &batch_;
}

void JsonBatchBuilder::AddPlace(const char* start, const char* end) {
  if (batch_.records.empty()) {
    raw_ = start;
    counted_ = start;
    line_ = 0;
    batch_.byte = window_.byte() + (start - window_.begin());
    batch_.line = window_.line() + CountLineEnds(window_.begin(), start);
  }
  line_ += static_cast<std::uint32_t>(CountLineEnds(counted_, start));
  counted_ = start;
  batch_.records.push_back({.offset = static_cast<std::uint32_t>(start - raw_),
                            .size = static_cast<std::uint32_t>(end - start),
                            .line = line_});
  ++next_record_;
}

void JsonBatchBuilder::Add(const char* start, const char* end, const std::vector<Field>& row) {
  if (row.size() > batch_.width) {
    Widen(row.size());
  }
  AddPlace(start, end);
  batch_.fields.insert(batch_.fields.end(), row.begin(), row.end());
}

void JsonBatchBuilder::Widen(std::size_t width) {
  std::vector<Field> wider((batch_.records.size()) * width);
  for (std::size_t record = 0; record < batch_.records.size(); ++record) {
    std::copy_n(batch_.row(record), batch_.width, wider.data() + record * width);
  }
  batch_.fields = std::move(wider);
  batch_.width = width;
}

void JsonBatchBuilder::AddRejected(const char* start, const char* end, const JsonFlaw& flaw) {
  AddPlace(start, end);
  batch_.records.back().rejected = true;
  batch_.fields.resize(batch_.fields.size() + batch_.width);
  batch_.flaws.push_back({.kind = Flaw::Kind::kRejected,
                          .record = batch_.records.size() - 1,
                          .offset = static_cast<std::uint32_t>(std::min(flaw.at, end) - raw_),
                          .column = flaw.column,
                          .what = flaw.what});
}

}  // namespace tenantry::load
