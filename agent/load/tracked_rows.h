#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/postgres/connection.h"
#include "common/base/result.h"

// The rows of tenantry.loaded_rows that are about tables. All statements take $1 tenant, $2 fixture
// set.
namespace tenantry::load {

// Tracked rows of one table that are known by the same columns.
struct TrackedShape {
  struct Column {
    std::string name;
    std::string type;
  };
  std::string schema;
  std::string table;
  std::vector<Column> columns;
};

// Without tables and columns that are gone: their rows are gone, too.
Result<std::vector<TrackedShape>> FindShapes(postgres::Connection& connection,
                                             const std::vector<postgres::Parameter>& owner);

// Deletes the shape's rows and returns one row for each.
std::string DeleteTracked(const TrackedShape& shape);

// A foreign key by which deleting a tracked row would delete or change a row that is not tracked;
// none: deleting reaches no further than asked.
Result<std::optional<std::string>> FindReach(postgres::Connection& connection,
                                             const std::vector<postgres::Parameter>& owner,
                                             const std::vector<TrackedShape>& shapes);

}  // namespace tenantry::load
