#include "operator/reconcile/references.h"

#include "common/api/codec.h"
#include "common/api/reasons.h"
#include "operator/reconcile/manifests.h"

namespace tenantry::reconcile {
namespace {

// A watched object is given out no longer than its watch knows nothing newer; this bounds the
// memory that it takes. Of the others nobody tells when they change.
constexpr std::chrono::seconds kRememberWatched{30};
constexpr std::chrono::seconds kRememberOthers{2};

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

References::Found<plan::SecretObject> References::GetSecret(const api::ObjectKey& key) {
  Result<kube::Json> object = kube_.Get(kube::kSecrets, key.ns, key.name);
  if (!object && object.error().code == ErrorCode::kNotFound) {
    return std::optional<Secret>();
  }
  if (!object) {
    return std::move(object).error();
  }
  return std::optional(TRY(DecodeSecret(*object)));
}

References::Found<plan::ConfigMapObject> References::GetConfigMap(const api::ObjectKey& key) {
  Result<kube::Json> object = kube_.Get(kube::kConfigMaps, key.ns, key.name);
  if (!object && object.error().code == ErrorCode::kNotFound) {
    return std::optional<ConfigMap>();
  }
  if (!object) {
    return std::move(object).error();
  }
  return std::optional(TRY(DecodeConfigMap(*object)));
}

template <class Object>
References::Found<Object> References::FindOwn(
    Reference reference, const api::ObjectKey& key, ContentCache<Object>& cache,
    Found<Object> (References::*get)(const api::ObjectKey&)) {
  const auto newest = index_.VersionOf(reference, key);
  if (!newest && !IsForeign(reference, key)) {
    return std::optional<plan::Existing<Object>>();
  }
  const MonotonicTime now = clock_.Monotonic();
  if (auto remembered = cache.Find(key, newest, now); remembered && newest) {
    return remembered;
  }
  auto found = TRY((this->*get)(key));
  if (found && newest) {
    cache.Put(key, *found, now, now + kRememberWatched);
  }
  return found;
}

Result<std::optional<References::Secret>> References::FindOwnSecret(const api::ObjectKey& key) {
  return FindOwn(Reference::kSecret, key, secrets_, &References::GetSecret);
}

Result<std::optional<References::ConfigMap>> References::FindOwnConfigMap(
    const api::ObjectKey& key) {
  return FindOwn(Reference::kConfigMap, key, config_maps_, &References::GetConfigMap);
}

void References::Written(const api::ObjectMeta& meta, const Secret& secret,
                         ReferenceIndex::Mark mark) {
  if (index_.Written(Reference::kSecret, meta, mark)) {
    const MonotonicTime now = clock_.Monotonic();
    secrets_.Put(meta.key(), secret, now, now + kRememberWatched);
  }
}

void References::Written(const api::ObjectMeta& meta, const ConfigMap& map,
                         ReferenceIndex::Mark mark) {
  if (index_.Written(Reference::kConfigMap, meta, mark)) {
    const MonotonicTime now = clock_.Monotonic();
    config_maps_.Put(meta.key(), map, now, now + kRememberWatched);
  }
}

void References::FoundForeign(Reference reference, const api::ObjectKey& key) {
  const MutexLock lock(mutex_);
  foreign_.emplace(reference, key);
}

bool References::IsForeign(Reference reference, const api::ObjectKey& key) {
  const MutexLock lock(mutex_);
  return foreign_.contains({reference, key});
}

Result<References::Secret> References::ReadSecret(const api::ObjectKey& key,
                                                  const std::string& needed_by) {
  const MonotonicTime now = clock_.Monotonic();
  const auto newest = index_.VersionOf(Reference::kSecret, key);
  if (auto remembered = secrets_.Find(key, newest, now)) {
    return *std::move(remembered);
  }
  auto secret = TRY(GetSecret(key));
  if (!secret) {
    return NotFound("Secret", key, needed_by, api::reason::kSecretNotFound);
  }
  secrets_.Put(key, *secret, now, now + (newest ? kRememberWatched : kRememberOthers));
  return *std::move(secret);
}

void References::Forget(Reference reference, const api::ObjectKey& key) {
  if (reference == Reference::kSecret) {
    secrets_.Forget(key);
  } else {
    config_maps_.Forget(key);
  }
  const MutexLock lock(mutex_);
  foreign_.erase({reference, key});
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
                              .password = tenantry::Secret(ValueOr(admin.object, "password"))},
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
    read.access.redis =
        api::RedisAccess{.host = store.spec.redis->host,
                         .port = store.spec.redis->port,
                         .user = ValueOr(redis.object, "username"),
                         .password = tenantry::Secret(ValueOr(redis.object, "password"))};
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
  const auto found = TRY(GetConfigMap(key));
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
        const auto found = TRY(GetConfigMap(key));
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
