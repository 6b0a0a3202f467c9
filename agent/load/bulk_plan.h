#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/load/bulk_load.h"
#include "agent/load/read/batch.h"
#include "agent/load/read/plain_name.h"
#include "agent/load/read/profile.h"
#include "agent/load/table.h"
#include "agent/load/wire.h"

// How the columns of a source become rows of a table. Pure.
namespace tenantry::load {

struct BulkPlan {
  struct Column {
    std::size_t source = 0;  // index into the reader's columns
    std::size_t target = 0;  // index into Table::columns
    Wire wire = Wire::kOther;
    DateOrder order = DateOrder::kYearMonthDay;
  };
  enum class Way {
    kDirect,  // COPY into the table
    kStaged,  // COPY into a staging table, then one statement from there
  };
  Way way = Way::kDirect;
  CopyFormat format = CopyFormat::kBinary;
  std::vector<Column> columns;
  std::vector<std::size_t> collected;  // source columns that go into `collect_target`
  std::optional<std::size_t> collect_target;
  Key key;
  bool sparse = false;                // records may lack columns (JSON)
  std::optional<std::size_t> cursor;  // table column that kKeepNewest and kKeepOldest compare
};

struct PlanInput {
  const Table& table;
  const BulkOptions& options;
  TrackRows track = TrackRows::kNo;
  const std::vector<std::string>& source_columns;
  const std::vector<ColumnProfile>& profiles;  // of the sample; may be fewer than the columns
  bool sparse = false;
  bool positional = false;  // the source has no names: its columns are the table's, in order
  const Origin& origin;
};

// kInvalid/InvalidData: a column that the table lacks, or that the database generates;
// kInvalid/InvalidSpec: a key that is none, a word that needs a key and has none.
Result<BulkPlan> MakeBulkPlan(const PlanInput& input);

// The column of exactly that name, or else the only one that looks like it.
std::optional<std::size_t> FindColumn(const Table& table, std::string_view name);

// Which lane writes a row: rows with one key always the same, so that their order in the source
// decides about conflicts between them. Part of what a checkpoint means: must never change.
// FNV-1a, 64 bits.
std::int32_t LaneOf(std::string_view key_bytes, std::int32_t lanes);

}  // namespace tenantry::load
