#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/load/json_text.h"
#include "agent/load/record_reader.h"
#include "common/base/strings.h"

namespace tenantry::load {

// Bytes that arrive in pieces of a fixed size.
class FuzzStream final : public ByteStream {
 public:
  FuzzStream(std::string_view rest, std::size_t piece) : rest_(rest), piece_(piece) {}
  Result<std::string_view> Next() override {
    const std::string_view next = rest_.substr(0, piece_);
    rest_.remove_prefix(next.size());
    return next;
  }

 private:
  std::string_view rest_;
  std::size_t piece_;
};

struct FuzzReading {
  std::vector<std::string> columns;
  std::vector<Record> records;
  std::string error;

  friend bool operator==(const FuzzReading&, const FuzzReading&) = default;
};

inline void Require(bool condition) {
  if (!condition) {
    std::abort();
  }
}

inline FuzzReading ReadRecords(std::string_view bytes, api::Format format, std::size_t piece) {
  FuzzReading reading;
  auto reader = RecordReader::Open(std::make_unique<FuzzStream>(bytes, piece), format,
                                   {.dataset = "fuzz", .source = ""});
  if (!reader) {
    reading.error = reader.error().message;
    return reading;
  }
  for (;;) {
    Result<const Record*> record = (*reader)->Next();
    reading.columns = (*reader)->columns();
    if (!record) {
      reading.error = record.error().message;
      return reading;
    }
    if (*record == nullptr) {
      return reading;
    }
    reading.records.push_back(**record);
  }
}

// What every reading promises, whatever the bytes are.
inline FuzzReading CheckReading(std::string_view bytes, api::Format format) {
  FuzzReading reading = ReadRecords(bytes, format, 1 << 16);
  Require(reading == ReadRecords(bytes, format, 1));
  Require(reading == ReadRecords(bytes, format, 7));
  Require(IsValidUtf8(reading.error));
  std::int64_t number = 0;
  for (const Record& record : reading.records) {
    Require(record.number == ++number);
    for (const Cell& cell : record.cells) {
      Require(cell.column < reading.columns.size());
      Require(IsValidUtf8(cell.value.text));
      Require(cell.value.text.find('\0') == std::string::npos);
      Require(cell.value.byte >= record.byte);
      Require(cell.value.byte < static_cast<std::int64_t>(bytes.size()) || cell.value.text.empty());
    }
  }
  return reading;
}

}  // namespace tenantry::load
