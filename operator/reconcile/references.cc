#include "operator/reconcile/references.h"

#include "common/api/codec.h"
#include "common/api/reasons.h"
#include "operator/reconcile/manifests.h"

namespace tenantry::reconcile {
namespace {

constexpr std::chrono::seconds kRememberSecrets{2};

Error NotFound(const std::string& kind, const api::ObjectKey& key, const std::string& needed_by,
               const char* reason) {
  return {ErrorCode::kInvalid,
          kind + " " + ToString(key) + ", which " + needed_by +
              " refers to, does not exist. Create it.",
          reason};
}

const std::string* Find(const std::map<std::string, std::string>& data, const std::string& key) {
  const auto found = data.find(key);
  return found == data.end() ? nullptr : &found->second;
}

std::string ValueOr(const plan::SecretObject& secret, const std::string& key) {
  const auto found = secret.data.find(key);
  return found == secret.data.end() ? "" : found->second.reveal();
}

Error MissingKey(const api::ObjectKey& secret, const std::string& key) {
  return {ErrorCode::kInvalid,
          "Secret " + ToString(secret) + " has no key \"" + key + "\". Add it.",
          api::reason::kInvalidSecret};
}

std::string OriginOf(const api::Dataset& dataset) {
  if (dataset.source.inline_text) {
    return "its inline text";
  }
  if (!dataset.source.config_map.empty()) {
    return "key " + dataset.source.config_map_key + " of ConfigMap " + dataset.source.config_map;
  }
  return "file " + dataset.source.volume_path;
}

}  // namespace

Result<std::optional<plan::Existing<plan::SecretObject>>> References::FindSecret(
    const api::Namespace& ns, const api::Name& name) {
  Result<kube::Json> object = kube_.Get(kube::kSecrets, ns, name);
  if (!object && object.error().code == ErrorCode::kNotFound) {
    return std::optional<plan::Existing<plan::SecretObject>>();
  }
  if (!object) {
    return std::move(object).error();
  }
  return std::optional(TRY(DecodeSecret(*object)));
}

Result<std::optional<plan::Existing<plan::ConfigMapObject>>> References::FindConfigMap(
    const api::Namespace& ns, const api::Name& name) {
  Result<kube::Json> object = kube_.Get(kube::kConfigMaps, ns, name);
  if (!object && object.error().code == ErrorCode::kNotFound) {
    return std::optional<plan::Existing<plan::ConfigMapObject>>();
  }
  if (!object) {
    return std::move(object).error();
  }
  return std::optional(TRY(DecodeConfigMap(*object)));
}

Result<plan::Existing<plan::SecretObject>> References::ReadSecret(const api::ObjectKey& key,
                                                                  const std::string& needed_by) {
  {
    const MutexLock lock(mutex_);
    const auto found = remembered_.find(key);
    if (found != remembered_.end() && clock_.Monotonic() < found->second.until) {
      return found->second.secret;
    }
  }
  auto secret = TRY(FindSecret(key.ns, key.name));
  if (!secret) {
    return NotFound("Secret", key, needed_by, api::reason::kSecretNotFound);
  }
  const MutexLock lock(mutex_);
  remembered_.insert_or_assign(key, Remembered{*secret, clock_.Monotonic() + kRememberSecrets});
  return *std::move(secret);
}

void References::Forget(const api::ObjectKey& secret) {
  const MutexLock lock(mutex_);
  remembered_.erase(secret);
}

Result<References::StoreCredentials> References::ReadStore(const api::DataStore& store) {
  const std::string needed_by = "DataStore " + ToString(store.meta.key());
  const api::PostgresEndpoint& postgres = store.spec.postgres;
  const api::ObjectKey admin_key{store.meta.ns, api::Name(postgres.admin_secret)};
  const auto admin = TRY(ReadSecret(admin_key, needed_by));
  StoreCredentials read{
      .access = {.postgres = {.host = postgres.host,
                              .port = postgres.port,
                              .database = postgres.database,
                              .ssl_mode = postgres.ssl_mode,
                              .user = ValueOr(admin.object, "username"),
                              .password = Secret(ValueOr(admin.object, "password"))},
                 .postgres_secret = postgres.admin_secret},
      .versions = admin.resource_version};
  if (read.access.postgres.user.empty() || read.access.postgres.password.empty()) {
    return MissingKey(admin_key, read.access.postgres.user.empty() ? "username" : "password");
  }
  if (!postgres.ca_secret.empty()) {
    const api::ObjectKey ca_key{store.meta.ns, api::Name(postgres.ca_secret)};
    const auto ca = TRY(ReadSecret(ca_key, needed_by));
    read.access.postgres.ca_pem = ValueOr(ca.object, "ca.crt");
    read.versions += "/" + ca.resource_version;
    if (read.access.postgres.ca_pem.empty()) {
      return MissingKey(ca_key, "ca.crt");
    }
  }
  if (store.spec.redis) {
    const api::ObjectKey redis_key{store.meta.ns, api::Name(store.spec.redis->admin_secret)};
    const auto redis = TRY(ReadSecret(redis_key, needed_by));
    read.access.redis = api::RedisAccess{.host = store.spec.redis->host,
                                         .port = store.spec.redis->port,
                                         .user = ValueOr(redis.object, "username"),
                                         .password = Secret(ValueOr(redis.object, "password"))};
    read.access.redis_secret = store.spec.redis->admin_secret;
    read.versions += "/" + redis.resource_version;
    if (read.access.redis->password.empty()) {
      return MissingKey(redis_key, "password");
    }
  }
  return read;
}

Result<std::vector<api::MigrationFile>> References::ReadMigrations(const api::Namespace& ns,
                                                                   const std::string& config_map) {
  const api::ObjectKey key{ns, api::Name(config_map)};
  const auto found = TRY(FindConfigMap(key.ns, key.name));
  if (!found) {
    return NotFound("ConfigMap", key, "spec.schema.configMapRef", api::reason::kConfigMapNotFound);
  }
  std::vector<api::MigrationFile> files;
  for (const auto& [name, sql] : found->object.data) {
    files.push_back({name, sql});
  }
  return files;
}

Result<std::vector<api::LoadDataset>> References::ReadDatasets(const api::FixtureSet& set) {
  std::vector<api::LoadDataset> datasets;
  std::map<std::string, std::map<std::string, std::string>> config_maps;
  for (const api::Dataset& dataset : set.spec.datasets) {
    api::LoadDataset load{.dataset = dataset, .origin = OriginOf(dataset)};
    const std::string& config_map = dataset.source.config_map;
    if (!config_map.empty()) {
      const api::ObjectKey key{set.meta.ns, api::Name(config_map)};
      if (!config_maps.contains(config_map)) {
        const auto found = TRY(FindConfigMap(key.ns, key.name));
        if (!found) {
          return NotFound("ConfigMap", key, "dataset " + dataset.name,
                          api::reason::kConfigMapNotFound);
        }
        config_maps.emplace(config_map, found->object.data);
      }
      const std::string* text = Find(config_maps[config_map], dataset.source.config_map_key);
      if (text == nullptr) {
        return Error{ErrorCode::kInvalid,
                     "ConfigMap " + ToString(key) + " has no key \"" +
                         dataset.source.config_map_key + "\", which dataset " + dataset.name +
                         " refers to. Add it, or correct configMapRef.key.",
                     api::reason::kSourceNotFound};
      }
      load.dataset.source.inline_text = *text;
      load.dataset.source.config_map.clear();
      load.dataset.source.config_map_key.clear();
    }
    datasets.push_back(std::move(load));
  }
  return datasets;
}

Result<std::map<std::string, std::string>> References::ReadNamespaceLabels(
    const api::Namespace& ns) {
  const kube::Json object = TRY(kube_.Get(kube::kNamespaces, {}, api::Name(ns.value())));
  return TRY(api::DecodeObjectMeta(object)).labels;
}

}  // namespace tenantry::reconcile
