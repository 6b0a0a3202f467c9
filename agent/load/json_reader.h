#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "agent/load/input.h"
#include "agent/load/json_scanner.h"
#include "agent/load/record_reader.h"

namespace tenantry::load {

// A JSON array of objects, one JSON object, or one object a line. Keys are the columns.
class JsonReader final : public RecordReader {
 public:
  enum class Shape {
    kArray,
    kOneObject,
    kLines,
    kUndecided,  // one object or lines: the first object tells
  };

  // `input` is at the first byte of the JSON text ("[" for kArray, else "{").
  JsonReader(std::unique_ptr<Input> input, Shape shape, Origin origin)
      : input_(std::move(input)), scanner_(*input_), shape_(shape), origin_(std::move(origin)) {}

  Result<const Record*> Next() override;
  const std::vector<std::string>& columns() const override { return columns_; }

 private:
  Result<bool> ReadNext();
  Result<bool> FindInArray();
  Result<bool> FindInLines();
  Result<bool> FindAnotherObject();
  Result<void> ReadObject();
  Result<void> ReadField();
  Result<void> EndOfLine();
  Result<std::size_t> ColumnOf(const std::string& name);
  Error Locate(Error error) const;

  std::unique_ptr<Input> input_;
  JsonScanner scanner_;
  Shape shape_;
  Origin origin_;
  Record record_;
  std::string column_;  // being read, for messages
  bool in_record_ = false;
  std::int64_t records_ = 0;
  std::vector<std::string> columns_;
  std::unordered_map<std::string, std::size_t> column_index_;
  std::vector<std::int64_t> last_record_;  // by column: the record that had it last
};

}  // namespace tenantry::load
