#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/load/job.h"
#include "agent/load/statements.h"
#include "agent/load/table.h"
#include "agent/postgres/connection.h"
#include "common/api/fixture_set.h"
#include "common/base/result.h"

// What is read from and written to PostgreSQL's catalogue and ours.
namespace tenantry::load {

// kInvalid/InvalidSpec when there is no such table.
Result<Table> DescribeTable(postgres::Connection& connection, const std::string& schema,
                            const std::string& table, const Origin& origin);

// Constraints by name, for messages. Empty (no parent table) when there is none of that name.
Result<std::vector<std::string>> ConstrainedColumns(postgres::Connection& connection,
                                                    const Table& table, const std::string& name);
Result<std::optional<ForeignKey>> FindForeignKey(postgres::Connection& connection,
                                                 const Table& table, const std::string& name);

// Waits until no other agent loads this dataset; holds until the transaction ends.
Result<void> LockDataset(postgres::Connection& connection, const Job& job);
// The same until UnlockDataset or the session's end.
Result<void> LockDatasetInSession(postgres::Connection& connection, const Job& job);
Result<void> UnlockDataset(postgres::Connection& connection, const Job& job);

// The counters of the load that left these very contents; none: it has to be done.
Result<std::optional<api::Counters>> FindLoaded(postgres::Connection& connection, const Job& job);

Result<void> RecordLoaded(postgres::Connection& connection, const Job& job,
                          const api::Counters& counters);

}  // namespace tenantry::load
