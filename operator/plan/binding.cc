#include "operator/plan/binding.h"

#include <set>
#include <utility>

#include "common/api/connection_uri.h"

namespace tenantry::plan {
namespace {

constexpr char kConfigKey[] = "config.json";
constexpr std::size_t kMinPasswordLength = 8;  // shorter ones are damaged or a mistake

Ownership OwnershipOf(const api::Tenant& tenant, const std::string& component) {
  return {.tenant = tenant.meta.name, .tenant_uid = tenant.meta.uid, .component = component};
}

// A value of a Secret, or an empty one.
Secret Value(const std::optional<SecretObject>& secret, const std::string& key) {
  if (!secret) {
    return {};
  }
  const auto found = secret->data.find(key);
  return found == secret->data.end() ? Secret() : found->second;
}

std::map<std::string, std::string> RotationAnnotations(const std::optional<Rotation>& rotation) {
  if (!rotation) {
    return {};
  }
  return {{kRotatedAtAnnotation, FormatTime(rotation->at)},
          {kPreviousUserAnnotation, rotation->previous_username}};
}

}  // namespace

api::Name BindingName(const api::Tenant& tenant) {
  return api::Name(tenant.meta.name.value() + "-connection");
}

api::Name CacheBindingName(const api::Tenant& tenant) {
  return api::Name(tenant.meta.name.value() + "-cache");
}

api::Name ConfigName(const api::Tenant& tenant) {
  return api::Name(tenant.meta.name.value() + "-config");
}

SecretObject DesiredBinding(const api::Tenant& tenant, const BindingTarget& target,
                            const Credentials& credentials,
                            const std::optional<Rotation>& rotation) {
  api::PostgresAccess postgres = target.postgres;
  postgres.user = credentials.username;
  postgres.password = credentials.password;
  const std::string ssl_mode = api::ToLibpq(postgres.ssl_mode);
  const std::string port = std::to_string(postgres.port);
  SecretObject secret{.ns = tenant.meta.ns,
                      .name = BindingName(tenant),
                      .type = "servicebinding.io/postgresql",
                      .data = {{"type", Secret("postgresql")},
                               {"provider", Secret("tenantry")},
                               {"host", Secret(postgres.host)},
                               {"port", Secret(port)},
                               {"database", Secret(postgres.database)},
                               {"schema", Secret(target.schema)},
                               {"sslmode", Secret(ssl_mode)},
                               {"username", Secret(credentials.username)},
                               {"password", credentials.password},
                               {"uri", Secret(api::PostgresUri(postgres))}},
                      .annotations = RotationAnnotations(rotation),
                      .ownership = OwnershipOf(tenant, "binding")};
  if (!postgres.ca_pem.empty()) {
    secret.data.emplace("ca.crt", Secret(postgres.ca_pem));
  }
  return secret;
}

SecretObject DesiredCacheBinding(const api::Tenant& tenant, const BindingTarget& target,
                                 const Credentials& credentials,
                                 const std::optional<Rotation>& rotation) {
  const api::TenantId id = api::EffectiveTenantId(tenant);
  api::RedisAccess redis = *target.redis;
  redis.user = api::RedisUser(id);
  redis.password = credentials.cache_password;
  const std::string port = std::to_string(redis.port);
  SecretObject secret{.ns = tenant.meta.ns,
                      .name = CacheBindingName(tenant),
                      .type = "servicebinding.io/redis",
                      .data = {{"type", Secret("redis")},
                               {"provider", Secret("tenantry")},
                               {"host", Secret(redis.host)},
                               {"port", Secret(port)},
                               {"username", Secret(redis.user)},
                               {"password", credentials.cache_password},
                               {"prefix", Secret(api::RedisPrefix(id))},
                               {"uri", Secret(api::RedisUri(redis))}},
                      .annotations = RotationAnnotations(rotation),
                      .ownership = OwnershipOf(tenant, "cache-binding")};
  if (rotation && !rotation->previous_cache_password.empty()) {
    secret.data.emplace(kPreviousPasswordKey, rotation->previous_cache_password);
  }
  return secret;
}

ConfigMapObject DesiredConfig(const api::Tenant& tenant, const std::string& config_json) {
  return {.ns = tenant.meta.ns,
          .name = ConfigName(tenant),
          .data = {{kConfigKey, config_json}},
          .ownership = OwnershipOf(tenant, "config")};
}

SecretObject OurPart(SecretObject existing) {
  const std::set<std::string> ours = {"type",
                                      "provider",
                                      "host",
                                      "port",
                                      "database",
                                      "schema",
                                      "sslmode",
                                      "username",
                                      "password",
                                      "uri",
                                      "ca.crt",
                                      "prefix",
                                      kPreviousPasswordKey};
  std::erase_if(existing.data, [&](const auto& entry) { return !ours.contains(entry.first); });
  return existing;
}

ConfigMapObject OurPart(ConfigMapObject existing) {
  std::erase_if(existing.data, [](const auto& entry) { return entry.first != kConfigKey; });
  return existing;
}

Credentials CurrentCredentials(const api::TenantId& id, const std::optional<SecretObject>& binding,
                               const std::optional<SecretObject>& cache_binding,
                               const Credentials& fresh) {
  Credentials current{.username = Value(binding, "username").reveal(),
                      .password = Value(binding, "password"),
                      .cache_password = Value(cache_binding, "password")};
  if (current.username != api::AppRole(id) && current.username != api::SecondAppRole(id)) {
    current.username = api::AppRole(id);
  }
  if (current.password.reveal().size() < kMinPasswordLength) {
    current.password = fresh.password;
  }
  if (current.cache_password.reveal().size() < kMinPasswordLength) {
    current.cache_password = fresh.cache_password;
  }
  return current;
}

std::optional<Rotation> CurrentRotation(const std::optional<SecretObject>& binding,
                                        const std::optional<SecretObject>& cache_binding,
                                        WallTime now, std::chrono::seconds overlap) {
  if (!binding) {
    return std::nullopt;
  }
  const auto at = binding->annotations.find(kRotatedAtAnnotation);
  const auto previous = binding->annotations.find(kPreviousUserAnnotation);
  if (at == binding->annotations.end() || previous == binding->annotations.end()) {
    return std::nullopt;
  }
  const std::optional<WallTime> time = ParseTime(at->second);
  if (!time || now >= *time + overlap) {
    return std::nullopt;
  }
  return Rotation{.at = *time,
                  .previous_username = previous->second,
                  .previous_cache_password = Value(cache_binding, kPreviousPasswordKey)};
}

std::string OtherAppRole(const api::TenantId& id, const std::string& username) {
  return username == api::AppRole(id) ? api::SecondAppRole(id) : api::AppRole(id);
}

}  // namespace tenantry::plan
