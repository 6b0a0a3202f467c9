#pragma once

#include <string>
#include <vector>

#include "agent/load/bulk_load.h"
#include "agent/load/bulk_source.h"
#include "agent/postgres/connection.h"

// A table for a source that has none.
namespace tenantry::load {

// The column names that a table for `names` gets: PlainName of each, made unique; reserved words
// need no care, because every name is quoted.
std::vector<std::string> ColumnNames(const std::vector<std::string>& names);

Result<bool> TableExists(postgres::Connection& connection, const BulkTarget& target);

// Creates the table if it does not exist. Reads the whole source once to know the types.
// `keys`: of the options' mapping. True: it was created.
Result<bool> CreateTableFor(postgres::Connection& connection, const BulkTarget& target,
                            const BulkOptions& options, const KeyLookup* keys, const Source& source,
                            const Origin& origin, std::stop_token stop);

// Identities and sequences of columns that the load has given values to continue after the greatest
// one. Without the right to do so, nothing happens.
Result<void> AdvanceSequences(postgres::Connection& connection, const Table& table,
                              const std::vector<std::size_t>& columns);

}  // namespace tenantry::load
