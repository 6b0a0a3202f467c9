#pragma once

#include <stop_token>
#include <string>

#include "agent/load/path_source.h"
#include "agent/load/read/batch_reader.h"
#include "common/api/protocol.h"
#include "common/base/result.h"

// Databases as sources: the rows of a table or query as CSV in a temporary file, because sources
// are read more than once. All of them are of one snapshot.
namespace tenantry::load {

// Exactly one of the two is set.
struct DatabaseQuery {
  std::string table;  // of PostgreSQL also schema.table (default: public)
  std::string query;  // one SELECT
};

// From PostgreSQL by COPY in a read-only transaction. A table's rows come in the order of its
// primary key, so that an unchanged table gives the same bytes; a query says its order itself.
Result<PathSource> ExportPostgres(const api::PostgresAccess& access, const DatabaseQuery& what,
                                  std::stop_token stop);

// From the SQLite database at `path`, which is not written to. BLOBs become \x and hexadecimal
// digits, as PostgreSQL's bytea takes them.
Result<PathSource> ExportSqlite(const std::string& path, const DatabaseQuery& what,
                                std::stop_token stop);

// How both are to be read: CSV with a header, all values quoted, \N without quotes is NULL.
ReadOptions ReadOptionsOfExport();

}  // namespace tenantry::load
