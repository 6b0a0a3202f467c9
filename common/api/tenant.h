#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/api/meta.h"
#include "common/base/packed_text.h"
#include "common/base/shared_text.h"

namespace tenantry::api {

enum class Isolation { kSchema, kDatabase, kRowLevel };
const char* ToString(Isolation isolation);

enum class DeletionPolicy { kRetain, kDelete };

// Quotas; absent: unlimited, or the tier's.
struct Limits {
  std::optional<std::int64_t> api_calls;  // limits.apiCalls, per hour; published to the app
  std::optional<std::string> storage;     // limits.storage, a quantity ("100Gi"); measured
  std::optional<int> connections;         // limits.connections; enforced by the database role

  friend bool operator==(const Limits&, const Limits&) = default;
};

// Exactly one of the two is set, or neither: then there are no tables but the user's own.
struct SchemaSource {
  std::string template_name;   // schema.template: "Music"
  std::string config_map;      // schema.configMapRef.name: keys V1__name.sql, V2__…
  std::optional<int> version;  // schema.version: apply up to this one; absent: the newest

  friend bool operator==(const SchemaSource&, const SchemaSource&) = default;
};

struct TenantSpec {
  std::string display_name;
  TenantId tenant_id;  // tenantID; empty: metadata.name (see EffectiveTenantId)
  SharedText tier = "Standard";
  std::string admin_email;
  Name data_store;                 // dataStoreRef.name
  Namespace data_store_namespace;  // dataStoreRef.namespace; empty: the Tenant's own
  Isolation isolation = Isolation::kSchema;
  SchemaSource schema;
  PackedText config_json;  // config: any JSON object as text; empty: none
  std::vector<SharedText> features;
  Limits limits;
  DeletionPolicy deletion_policy = DeletionPolicy::kRetain;
  bool suspend = false;

  friend bool operator==(const TenantSpec&, const TenantSpec&) = default;
};

struct Usage {
  std::optional<std::int64_t> storage_bytes;
  std::optional<std::int64_t> rows;
  std::optional<std::int64_t> connections;  // open now

  friend bool operator==(const Usage&, const Usage&) = default;
};

struct TenantStatus {
  std::int64_t observed_generation = -1;
  std::vector<Condition> conditions;
  std::string tenant_id;       // tenantID as used, for printing
  std::string binding;         // binding.name: the Secret with the PostgreSQL connection
  std::string cache_binding;   // cacheBinding.name: the Secret with the Redis connection
  std::string schema_version;  // newest applied migration; empty: none
  std::string storage_size;    // usage as people read it: "48Mi"
  Usage usage;
  std::string agent_name;  // agent.name, agent.version: who did the last task
  std::string agent_version;
  std::string provisioned_hash;           // of everything the last successful Provision was given
  std::string incarnation;                // changes whenever the tenant's storage was made anew
  std::string last_handled_reconcile_at;  // echo of tenantry.dev/requestedAt
  std::string last_handled_rotation;      // echo of tenantry.dev/rotate-credentials

  friend bool operator==(const TenantStatus&, const TenantStatus&) = default;
};

struct Tenant {
  ObjectMeta meta;
  TenantSpec spec;
  TenantStatus status;

  friend bool operator==(const Tenant&, const Tenant&) = default;
};

// spec.tenantID, or metadata.name with '-' as '_' when that is not given.
TenantId EffectiveTenantId(const Tenant& tenant);
// A name for the shared tables of RowLevel tenants that use the same schema.
std::string SharedSchemaName(const SchemaSource& schema);
// Checks ^[a-z][a-z0-9_]{0,39}$.
bool IsValidTenantId(const TenantId& id);

}  // namespace tenantry::api
