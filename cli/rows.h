#pragma once

#include <string>
#include <vector>

#include "agent/load/read/batch.h"
#include "agent/load/read/profile.h"

// Rows of any source in one form. Pure.
namespace tenantry::cli {

// RFC 4180: commas, CRLF, quotes where they are needed. NULL is nothing, an empty text is "". In a
// table of one column both are "": readers pass over an empty line.
void AppendCsvHeader(const std::vector<std::string>& names, std::string& out);
// `columns` fields; a row has at least `width` of them, the rest are NULL.
void AppendCsvRow(const load::Field* row, std::size_t width, std::size_t columns, std::string& out);

// A row as a JSON object in one line: numbers with their digits, true and false, null, JSON as it
// is, everything else as a string. A value that the record does not have is left out.
class JsonRows {
 public:
  explicit JsonRows(const std::vector<load::ColumnProfile>& columns);
  void Append(const load::Field* row, std::size_t width, std::string& out) const;

 private:
  struct Column {
    std::string key;  // with its quotes and colon
    load::ValueType type = load::ValueType::kText;
  };
  std::vector<Column> columns_;
};

}  // namespace tenantry::cli
