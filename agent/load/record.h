#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tenantry::load {

// A value as the source writes it. All text is valid UTF-8 without NUL.
struct Value {
  enum class Kind {
    kNull,
    kUntyped,  // of CSV: what it is, the column's type says
    kString,   // decoded
    kNumber,   // as written: no digit is lost
    kBoolean,  // "true" or "false"
    kNested,   // an object or array as JSON without blanks
  };
  Kind kind = Kind::kNull;
  std::string text;
  std::int64_t byte = 0;  // where it begins in the source

  friend bool operator==(const Value&, const Value&) = default;
};

struct Cell {
  std::size_t column = 0;  // index into RecordReader::columns()
  Value value;

  friend bool operator==(const Cell&, const Cell&) = default;
};

struct Record {
  std::int64_t number = 0;  // from 1
  std::int64_t byte = 0;    // where it begins in the source
  std::vector<Cell> cells;  // in the source's order, each column at most once

  friend bool operator==(const Record&, const Record&) = default;
};

// Bounds of what is read. A table has at most 1600 columns (PostgreSQL, MaxHeapAttributeNumber).
inline constexpr std::int64_t kMaxRecordBytes = 16 << 20;
inline constexpr int kMaxDepth = 128;
inline constexpr std::size_t kMaxColumns = 1600;

}  // namespace tenantry::load
