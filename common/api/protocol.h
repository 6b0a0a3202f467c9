#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/api/data_store.h"
#include "common/api/fixture_set.h"
#include "common/api/tenant.h"
#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/base/secret.h"

// What operator and agent say to each other (HTTP/1.1 + JSON over mutual TLS; docs/protocol.md).
// The JSON of these types is written and read by protocol_codec.h. Secrets are in task specs only,
// never in anything that an agent sends back.
namespace tenantry::api {

inline constexpr int kProtocolVersion = 1;

enum class TaskKind { kProvision, kObserve, kDeprovision, kLoad, kUnload };
const char* ToString(TaskKind kind);
enum class TaskState { kQueued, kRunning, kSucceeded, kFailed, kCancelled };
const char* ToString(TaskState state);
bool IsFinal(TaskState state);

// ---- where things are, with the credentials for it ----

struct PostgresAccess {
  std::string host;
  int port = 5432;
  std::string database;
  SslMode ssl_mode = SslMode::kVerifyFull;
  std::string ca_pem;  // empty: the agent's system roots
  std::string user;
  Secret password;  // empty: the server asks for none
  // Not part of the protocol: what only a command line says.
  std::chrono::seconds connect_timeout{5};  // 0: no limit
  std::string application;                  // empty: what the session is for

  friend bool operator==(const PostgresAccess&, const PostgresAccess&) = default;
};

struct RedisAccess {
  std::string host;
  int port = 6379;
  std::string user;  // empty: "default"
  Secret password;

  friend bool operator==(const RedisAccess&, const RedisAccess&) = default;
};

// ---- Provision, Observe, Deprovision ----

// A role that the tenant's app logs in with. The first of a list is the one in the binding Secret;
// the others stay valid while a rotation overlaps. Logins that the list lacks are closed.
struct Login {
  std::string role;                // "tenant_acme_app" or "tenant_acme_app_2"
  std::optional<Secret> password;  // absent: leave the role's password alone

  friend bool operator==(const Login&, const Login&) = default;
};

struct MigrationFile {
  std::string name;  // "V1__create_tables.sql"
  std::string sql;

  friend bool operator==(const MigrationFile&, const MigrationFile&) = default;
};

// What a tenant shall have. Provision makes it so, Observe compares.
struct TenantStorageSpec {
  PostgresAccess postgres;           // the admin role, in the DataStore's database
  std::optional<RedisAccess> redis;  // the admin user
  std::string owner_uid;             // UID of the Tenant object
  std::string owner;                 // "namespace/name", for messages
  bool adopt = false;                // take over objects that exist and have another owner
  Isolation isolation = Isolation::kSchema;
  std::string template_name;  // built-in template; empty: `migrations`
  std::string schema_name;    // RowLevel: which set of shared tables ("music")
  std::vector<MigrationFile> migrations;
  std::optional<int> version;           // apply up to this one
  std::vector<Login> logins;            // at least one
  std::vector<Secret> redis_passwords;  // all valid ones of the tenant's Redis user
  std::optional<int> connection_limit;  // of each login role; absent: unlimited
  std::string config_json;  // effective configuration: an object with tier, features, …

  friend bool operator==(const TenantStorageSpec&, const TenantStorageSpec&) = default;
};

struct ProvisionResult {
  std::string database;              // where the tenant's tables are
  std::string schema;                // and their schema
  std::string schema_version;        // newest applied; empty: none
  std::string incarnation;           // changes whenever the storage was made anew
  std::vector<std::string> changes;  // what was made or put right, for people; empty: nothing
  Usage usage;

  friend bool operator==(const ProvisionResult&, const ProvisionResult&) = default;
};

struct ObserveResult {
  std::vector<std::string> drift;  // differences from the spec, for people; empty: none
  std::string schema_version;
  std::string incarnation;
  Usage usage;

  friend bool operator==(const ObserveResult&, const ObserveResult&) = default;
};

// Observe without a tenant: can the store be reached, and may its admin do what is needed?
struct StoreSpec {
  PostgresAccess postgres;
  std::optional<RedisAccess> redis;

  friend bool operator==(const StoreSpec&, const StoreSpec&) = default;
};

struct StoreResult {
  std::string postgres_version;
  std::string redis_version;            // empty: no Redis asked for
  std::optional<Error> postgres_error;  // one store's failure does not hide the other
  std::optional<Error> redis_error;

  friend bool operator==(const StoreResult&, const StoreResult&) = default;
};

struct DeprovisionSpec {
  PostgresAccess postgres;
  std::optional<RedisAccess> redis;
  std::string owner_uid;  // only what this owner has is touched
  Isolation isolation = Isolation::kSchema;
  std::string schema_name;                          // RowLevel, as in TenantStorageSpec
  DeletionPolicy policy = DeletionPolicy::kRetain;  // Retain: close the logins, keep the data

  friend bool operator==(const DeprovisionSpec&, const DeprovisionSpec&) = default;
};

struct DeprovisionResult {
  std::vector<std::string> removed;  // for people
  std::vector<std::string> kept;

  friend bool operator==(const DeprovisionResult&, const DeprovisionResult&) = default;
};

// ---- Load, Unload ----

struct LoadDataset {
  Dataset dataset;     // source.inline_text holds the bytes unless it is a volume
  std::string origin;  // for messages: "key albums.csv in ConfigMap acme-files"

  friend bool operator==(const LoadDataset&, const LoadDataset&) = default;
};

struct LoadSpec {
  PostgresAccess postgres;            // the tenant's own login, in the tenant's database
  std::optional<RedisAccess> redis;   // the tenant's own user
  std::string schema;                 // where unqualified tables are
  std::string fixture_set;            // UID of the FixtureSet
  bool track_rows = false;            // remember inserted keys, so that Unload can remove them
  std::vector<LoadDataset> datasets;  // loaded in this order, one transaction each

  friend bool operator==(const LoadSpec&, const LoadSpec&) = default;
};

struct DatasetResult {
  DatasetStatus status;
  bool skipped_by_hash = false;  // these bytes were loaded before: the table was not touched

  friend bool operator==(const DatasetResult&, const DatasetResult&) = default;
};

struct LoadResult {
  std::vector<DatasetResult> datasets;

  friend bool operator==(const LoadResult&, const LoadResult&) = default;
};

struct UnloadSpec {
  PostgresAccess postgres;  // the tenant's own login
  std::optional<RedisAccess> redis;
  std::string schema;
  std::string fixture_set;  // UID

  friend bool operator==(const UnloadSpec&, const UnloadSpec&) = default;
};

struct UnloadResult {
  std::int64_t rows_removed = 0;
  std::int64_t keys_removed = 0;  // in Redis

  friend bool operator==(const UnloadResult&, const UnloadResult&) = default;
};

// ---- the envelope ----

// A task as it is submitted: POST /v1/tasks. `spec_json` is the JSON of the kind's spec.
struct TaskRequest {
  std::string id;  // "<uid>-<generation>-<step>", 1..200 of [A-Za-z0-9._-]
  TaskKind kind = TaskKind::kObserve;
  TenantId tenant;  // empty: the task is about the store
  std::string spec_json;
  std::optional<WallTime> deadline;  // the agent cancels the task then

  friend bool operator==(const TaskRequest&, const TaskRequest&) = default;
};

struct Progress {
  std::int64_t done = 0;
  std::int64_t total = 0;       // 0: unknown
  std::string unit;             // "bytes", "rows", "steps"
  std::int64_t per_second = 0;  // 0: unknown
  std::int64_t rows = 0;        // of a load: read so far
  std::int64_t rows_per_second = 0;

  friend bool operator==(const Progress&, const Progress&) = default;
};

// A task's failure: `error.code`, `error.reason` and `error.message`; retryable is
// kUnavailable, kOutcomeUnknown, kConflict and kCancelled.
bool IsRetryable(ErrorCode code);

// A task as an agent reports it: answer of POST, GET and DELETE, and each line of GET /v1/events.
struct TaskReport {
  std::string id;
  TaskKind kind = TaskKind::kObserve;
  TenantId tenant;
  TaskState state = TaskState::kQueued;
  Progress progress;
  std::string result_json;     // of the kind's result; empty until there is one
  std::optional<Error> error;  // set when kFailed

  friend bool operator==(const TaskReport&, const TaskReport&) = default;
};

struct Capability {
  std::string state;  // "Available" | "Unavailable"
  std::string reason;

  friend bool operator==(const Capability&, const Capability&) = default;
};

// GET /v1/info
struct AgentInfo {
  std::string name;
  std::string version;
  int protocol_version = 0;
  std::map<std::string, Capability> capabilities;  // by task kind: "Provision", "Load", …

  friend bool operator==(const AgentInfo&, const AgentInfo&) = default;
};

// Names that every part agrees on. `id` must be valid (IsValidTenantId).
std::string SchemaName(const TenantId& id, Isolation isolation, const std::string& schema_name);
std::string DatabaseName(const TenantId& id, Isolation isolation,
                         const std::string& store_database);
std::string OwnerRole(const TenantId& id);      // "tenant_acme_owner"
std::string AppRole(const TenantId& id);        // "tenant_acme_app"
std::string SecondAppRole(const TenantId& id);  // "tenant_acme_app_2", used alternately by rotation
std::string ReaderRole(const TenantId& id);     // "tenant_acme_reader"
std::string RedisUser(const TenantId& id);      // "tenant_acme"
std::string RedisPrefix(const TenantId& id);    // "acme:"

}  // namespace tenantry::api
