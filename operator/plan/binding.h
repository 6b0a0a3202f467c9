#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "common/api/protocol.h"
#include "common/api/tenant.h"
#include "common/base/clock.h"
#include "operator/plan/objects.h"

// The connection Secrets that a Tenant's apps use, after the Service Binding specification 1.0
// (well-known keys host, port, database, username, password, uri), and their rotation.
namespace tenantry::plan {

// In the binding Secrets: since when the present credentials are published, and which login the
// previous ones used. They overlap for a while, so that no app ever holds only dead credentials.
inline constexpr char kRotatedAtAnnotation[] = "tenantry.dev/rotated-at";
inline constexpr char kPreviousUserAnnotation[] = "tenantry.dev/previous-username";
inline constexpr char kPreviousPasswordKey[] = "previous-password";  // of the cache binding only

// What an app needs to log in as.
struct Credentials {
  std::string username;  // PostgreSQL role
  Secret password;
  Secret cache_password;  // of the Redis user; empty: the DataStore has no Redis

  friend bool operator==(const Credentials&, const Credentials&) = default;
};

// A finished or running rotation, as the binding Secrets tell it.
struct Rotation {
  WallTime at;
  std::string previous_username;
  Secret previous_cache_password;

  friend bool operator==(const Rotation&, const Rotation&) = default;
};

// Where the tenant's data is, without credentials.
struct BindingTarget {
  api::PostgresAccess postgres;  // user and password are not looked at
  std::string schema;
  std::optional<api::RedisAccess> redis;  // user and password are not looked at
};

api::Name BindingName(const api::Tenant& tenant);       // "<name>-connection"
api::Name CacheBindingName(const api::Tenant& tenant);  // "<name>-cache"
api::Name ConfigName(const api::Tenant& tenant);        // "<name>-config"

SecretObject DesiredBinding(const api::Tenant& tenant, const BindingTarget& target,
                            const Credentials& credentials,
                            const std::optional<Rotation>& rotation);
// `target.redis` must be set.
SecretObject DesiredCacheBinding(const api::Tenant& tenant, const BindingTarget& target,
                                 const Credentials& credentials,
                                 const std::optional<Rotation>& rotation);
ConfigMapObject DesiredConfig(const api::Tenant& tenant, const std::string& config_json);

// The part of an existing object that we write; keys that somebody added stay his.
SecretObject OurPart(SecretObject existing);
ConfigMapObject OurPart(ConfigMapObject existing);

// The credentials that existing Secrets hold; a missing, foreign or damaged part takes its place
// from `fresh`. The username must be one of the tenant's two app roles.
Credentials CurrentCredentials(const api::TenantId& id, const std::optional<SecretObject>& binding,
                               const std::optional<SecretObject>& cache_binding,
                               const Credentials& fresh);
// The rotation whose overlap is not over at `now`.
std::optional<Rotation> CurrentRotation(const std::optional<SecretObject>& binding,
                                        const std::optional<SecretObject>& cache_binding,
                                        WallTime now, std::chrono::seconds overlap);
// The app role that is not `username`.
std::string OtherAppRole(const api::TenantId& id, const std::string& username);

}  // namespace tenantry::plan
