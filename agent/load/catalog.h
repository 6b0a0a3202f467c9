#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/load/job.h"
#include "agent/load/table.h"
#include "agent/postgres/connection.h"
#include "common/api/fixture_set.h"
#include "common/base/result.h"

// What is read from and written to PostgreSQL's catalogue and ours.
namespace tenantry::load {

// kInvalid/InvalidSpec when there is no such table.
Result<Table> DescribeTable(postgres::Connection& connection, const std::string& schema,
                            const std::string& table, const Origin& origin);

// ---- datasets in Redis ----

// Waits until no other agent loads this dataset; holds until UnlockDataset or the session's end.
Result<void> LockDataset(postgres::Connection& connection, const Job& job);
Result<void> UnlockDataset(postgres::Connection& connection, const Job& job);

// What was loaded: the source's bytes, and everything else that decides (see content_hash.h).
struct LoadedContent {
  Checksum checksum;
  std::string hash;
};
// The counters of the load that left these very contents; none: it has to be done.
Result<std::optional<api::Counters>> FindLoaded(postgres::Connection& connection, const Job& job,
                                                const LoadedContent& content);
Result<void> RecordLoaded(postgres::Connection& connection, const Job& job,
                          const LoadedContent& content, const api::Counters& counters);

}  // namespace tenantry::load
