#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "agent/load/bulk_chunk.h"
#include "agent/load/bulk_load.h"
#include "agent/load/table.h"
#include "agent/postgres/connection.h"
#include "common/base/result.h"

// What bulk loads know about themselves: schema tenantry_loads, see bulk_catalogue.sql.
namespace tenantry::load {

// A session as the load needs it: in its role.
Result<std::unique_ptr<postgres::Connection>> OpenLoadSession(const BulkTarget& target,
                                                              std::stop_token stop);

// Who a load belongs to, and which one it is: of this source into this table.
struct LoadIdentity {
  std::string role;
  std::string load_id;
  std::int32_t run = 1;
};

// Which chunks of a load are committed, by (chunk, lane).
struct CommittedPart {
  std::int64_t byte_from = 0;
  std::int64_t byte_to = 0;
  std::string hash;
  api::Counters counters;
};
using CommittedParts = std::map<std::pair<std::int32_t, std::int32_t>, CommittedPart>;

struct LoadRecord {
  std::int32_t run = 0;
  bool succeeded = false;
  std::string settings;
  std::int32_t lanes = 0;
  std::string table_state;
  std::string content_hash;
  std::int64_t bytes = 0;
  api::Counters counters;
};

// Makes the schema when there is none. False: there is none, and the login may not make one.
Result<bool> EnsureLoadCatalogue(const BulkTarget& target, std::stop_token stop);

// An owner's dataset is the same load whatever its source is called.
Result<LoadIdentity> IdentifyLoad(postgres::Connection& connection, const BulkTarget& target,
                                  const std::string& source_name);

// Holds until the session ends. While another load of this source into this table runs: waits when
// it has an owner, otherwise kConflict.
Result<void> LockLoad(postgres::Connection& connection, const LoadIdentity& load,
                      const BulkTarget& target);

Result<std::optional<LoadRecord>> FindLoad(postgres::Connection& connection,
                                           const LoadIdentity& load);
Result<CommittedParts> FindParts(postgres::Connection& connection, const LoadIdentity& load);
// Hashes of the chunks that the last finished load wrote, with their counters.
Result<std::map<std::string, api::Counters>> FindChunks(postgres::Connection& connection,
                                                        const LoadIdentity& load);

// Changes whenever rows were taken out of the table by TRUNCATE, DELETE or DROP.
struct TableState {
  std::string table;    // another one after DROP and CREATE
  std::string storage;  // changes by TRUNCATE and rewrites
  std::int64_t deleted = 0;

  std::string Text() const { return table + "/" + storage + "/" + std::to_string(deleted); }
  bool SameTable(std::string_view text) const { return text.starts_with(table + "/"); }
  bool SameStorage(std::string_view text) const {
    return text.starts_with(table + "/" + storage + "/");
  }
};
Result<TableState> ObserveTable(postgres::Connection& connection, const Table& table);
Result<std::int64_t> CountRows(postgres::Connection& connection, const Table& table);

// Forgets what was loaded for this owner, in the caller's transaction.
Result<void> ForgetLoads(postgres::Connection& connection, const std::string& owner);

Result<void> BeginLoad(postgres::Connection& connection, const LoadIdentity& load,
                       const BulkTarget& target, const std::string& source_name,
                       const LoadRecord& record);
// In the part's own transaction.
Result<void> RecordPart(postgres::Connection& connection, const LoadIdentity& load,
                        const Part& part, const api::Counters& counters);
// Forgets the parts of earlier runs, too.
Result<void> FinishLoad(postgres::Connection& connection, const LoadIdentity& load,
                        const LoadRecord& record);

}  // namespace tenantry::load
