#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/load/read/place.h"
#include "agent/load/record.h"
#include "agent/load/table.h"
#include "common/base/result.h"

namespace tenantry::load {

// Appends one value in COPY's text format. Source: PostgreSQL manual, COPY, File Formats.
void AppendCopyText(std::string& line, std::string_view text);

// What the column's input function gets to read; `value` is not null.
std::string InputText(const Value& value, const TableColumn& column);

// How many records had a column.
enum class Presence { kNone, kSome, kAll };

// Turns records into COPY lines for the staging table (see statements.h): the record's number,
// which columns with defaults it lacks, and every column that the data may give.
class RowEncoder {
 public:
  RowEncoder(const Table& table, const Key& key, Origin origin);

  // `names` are the reader's columns. Errors: a column that the table lacks, or that the database
  // generates; a key column that this record has and the first had not, or the other way round.
  Result<void> Append(const Record& record, const std::vector<std::string>& names);

  // The same check of all names without a record: for data that has columns but no records.
  Result<void> CheckNames(const std::vector<std::string>& names, const Place& place);

  std::size_t size() const { return lines_.size(); }
  std::string TakeLines();
  std::int64_t records() const { return records_; }
  // By column of the table.
  std::vector<Presence> presence() const;

 private:
  Result<void> CheckName(const std::string& name, Place place);
  Result<std::size_t> TableColumnOf(const std::string& name, const Place& place) const;
  Result<void> CheckKey(const Record& record) const;
  void AppendAbsent();

  const Table& table_;
  const Key& key_;
  Origin origin_;
  std::vector<std::size_t> table_column_;  // by reader column
  std::vector<const Value*> row_;          // by table column, of the record at hand
  std::vector<std::int64_t> seen_;         // by table column
  std::int64_t records_ = 0;
  std::string lines_;
};

}  // namespace tenantry::load
