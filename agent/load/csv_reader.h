#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/load/input.h"
#include "agent/load/record_reader.h"

namespace tenantry::load {

// RFC 4180 with a header line, strictly: "," between values, lines end with LF or CRLF, values with
// commas, quotes or line ends are in double quotes, quotes in them doubled. Lines without a byte
// are ignored. An empty value is NULL; an empty value in quotes is an empty string.
class CsvReader final : public RecordReader {
 public:
  // `input` is at the first byte of the header. Reads it.
  static Result<std::unique_ptr<RecordReader>> Open(std::unique_ptr<Input> input, Origin origin);

  Result<const Record*> Next() override;
  const std::vector<std::string>& columns() const override { return columns_; }

 private:
  struct Field {
    std::string text;
    bool quoted = false;
    std::int64_t byte = 0;
  };

  CsvReader(std::unique_ptr<Input> input, Origin origin)
      : input_(std::move(input)), origin_(std::move(origin)) {}

  Result<void> ReadHeader();
  void SkipEmptyLines();
  Result<void> ReadRow();                 // into fields_
  Result<void> ReadField();               // appends one to fields_
  Result<void> ReadQuoted(Field& field);  // the field under construction
  Result<void> ReadUnquoted(Field& field);
  Result<void> Take(Field& field);  // bytes of the value, at least one
  Result<void> CheckSize() const;
  Result<bool> EndOfField();  // true: and of the row
  Error Flaw(std::int64_t byte, std::string_view what) const;

  std::unique_ptr<Input> input_;
  Origin origin_;
  std::vector<std::string> columns_;
  std::vector<Field> fields_;
  Utf8Check utf8_;
  Record record_;
  std::int64_t row_start_ = 0;
  bool in_header_ = true;
};

}  // namespace tenantry::load
