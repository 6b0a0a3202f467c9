#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/api/protocol.h"
#include "common/base/result.h"

// Pure: which migrations a schema needs.
namespace tenantry::agent {

struct Migration {
  int version = 0;
  std::string name;  // the file's
  std::string sql;
  std::string checksum;  // SHA-256 of `sql`, hex

  friend bool operator==(const Migration&, const Migration&) = default;
};

struct AppliedMigration {
  int version = 0;
  std::string name;
  std::string checksum;

  friend bool operator==(const AppliedMigration&, const AppliedMigration&) = default;
};

// The files in the order of their versions. Names are V<number>__<name>.sql, each number once;
// files above `up_to` are left out, and `up_to` itself must exist. Errors:
// kInvalid/MigrationFailed, naming the file.
Result<std::vector<Migration>> SortMigrations(const std::vector<api::MigrationFile>& files,
                                              std::optional<int> up_to);

// The migrations still to be applied. Forward only: kInvalid/MigrationFailed when an applied one is
// missing, has changed, or when one lies before the newest applied one.
Result<std::vector<Migration>> PendingMigrations(const std::vector<Migration>& wanted,
                                                 const std::vector<AppliedMigration>& applied);

// The line, from 1, of the character at `position` (from 1, in characters of UTF-8); 0 when there
// is no such character.
int LineOf(const std::string& text, std::int64_t position);

}  // namespace tenantry::agent
