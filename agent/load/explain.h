#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/load/record.h"
#include "agent/load/statements.h"
#include "agent/load/table.h"
#include "agent/postgres/connection.h"
#include "common/api/fixture_set.h"

// Sentences about what PostgreSQL did not take. Pure.
namespace tenantry::load {

// A record, apart from its reader.
struct RecordCopy {
  Record record;
  std::vector<std::string> names;  // of its cells' columns

  const Value* Find(const std::string& name) const;
};

// `title = "x", year = 1200`: those of `columns` that the record has.
std::string ListValues(const RecordCopy& record, const std::vector<std::string>& columns);

// Why a value is not one of the column's type: `"2023-13-45" is not a date. Correct the row.`
std::string ExplainValue(const Value& value, const std::string& type,
                         const postgres::ServerDiagnostics& diagnostics);

// Number of the line that the error context of COPY into `name` tells; 0 when it tells none. The
// context is in the server's language: only the order "table, line" is relied on.
std::int64_t CopyLine(const std::string& context, std::string_view name);

// The server refused the record as such (a constraint, a trigger, row-level security).
bool IsRecordError(const std::string& sqlstate);

struct Refusal {
  postgres::ServerDiagnostics diagnostics;
  std::vector<std::string> columns;  // of the constraint
  std::optional<std::int64_t> twin;  // an earlier record with the same unique values
  std::optional<ForeignKey> foreign_key;
  bool of_key = false;  // the constraint is the dataset's key
};
struct Explanation {
  std::string column;  // empty: no single one is to blame
  std::string what;
};
Explanation ExplainRefusal(const RecordCopy& record, const Table& table, const Refusal& refusal);

}  // namespace tenantry::load
