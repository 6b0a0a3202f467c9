#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "agent/load/map/mapping.h"
#include "agent/load/read/batch_reader.h"
#include "agent/load/read/profile.h"
#include "agent/load/source.h"
#include "agent/load/table.h"
#include "common/api/fixture_set.h"
#include "common/api/protocol.h"
#include "common/base/result.h"

// Loads one source into one table: fast, in bounded memory, and exactly once. The source is cut
// into chunks of whole records; each chunk is written together with its checkpoint in one
// transaction, so a load that was interrupted at any moment goes on where it was when the same
// command is given again.
namespace tenantry::load {

// When to give up because of rejected records; none set: never.
struct RejectLimit {
  std::optional<std::int64_t> count;
  std::optional<double> percent;  // of the records read, 0..100, looked at after 1,000 records
};

// A load that belongs to a FixtureSet. What it inserts is remembered with kYes, so that it can be
// taken back (see tracked_rows.h).
struct LoadOwner {
  std::string fixture_set;  // UID
  std::string dataset;
  TrackRows track = TrackRows::kNo;
};

struct BulkTarget {
  api::PostgresAccess postgres;
  std::string role;      // the session's role while it loads; empty: the login itself
  api::TenantId tenant;  // empty: no tenant's
  std::string schema;    // where `table` is
  std::string table;
  std::optional<LoadOwner> owner = {};  // none: whoever gives the command
};

struct BulkOptions {
  std::vector<std::string> key;  // columns; empty: the primary key
  api::Conflict conflict = api::Conflict::kError;
  std::string cursor;  // column that kKeepNewest and kKeepOldest compare
  ReadOptions read;
  std::shared_ptr<const Mapping> mapping;  // null: columns and values stay as they are
  bool create_table = false;  // with columns and types of the data, when the table does not exist
  bool dry_run = false;       // everything but the commit
  bool atomic = false;        // all or nothing: one transaction in one session
  bool incremental = false;   // chunks that an earlier load of this source wrote are passed over
  bool full_refresh = false;  // also when these very bytes were loaded before
  bool force_new_source = false;  // start anew when the source is not what an interrupted load read
  int connections = 2;            // 1..64
  std::int64_t memory_limit_bytes = 64 << 20;  // of buffers
  RejectLimit max_rejects;
  std::string reject_file;  // NDJSON, written when there is something to write; empty: none
  api::UnknownColumns unknown_columns = api::UnknownColumns::kError;
  std::string collect_column;  // for kCollect
};

// Why records were rejected, the most frequent first.
struct RejectReason {
  std::int64_t count = 0;
  std::string text;  // "duration_ms is not an integer"
};

struct BulkReport {
  Finding finding;
  std::vector<std::string> columns;  // of the source
  api::Counters counters;            // of the whole load, also what an interrupted run did before
  std::int64_t bytes = 0;            // of the source
  std::int64_t resumed_rows = 0;     // of `counters.read`: done by an earlier run
  std::string checksum;              // SHA-256 of the source's bytes, hex
  std::chrono::milliseconds elapsed{0};  // of this run
  bool loaded_before = false;  // these very bytes were loaded before: the table was not touched
  bool created_table = false;
  std::vector<RejectReason> reject_reasons;  // at most ten kinds
};

struct BulkProgress {
  std::int64_t rows = 0;  // read, this run and before
  std::int64_t rejected = 0;
  std::int64_t source_bytes = 0;  // of the source as stored (compressed), read
  std::int64_t total_bytes = 0;   // 0: unknown
};

// What a load tells while it runs. Called on the loading thread only.
class BulkListener {
 public:
  virtual ~BulkListener() = default;
  virtual void OnFinding(const Finding& finding, const std::vector<std::string>& columns) = 0;
  virtual void OnProgress(const BulkProgress& progress) = 0;  // at most ten times a second
};

struct BulkOutcome {
  BulkReport report;           // what is committed, also after an error
  std::optional<Error> error;  // kCancelled after `stop`: everything in the report is committed
  // With an error: an interrupted load of this name is not that of this source and these options.
  bool is_another_source = false;
};

BulkOutcome LoadBulk(const BulkTarget& target, const BulkOptions& options, const Source& source,
                     const Origin& origin, BulkListener& listener, std::stop_token stop);

// SQL of CREATE TABLE for a source with these columns.
std::string CreateTableSql(const std::string& schema, const std::string& table,
                           const std::vector<ColumnProfile>& columns,
                           const std::vector<std::string>& key);

}  // namespace tenantry::load
