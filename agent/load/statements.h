#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/load/table.h"
#include "common/api/fixture_set.h"

// The SQL of a load. The staging table is the session's own:
//   record bigint   number of the record
//   absent text     a byte for each column with a default: '1' where the record lacks the column
//   c1, c2, …       one for each column of the target, of the target's type (domains: what they are
//                   made of), so that COPY reports a bad value with its line and column
// Row-level security refuses COPY into the target itself.
namespace tenantry::load {

// How many records have a column.
enum class Presence { kNone, kSome, kAll };

inline constexpr char kStagingName[] = "tenantry_staging";

// "schema"."table"
std::string QualifiedName(const Table& table);
// The staging table's column for column `column` of the target.
std::string StagingColumn(std::size_t column);

// Unless it is there. Emptied by each commit.
std::string CreateStaging(const Table& table, const Key& key);
// `columns` of the table, in the order of the data.
std::string CopyColumnsIntoStaging(const std::vector<std::size_t>& columns,
                                   std::string_view format);

// What a row gets in that column: the data's value or the default.
std::string ValueOf(const Table& table, const Key& key, const std::vector<Presence>& presence,
                    std::size_t column, const std::string& staging_alias);

// Keeps the last record of each key, of kKeepNewest and kKeepOldest the one that they mean; affects
// as many rows as it drops.
std::string DropSuperseded(const Key& key);
std::string DropSuperseded(const Key& key, api::Conflict conflict, std::size_t cursor);

std::string EmptyStaging();

// Counts staged records that say what their rows say already.
std::string CountSame(const Table& table, const Key& key, const std::vector<Presence>& presence);

// Partitioned tables do not tell a row that was there from a new one, unless nobody else writes
// while we look. Empty: no lock is needed.
std::string LockForUpdate(const Table& table, api::Conflict conflict);

struct InsertOptions {
  api::Conflict conflict = api::Conflict::kError;
  std::optional<std::size_t> cursor = {};            // column, for kKeepNewest and kKeepOldest
  std::string merge_jsonb = "tenantry.merge_jsonb";  // function for kMerge
  TrackRows track = TrackRows::kNo;
};
// Answers one row: inserted, updated. With kYes: parameters $1 tenant, $2 fixture set, $3 dataset,
// $4 schema, $5 table; otherwise none.
std::string InsertFromStaging(const Table& table, const Key& key,
                              const std::vector<Presence>& presence, const InsertOptions& options);

}  // namespace tenantry::load
