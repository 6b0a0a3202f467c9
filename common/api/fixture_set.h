#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/api/meta.h"

namespace tenantry::api {

enum class Format { kAuto, kJson, kNdjson, kCsv };
const char* ToString(Format format);
// What to do with a record whose key is there already, in the table or earlier in the data.
enum class Conflict {
  kError,       // the record is refused
  kSkip,        // the old row stays
  kUpdate,      // the columns of the record are written, if one of them differs
  kReplace,     // the old row is deleted, and the record inserted as a new one
  kMerge,       // like kUpdate, but NULLs write nothing, and jsonb objects are merged
  kKeepNewest,  // the one with the greater value in the cursor column wins
  kKeepOldest,  // the one with the smaller value wins
};
const char* ToString(Conflict conflict);
bool ComparesCursor(Conflict conflict);  // kKeepNewest, kKeepOldest
bool IsForRedis(Conflict conflict);      // a key has no columns to merge or compare
enum class UnloadPolicy { kRetain, kUnload };
// What becomes of columns of the data that the table lacks.
enum class UnknownColumns {
  kError,
  kIgnore,   // they are left out
  kCollect,  // they go into a jsonb column
};
enum class CsvHeader { kAuto, kPresent, kAbsent };

// Exactly one of the three is set.
struct DatasetSource {
  std::optional<std::string> inline_text;  // inline: the file's text
  std::string config_map;                  // configMapRef.name, configMapRef.key
  std::string config_map_key;
  std::string volume_path;  // volume.path, below the agent's --fixtures-dir

  friend bool operator==(const DatasetSource&, const DatasetSource&) = default;
};

enum class RedisType { kString, kHash };

struct RedisTargetSpec {
  std::string key_template;                 // "user:{user_id}"; below the tenant's prefix
  RedisType type = RedisType::kHash;        // String: the record as JSON; Hash: a field per column
  std::optional<std::chrono::seconds> ttl;  // absent: no expiry

  friend bool operator==(const RedisTargetSpec&, const RedisTargetSpec&) = default;
};

// Exactly one of the two is set.
struct DatasetTarget {
  std::string table;
  std::optional<RedisTargetSpec> redis;

  friend bool operator==(const DatasetTarget&, const DatasetTarget&) = default;
};

// How CSV is written, as far as it shall not be found out.
struct CsvSpec {
  std::string delimiter;                // one character or several
  std::string quote;                    // one character
  std::string comment;                  // one character: lines that begin with it are none
  CsvHeader header = CsvHeader::kAuto;  // the first row names the columns
  std::vector<std::string> nulls;       // texts that mean NULL, beside nothing at all

  friend bool operator==(const CsvSpec&, const CsvSpec&) = default;
};

struct Dataset {
  std::string name;
  DatasetSource source;
  Format format = Format::kAuto;
  std::string json_path;  // "/data/users" (RFC 6901): where the array of records is
  std::optional<CsvSpec> csv;
  DatasetTarget target;
  std::vector<std::string> key;  // columns; empty: the table's primary key
  Conflict conflict = Conflict::kError;
  std::string cursor;  // column that kKeepNewest and kKeepOldest compare
  UnknownColumns unknown_columns = UnknownColumns::kError;
  std::string collect_into;   // jsonb column of kCollect
  std::string mapping;        // JSON: what becomes of the columns (docs/mapping.md); empty: nothing
  bool create_table = false;  // with columns and types of the data, when there is no such table
  std::string max_rejects;    // records that may be refused: "100" or "1%"; empty: none
  bool incremental = false;   // parts of the source that the last load wrote are passed over

  friend bool operator==(const Dataset&, const Dataset&) = default;
};

struct FixtureSetSpec {
  std::string tenant;                                               // tenantRef.name, or:
  std::optional<std::map<std::string, std::string>> tenant_labels;  // tenantSelector.matchLabels
  std::vector<Dataset> datasets;
  UnloadPolicy deletion_policy = UnloadPolicy::kRetain;
  bool suspend = false;

  friend bool operator==(const FixtureSetSpec&, const FixtureSetSpec&) = default;
};

// Invariant: read == inserted + updated + unchanged + skipped + rejected.
struct Counters {
  std::int64_t read = 0;
  std::int64_t inserted = 0;
  std::int64_t updated = 0;
  std::int64_t unchanged = 0;
  std::int64_t skipped = 0;
  std::int64_t rejected = 0;

  Counters& operator+=(const Counters& other);
  friend bool operator==(const Counters&, const Counters&) = default;
};

// One dataset, summed over the tenants that are loaded.
struct DatasetStatus {
  std::string name;
  Counters counters;
  std::int64_t bytes = 0;            // of the source, read
  std::int64_t rows_per_second = 0;  // of the last load that touched the table; 0: unknown
  std::string checksum;              // SHA-256 of the source's bytes, hex
  std::vector<std::string> rejects;  // why records were refused, the most frequent first

  friend bool operator==(const DatasetStatus&, const DatasetStatus&) = default;
};

// One tenant that the set covers. `loaded_hash` names everything the load depended on.
struct FixtureTenantStatus {
  std::string name;         // of the Tenant
  std::string loaded_hash;  // empty: not loaded yet
  std::string message;      // why it is not loaded; empty when it is
  std::vector<DatasetStatus> datasets;

  friend bool operator==(const FixtureTenantStatus&, const FixtureTenantStatus&) = default;
};

struct FixtureSetStatus {
  std::int64_t observed_generation = -1;
  std::vector<Condition> conditions;
  std::vector<FixtureTenantStatus> tenants;
  std::vector<DatasetStatus> datasets;
  std::string tenants_ready;  // "41/42"
  std::string progress;       // "98%"
  std::int64_t rows = 0;      // read, over all tenants
  std::int64_t rejected = 0;
  std::string last_handled_reconcile_at;

  friend bool operator==(const FixtureSetStatus&, const FixtureSetStatus&) = default;
};

struct FixtureSet {
  ObjectMeta meta;
  FixtureSetSpec spec;
  FixtureSetStatus status;

  friend bool operator==(const FixtureSet&, const FixtureSet&) = default;
};

}  // namespace tenantry::api
