#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/api/meta.h"

namespace tenantry::api {

enum class SslMode { kDisable, kPrefer, kRequire, kVerifyCa, kVerifyFull };
const char* ToString(SslMode mode);  // as in a CR: "VerifyFull"
const char* ToLibpq(SslMode mode);   // as in libpq: "verify-full"

struct PostgresEndpoint {
  std::string host;
  int port = 5432;                    // 1..65535
  std::string database = "postgres";  // home of Schema and RowLevel tenants and of the catalogue
  SslMode ssl_mode = SslMode::kVerifyFull;
  std::string admin_secret;  // adminSecretRef.name: keys username, password
  std::string ca_secret;     // caSecretRef.name: key ca.crt; empty: the agent's system roots

  friend bool operator==(const PostgresEndpoint&, const PostgresEndpoint&) = default;
};

struct RedisEndpoint {
  std::string host;
  int port = 6379;           // 1..65535
  std::string admin_secret;  // adminSecretRef.name: keys username (optional), password

  friend bool operator==(const RedisEndpoint&, const RedisEndpoint&) = default;
};

enum class AllowedNamespaces { kSame, kAll, kSelector };

struct DataStoreSpec {
  PostgresEndpoint postgres;
  std::optional<RedisEndpoint> redis;
  std::vector<std::string> agent_endpoints;  // agents.endpoints[]: https://host:port
  AllowedNamespaces allowed_from = AllowedNamespaces::kSame;  // allowedNamespaces.from
  std::map<std::string, std::string> allowed_labels;  // allowedNamespaces.selector.matchLabels

  friend bool operator==(const DataStoreSpec&, const DataStoreSpec&) = default;
};

struct DataStoreStatus {
  std::int64_t observed_generation = -1;
  std::vector<Condition> conditions;
  std::string postgres_version;  // "15.18"; empty: unknown
  std::string redis_version;
  std::int64_t tenants = 0;  // Tenants that refer to this DataStore
  std::int64_t agents_ready = 0;
  std::string last_handled_reconcile_at;  // echo of tenantry.dev/requestedAt

  friend bool operator==(const DataStoreStatus&, const DataStoreStatus&) = default;
};

struct DataStore {
  ObjectMeta meta;
  DataStoreSpec spec;
  DataStoreStatus status;

  friend bool operator==(const DataStore&, const DataStore&) = default;
};

}  // namespace tenantry::api
