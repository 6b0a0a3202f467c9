#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/load/read/place.h"
#include "agent/load/record.h"
#include "common/api/fixture_set.h"
#include "common/base/result.h"

namespace tenantry::load {

// A column of a target table, as far as loading cares.
struct TableColumn {
  enum class Class { kPlain, kJson, kArray, kJsonArray };
  std::string name;
  std::string type;          // as format_type shows it
  std::string storage_type;  // the same, or what a domain is made of
  Class type_class = Class::kPlain;
  bool not_null = false;
  bool generated = false;        // GENERATED ALWAYS AS (…) STORED
  bool always_identity = false;  // GENERATED ALWAYS AS IDENTITY
  bool comparable = true;        // the type has an equality worth the name
  std::string default_sql;       // empty: none

  bool has_default() const { return !default_sql.empty(); }
};

// A unique index that ON CONFLICT can use: whole table, plain columns, checked at once.
struct UniqueIndex {
  std::vector<std::string> columns;
  bool primary = false;
};

struct Table {
  std::string schema;
  std::string name;
  bool partitioned = false;
  bool row_security = false;      // it applies to the session's role
  bool refers_to_itself = false;  // by a foreign key
  std::string oid = {};
  std::vector<TableColumn> columns;
  std::vector<UniqueIndex> unique_indexes;

  std::optional<std::size_t> Find(std::string_view column) const;
};

// Columns that identify a row: those of one unique index. Empty: rows have no identity.
struct Key {
  std::vector<std::size_t> columns;    // of the table, in the index's order
  std::vector<std::size_t> defaulted;  // those of them that the data leaves to their default

  bool Has(std::size_t column) const;
  bool IsDefaulted(std::size_t column) const;
};

enum class TrackRows { kNo, kYes };

// The key of `dataset`: its `key`, or the primary key. A key column that the first record lacks
// takes its default in every record (the tenant_id of a shared table).
// Errors: InvalidSpec when no unique index fits or the dataset needs a key and there is none,
// InvalidData when the data lacks a key column without a default.
Result<Key> ChooseKey(const Table& table, const api::Dataset& dataset, TrackRows track,
                      const Record& first, const std::vector<std::string>& names,
                      const Origin& origin);

// At most three of `names`, those that look most like `name` first.
std::vector<std::string> NearestNames(std::string_view name, std::vector<std::string> names);

}  // namespace tenantry::load
