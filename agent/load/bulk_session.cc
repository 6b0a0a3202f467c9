#include "agent/load/bulk_session.h"

#include <charconv>
#include <string_view>

#include "agent/load/statements.h"
#include "common/base/sha256.h"

namespace tenantry::load {

// Generated from bulk_catalogue.sql (CMakeLists.txt).
extern const std::vector<std::pair<std::string_view, std::string_view>> kLoadFiles;

namespace {

constexpr char kApplication[] = "tenantry-load";
constexpr char kThisLoad[] = " WHERE role_name = $1 AND load_id = $2";

std::int64_t Number(const std::string& text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::string Text(std::int64_t number) { return std::to_string(number); }

api::Counters CountersOf(const postgres::Rows& rows, std::size_t row, std::size_t column) {
  return {.read = Number(rows.Text(row, column)),
          .inserted = Number(rows.Text(row, column + 1)),
          .updated = Number(rows.Text(row, column + 2)),
          .unchanged = Number(rows.Text(row, column + 3)),
          .skipped = Number(rows.Text(row, column + 4)),
          .rejected = Number(rows.Text(row, column + 5))};
}

// SHA-256 of the parts, each with its length before it, so that no two lists look alike.
std::string IdOf(const std::vector<std::string>& parts) {
  Sha256 hash;
  for (const std::string& part : parts) {
    hash.Add(Text(static_cast<std::int64_t>(part.size())) + ":" + part);
  }
  return hash.Finish().substr(0, 32);
}

}  // namespace

Result<std::unique_ptr<postgres::Connection>> OpenLoadSession(const BulkTarget& target,
                                                              std::stop_token stop) {
  std::unique_ptr<postgres::Connection> connection =
      TRY(postgres::Connection::Open(target.postgres, kApplication, std::move(stop)));
  // A load takes as long as it takes.
  TRY(connection->ExecuteScript("SET statement_timeout = 0"));
  if (!target.role.empty()) {
    TRY(connection->ExecuteScript("SET ROLE " + postgres::QuoteIdentifier(target.role)));
  }
  return connection;
}

Result<bool> EnsureLoadCatalogue(const BulkTarget& target, std::stop_token stop) {
  const auto login =
      TRY(postgres::Connection::Open(target.postgres, kApplication, std::move(stop)));
  const std::string exists =
      "SELECT to_regclass('tenantry_loads.chunks') IS NOT NULL, "
      "has_database_privilege(current_database(), 'CREATE')";
  const postgres::Rows there = TRY(login->Execute(exists));
  if (there.Text(0, 0) == "t" || there.Text(0, 1) != "t") {
    return there.Text(0, 0) == "t";
  }
  TRY(login->Begin());
  // Two that load first at the same time wait for each other here.
  TRY(login->Execute("SELECT pg_advisory_xact_lock(hashtextextended('tenantry_loads', 0))"));
  if (TRY(login->Execute(exists)).Text(0, 0) != "t") {
    TRY(login->ExecuteScript(std::string(kLoadFiles.front().second)));
  }
  TRY(login->Commit());
  return true;
}

Result<LoadIdentity> IdentifyLoad(postgres::Connection& connection, const BulkTarget& target,
                                  const std::string& source_name) {
  const postgres::Rows rows = TRY(connection.Execute("SELECT current_user"));
  return LoadIdentity{.role = rows.Text(0, 0),
                      .load_id = target.owner
                                     ? IdOf({"fixture set", target.schema, target.table,
                                             target.owner->fixture_set, target.owner->dataset})
                                     : IdOf({target.schema, target.table, source_name}),
                      .run = 1};
}

Result<void> LockLoad(postgres::Connection& connection, const LoadIdentity& load,
                      const BulkTarget& target) {
  const std::string name = "bulk/" + load.role + "/" + load.load_id;
  if (target.owner) {
    TRY(connection.Execute("SELECT pg_advisory_lock(hashtextextended($1, 0))", {name}));
    return {};
  }
  const postgres::Rows rows =
      TRY(connection.Execute("SELECT pg_try_advisory_lock(hashtextextended($1, 0))", {name}));
  if (rows.Text(0) == "t") {
    return {};
  }
  return Error{.code = ErrorCode::kConflict,
               .message =
                   "Another load of this source into this table is running. Wait for its "
                   "end, then give the command again."};
}

Result<std::optional<LoadRecord>> FindLoad(postgres::Connection& connection,
                                           const LoadIdentity& load) {
  const postgres::Rows rows = TRY(connection.Execute(
      std::string("SELECT run, state = 'Succeeded', settings, lanes, table_state, content_hash, "
                  "bytes, counters ->> 'read', counters ->> 'inserted', counters ->> 'updated', "
                  "counters ->> 'unchanged', counters ->> 'skipped', counters ->> 'rejected' "
                  "FROM tenantry_loads.loads") +
          kThisLoad,
      {load.role, load.load_id}));
  if (rows.empty()) {
    return std::optional<LoadRecord>();
  }
  return std::optional<LoadRecord>({.run = static_cast<std::int32_t>(Number(rows.Text(0, 0))),
                                    .succeeded = rows.Text(0, 1) == "t",
                                    .settings = rows.Text(0, 2),
                                    .lanes = static_cast<std::int32_t>(Number(rows.Text(0, 3))),
                                    .table_state = rows.Text(0, 4),
                                    .content_hash = rows.Text(0, 5),
                                    .bytes = Number(rows.Text(0, 6)),
                                    .counters = CountersOf(rows, 0, 7)});
}

Result<CommittedParts> FindParts(postgres::Connection& connection, const LoadIdentity& load) {
  const postgres::Rows rows = TRY(connection.Execute(
      std::string("SELECT chunk, lane, byte_from, byte_to, hash, read, inserted, updated, "
                  "unchanged, skipped, rejected FROM tenantry_loads.chunks") +
          kThisLoad + " AND run = $3::integer",
      {load.role, load.load_id, Text(load.run)}));
  CommittedParts parts;
  for (std::size_t row = 0; row < rows.rows.size(); ++row) {
    parts[{static_cast<std::int32_t>(Number(rows.Text(row, 0))),
           static_cast<std::int32_t>(Number(rows.Text(row, 1)))}] = {
        .byte_from = Number(rows.Text(row, 2)),
        .byte_to = Number(rows.Text(row, 3)),
        .hash = rows.Text(row, 4),
        .counters = CountersOf(rows, row, 5)};
  }
  return parts;
}

Result<std::map<std::string, api::Counters>> FindChunks(postgres::Connection& connection,
                                                        const LoadIdentity& load) {
  const postgres::Rows rows = TRY(connection.Execute(
      std::string("SELECT hash, sum(read), sum(inserted), sum(updated), sum(unchanged), "
                  "sum(skipped), sum(rejected) FROM tenantry_loads.chunks") +
          kThisLoad + " AND run = $3::integer GROUP BY chunk, hash",
      {load.role, load.load_id, Text(load.run)}));
  std::map<std::string, api::Counters> chunks;
  for (std::size_t row = 0; row < rows.rows.size(); ++row) {
    chunks[rows.Text(row, 0)] = CountersOf(rows, row, 1);
  }
  return chunks;
}

Result<TableState> ObserveTable(postgres::Connection& connection, const Table& table) {
  const postgres::Rows rows = TRY(connection.Execute(
      "SELECT c.oid, coalesce(string_agg(pg_relation_filenode(t.relid)::text, '.' ORDER "
      "BY t.relid), ''), coalesce(sum(pg_stat_get_tuples_deleted(t.relid)), 0)::bigint "
      "FROM pg_class c CROSS JOIN LATERAL (SELECT relid FROM pg_partition_tree(c.oid) UNION "
      "SELECT c.oid) AS t WHERE c.oid = $1::oid GROUP BY c.oid",
      {table.oid}));
  return TableState{
      .table = rows.Text(0, 0), .storage = rows.Text(0, 1), .deleted = Number(rows.Text(0, 2))};
}

Result<std::int64_t> CountRows(postgres::Connection& connection, const Table& table) {
  return Number(TRY(connection.Execute("SELECT count(*) FROM " + QualifiedName(table))).Text(0, 0));
}

Result<void> ForgetLoads(postgres::Connection& connection, const std::string& owner) {
  constexpr char kTheirs[] =
      " WHERE role_name = current_user AND load_id IN (SELECT load_id FROM tenantry_loads.loads "
      "WHERE role_name = current_user AND owner = $1)";
  TRY(connection.Execute(std::string("DELETE FROM tenantry_loads.chunks") + kTheirs, {owner}));
  TRY(connection.Execute(std::string("DELETE FROM tenantry_loads.loads") + kTheirs, {owner}));
  return {};
}

Result<void> BeginLoad(postgres::Connection& connection, const LoadIdentity& load,
                       const BulkTarget& target, const std::string& source_name,
                       const LoadRecord& record) {
  TRY(connection.Execute(
      "INSERT INTO tenantry_loads.loads (role_name, load_id, run, table_schema, table_name, "
      "source, "
      "settings, lanes, table_state, owner, state) VALUES ($1, $2, $3::integer, $4, $5, $6, $7, "
      "$8::integer, $9, $10, 'Running') ON CONFLICT (role_name, load_id) DO UPDATE SET "
      "run = excluded.run, settings = excluded.settings, lanes = excluded.lanes, "
      "table_state = excluded.table_state, state = 'Running', started_at = now(), ended_at = NULL",
      {load.role, load.load_id, Text(load.run), target.schema, target.table, source_name,
       record.settings, Text(record.lanes), record.table_state,
       target.owner ? target.owner->fixture_set : ""}));
  return {};
}

Result<void> RecordPart(postgres::Connection& connection, const LoadIdentity& load,
                        const Part& part, const api::Counters& counters) {
  TRY(connection.Execute(
      "INSERT INTO tenantry_loads.chunks (role_name, load_id, run, chunk, lane, byte_from, "
      "byte_to, "
      "hash, read, inserted, updated, unchanged, skipped, rejected) VALUES ($1, $2, $3::integer, "
      "$4::integer, $5::integer, $6::bigint, $7::bigint, $8, $9::bigint, $10::bigint, $11::bigint, "
      "$12::bigint, $13::bigint, $14::bigint)",
      {load.role, load.load_id, Text(load.run), Text(part.chunk->number), Text(part.lane),
       Text(part.chunk->byte_from), Text(part.chunk->byte_to), part.chunk->hash,
       Text(counters.read), Text(counters.inserted), Text(counters.updated),
       Text(counters.unchanged), Text(counters.skipped), Text(counters.rejected)}));
  return {};
}

Result<void> FinishLoad(postgres::Connection& connection, const LoadIdentity& load,
                        const LoadRecord& record) {
  const api::Counters& counters = record.counters;
  TRY(connection.Execute(
      std::string("UPDATE tenantry_loads.loads SET state = 'Succeeded', ended_at = now(), "
                  "table_state = $3, content_hash = $4, bytes = $5::bigint, counters = "
                  "jsonb_build_object('read', $6::bigint, 'inserted', $7::bigint, 'updated', "
                  "$8::bigint, 'unchanged', $9::bigint, 'skipped', $10::bigint, 'rejected', "
                  "$11::bigint)") +
          kThisLoad,
      {load.role, load.load_id, record.table_state, record.content_hash, Text(record.bytes),
       Text(counters.read), Text(counters.inserted), Text(counters.updated),
       Text(counters.unchanged), Text(counters.skipped), Text(counters.rejected)}));
  TRY(connection.Execute(
      std::string("DELETE FROM tenantry_loads.chunks") + kThisLoad + " AND run <> $3::integer",
      {load.role, load.load_id, Text(load.run)}));
  return {};
}

}  // namespace tenantry::load
