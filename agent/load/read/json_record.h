#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "agent/load/read/batch.h"
#include "agent/load/read/json_columns.h"
#include "agent/load/read/json_scan.h"
#include "agent/load/read/text_arena.h"

namespace tenantry::load {

// What the records of a source are.
enum class JsonRecordKind { kObject, kArray, kScalar };

// Makes fields of one record after the other.
class JsonRecordParser {
 public:
  JsonRecordParser(JsonScan& scan, JsonColumns& columns) : scan_(scan), columns_(columns) {}

  // `raw` is where the batch's text begins: texts of earlier batches are forgotten.
  void BeginBatch(const char* raw);
  // Reads the record that begins at `at`; returns the byte after it, or nullptr: the scan's flaw()
  // and column() say why, and nothing of it is kept.
  const char* Parse(const char* at, JsonRecordKind kind);
  // The record's fields, by column; until Forget().
  const std::vector<Field>& row() const { return row_; }
  void Forget();
  // Nothing of the record is kept, not even the columns that it would have brought.
  void Reject();
  const std::string& column() const { return column_; }  // where a flaw is

 private:
  const char* Object(const char* at);
  const char* Array(const char* at);
  const char* Members(const char* at);
  const char* Key(const char* at);
  const char* NewKey(const char* at, const char* end);
  const char* Element(const char* at, std::size_t index);
  const char* Into(const char* at);
  Field TextOf(const char* at, const char* end);
  Field NestedOf(const char* at, const char* end);

  JsonScan& scan_;
  JsonColumns& columns_;
  TextArena arena_;
  const char* raw_ = nullptr;
  std::vector<Field> row_;
  std::size_t known_columns_ = 0;  // before the record
  std::size_t current_ = JsonColumns::kNone;
  std::string text_;
  std::string column_;
};

}  // namespace tenantry::load
