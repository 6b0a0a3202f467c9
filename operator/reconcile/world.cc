#include "operator/reconcile/world.h"

#include <tuple>

namespace tenantry::reconcile {
namespace {

constexpr int kAgentPort = 8443;  // of the control API, in every agent Pod

std::pair<api::ObjectKey, std::string> IdKey(const api::Tenant& tenant) {
  return {StoreKey(tenant), api::EffectiveTenantId(tenant).value()};
}

template <class Index, class Key>
void Erase(Index* index, const Key& key, const api::ObjectKey& tenant) {
  const auto found = index->find(key);
  if (found == index->end()) {
    return;
  }
  found->second.erase(tenant);
  if (found->second.empty()) {
    index->erase(found);
  }
}

std::string HostForUrl(const std::string& ip) {
  return ip.find(':') == std::string::npos ? ip : "[" + ip + "]";
}

// Who claimed first: the one that is provisioned, then the older one.
auto ClaimRank(const api::Tenant& tenant) {
  return std::make_tuple(tenant.status.provisioned_hash.empty(), tenant.meta.creation_timestamp,
                         tenant.meta.uid);
}

}  // namespace

api::ObjectKey StoreKey(const api::Tenant& tenant) {
  const api::Namespace& named = tenant.spec.data_store_namespace;
  return {named.empty() ? tenant.meta.ns : named, tenant.spec.data_store};
}

void TenantIndex::Update(const ObjectCache<api::Tenant>::Change& change) {
  const MutexLock lock(mutex_);
  if (change.before) {
    Erase(&by_store_, StoreKey(*change.before), change.before->meta.key());
    Erase(&by_id_, IdKey(*change.before), change.before->meta.key());
  }
  if (change.after) {
    by_store_[StoreKey(*change.after)].insert(change.after->meta.key());
    by_id_[IdKey(*change.after)].insert(change.after->meta.key());
  }
}

std::vector<api::ObjectKey> TenantIndex::OfStore(const api::ObjectKey& store) const {
  const MutexLock lock(mutex_);
  const auto found = by_store_.find(store);
  return found == by_store_.end()
             ? std::vector<api::ObjectKey>()
             : std::vector<api::ObjectKey>(found->second.begin(), found->second.end());
}

std::int64_t TenantIndex::CountOfStore(const api::ObjectKey& store) const {
  const MutexLock lock(mutex_);
  const auto found = by_store_.find(store);
  return found == by_store_.end() ? 0 : static_cast<std::int64_t>(found->second.size());
}

std::vector<api::ObjectKey> TenantIndex::Claimants(const api::ObjectKey& store,
                                                   const api::TenantId& id) const {
  const MutexLock lock(mutex_);
  const auto found = by_id_.find({store, id.value()});
  return found == by_id_.end()
             ? std::vector<api::ObjectKey>()
             : std::vector<api::ObjectKey>(found->second.begin(), found->second.end());
}

std::vector<plan::AgentCandidate> AgentsOf(const World& world, const api::DataStore& store) {
  std::vector<plan::AgentCandidate> candidates;
  for (const std::string& endpoint : store.spec.agent_endpoints) {
    const std::size_t scheme = endpoint.find("://");
    candidates.push_back(
        {.name = scheme == std::string::npos ? endpoint : endpoint.substr(scheme + 3),
         .url = endpoint,
         .bound_tenant = ""});
  }
  const auto pods = world.agents.Select([&](const AgentPod& pod) {
    const auto label = pod.meta.labels.find(api::kAgentLabel);
    return pod.ready && !pod.ip.empty() && !pod.meta.deleting() && pod.meta.ns == store.meta.ns &&
           label != pod.meta.labels.end() && label->second == store.meta.name.value();
  });
  for (const auto& pod : pods) {
    const auto tenant = pod->meta.labels.find(api::kTenantLabel);
    candidates.push_back(
        {.name = pod->meta.name.value(),
         .url = "https://" + HostForUrl(pod->ip) + ":" + std::to_string(kAgentPort),
         .bound_tenant = tenant == pod->meta.labels.end() ? "" : tenant->second});
  }
  return candidates;
}

std::optional<api::ObjectKey> RivalOf(const World& world, const api::Tenant& tenant) {
  for (const api::ObjectKey& key :
       world.tenant_index.Claimants(StoreKey(tenant), api::EffectiveTenantId(tenant))) {
    const auto other = world.tenants.Get(key);
    if (other && other->meta.uid != tenant.meta.uid && ClaimRank(*other) < ClaimRank(tenant)) {
      return key;
    }
  }
  return std::nullopt;
}

}  // namespace tenantry::reconcile
