#pragma once

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "common/base/strings.h"
#include "tests/unit/load/reading.h"

namespace tenantry::load {

inline void Require(bool condition) {
  if (!condition) {
    std::abort();
  }
}

// What every reading promises, whatever the bytes are.
inline Reading CheckReading(std::string_view bytes, api::Format format) {
  Reading reading = ReadAll(bytes, format);
  Require(reading == ReadAll(bytes, format, 1));
  Require(reading == ReadAll(bytes, format, 7));
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
