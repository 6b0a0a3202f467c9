#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/load/record_reader.h"

namespace tenantry::load {

// A text that arrives in pieces of `piece` bytes. It has to outlive the stream.
class PieceStream final : public ByteStream {
 public:
  PieceStream(std::string_view text, std::size_t piece) : rest_(text), piece_(piece) {}
  Result<std::string_view> Next() override {
    const std::string_view next = rest_.substr(0, piece_);
    rest_.remove_prefix(next.size());
    return next;
  }

 private:
  std::string_view rest_;
  std::size_t piece_;
};

struct Reading {
  std::vector<std::string> columns;
  std::vector<Record> records;  // those before the error, if there is one
  std::string error;            // empty: none

  friend bool operator==(const Reading&, const Reading&) = default;
};

// Reads all of `text`, as dataset "songs" of "key s in ConfigMap c".
inline Reading ReadAll(std::string_view text, api::Format format = api::Format::kAuto,
                       std::size_t piece = 1 << 16) {
  Reading reading;
  auto reader = RecordReader::Open(std::make_unique<PieceStream>(text, piece), format,
                                   {.dataset = "songs", .source = "key s in ConfigMap c"});
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

// The records as text: one line each, "column=value" with the kind's letter before the value (n
// null, u untyped, s string, d number, b boolean, j nested).
inline std::string Show(const Reading& reading) {
  std::string text;
  for (const Record& record : reading.records) {
    for (const Cell& cell : record.cells) {
      constexpr std::string_view kLetters = "nusdbj";
      text += &cell == record.cells.data() ? "" : " ";
      text += reading.columns[cell.column] + "=" +
              kLetters[static_cast<std::size_t>(cell.value.kind)] + cell.value.text;
    }
    text += "\n";
  }
  return text + reading.error;
}

}  // namespace tenantry::load
