#include "operator/reconcile/cache_bytes.h"

#include <string>
#include <type_traits>

namespace tenantry::reconcile {
namespace {

// A node of a std::map has its links beside the value.
constexpr std::size_t kNodeBytes = 4 * sizeof(void*);

// Everything that a value holds outside of itself.
std::size_t Held(const std::string& text) {
  static const std::size_t inside = std::string().capacity();
  return text.capacity() > inside ? text.capacity() + 1 : 0;
}

template <class Tag>
std::size_t Held(const StrongId<Tag>& id) {
  return Held(id.value());
}

std::size_t Held(const std::map<std::string, std::string>& texts) {
  std::size_t bytes = 0;
  for (const auto& [key, value] : texts) {
    bytes += kNodeBytes + 2 * sizeof(std::string) + Held(key) + Held(value);
  }
  return bytes;
}

template <class T>
std::size_t Held(const std::optional<T>& value) {
  return value ? Held(*value) : 0;
}

std::size_t Held(const SharedText& /*text*/) { return 0; }
std::size_t Held(const api::Condition& /*condition*/) { return 0; }  // shared texts

std::size_t Held(const PackedText& text) {
  return text.empty() ? 0 : sizeof(std::string) + text.packed_size();
}

std::size_t Held(const api::DatasetStatus& status) {
  return Held(status.name) + Held(status.checksum);
}

template <class T>
std::size_t Held(const std::vector<T>& values);

std::size_t Held(const api::FixtureTenantStatus& status) {
  return Held(status.name) + Held(status.loaded_hash) + Held(status.message) +
         Held(status.datasets);
}

std::size_t Held(const api::Dataset& dataset) {
  const api::DatasetSource& source = dataset.source;
  return Held(dataset.name) + Held(source.inline_text) + Held(source.config_map) +
         Held(source.config_map_key) + Held(source.volume_path) + Held(dataset.target.table) +
         (dataset.target.redis ? Held(dataset.target.redis->key_template) : 0) + Held(dataset.key) +
         Held(dataset.cursor);
}

template <class T>
std::size_t Held(const std::vector<T>& values) {
  std::size_t bytes = values.capacity() * sizeof(T);
  for (const T& value : values) {
    bytes += Held(value);
  }
  return bytes;
}

template <class... T>
std::size_t AllHeld(const T&... values) {
  return (Held(values) + ... + 0);
}

std::size_t Held(const api::ObjectMeta& meta) {
  return AllHeld(meta.ns, meta.name, meta.uid, meta.resource_version, meta.creation_timestamp,
                 meta.deletion_timestamp, meta.labels, meta.annotations, meta.finalizers);
}

// With its place in the cache.
template <class T>
std::size_t Own(const T& object) {
  return sizeof(T) + kNodeBytes + sizeof(api::ObjectKey) + sizeof(std::shared_ptr<const T>) +
         Held(object.meta.ns) + Held(object.meta.name) + Held(object.meta);
}

template <class T>
std::size_t Sum(const ObjectCache<T>& cache) {
  std::size_t bytes = 0;
  cache.ForEach([&bytes](const T& object) { bytes += BytesOf(object); });
  return bytes;
}

}  // namespace

std::size_t BytesOf(const api::DataStore& store) {
  const api::DataStoreSpec& spec = store.spec;
  const api::DataStoreStatus& status = store.status;
  return Own(store) +
         AllHeld(spec.postgres.host, spec.postgres.database, spec.postgres.admin_secret,
                 spec.postgres.ca_secret, spec.agent_endpoints, spec.allowed_labels,
                 status.conditions, status.postgres_version, status.redis_version,
                 status.last_handled_reconcile_at) +
         (spec.redis ? AllHeld(spec.redis->host, spec.redis->admin_secret) : 0);
}

std::size_t BytesOf(const api::Tenant& tenant) {
  const api::TenantSpec& spec = tenant.spec;
  const api::TenantStatus& status = tenant.status;
  return Own(tenant) +
         AllHeld(spec.display_name, spec.tenant_id, spec.admin_email, spec.data_store,
                 spec.data_store_namespace, spec.schema.template_name, spec.schema.config_map,
                 spec.config_json, spec.features, spec.limits.storage) +
         AllHeld(status.conditions, status.tenant_id, status.binding, status.cache_binding,
                 status.schema_version, status.storage_size, status.agent_name,
                 status.agent_version, status.provisioned_hash, status.incarnation,
                 status.last_handled_reconcile_at, status.last_handled_rotation);
}

std::size_t BytesOf(const api::FixtureSet& set) {
  return Own(set) + AllHeld(set.spec.tenant, set.spec.tenant_labels, set.spec.datasets,
                            set.status.conditions, set.status.tenants, set.status.datasets,
                            set.status.tenants_ready, set.status.progress,
                            set.status.last_handled_reconcile_at);
}

std::size_t BytesOf(const AgentPod& pod) { return Own(pod) + Held(pod.ip); }

void AddCacheGauges(telemetry::Registry& registry, const World& world,
                    const ReferenceIndex& index) {
  registry.AddComputedGauge(
      "tenantry_cache_bytes",
      "Memory of the objects that the operator keeps, without texts that they share",
      [&world, &index](const telemetry::Registry::Emit& emit) {
        const auto add = [&emit](const char* kind, std::size_t bytes) {
          emit({{"kind", kind}}, static_cast<double>(bytes));
        };
        add("DataStore", Sum(world.stores));
        add("Tenant", Sum(world.tenants));
        add("FixtureSet", Sum(world.fixture_sets));
        add("Pod", Sum(world.agents));
        add("Secret", index.Bytes(Reference::kSecret));
        add("ConfigMap", index.Bytes(Reference::kConfigMap));
      });
}

}  // namespace tenantry::reconcile
