#include "operator/reconcile/world.h"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "operator/plan/fixture_plan.h"

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

// The one that a FixtureSet without a selector covers.
api::ObjectKey NamedTenant(const api::FixtureSet& set) {
  return {set.meta.ns, api::Name(set.spec.tenant)};
}

std::string HostForUrl(const std::string& ip) {
  return ip.find(':') == std::string::npos ? ip : "[" + ip + "]";
}

// Who claimed first: the one that is provisioned, then the older one. Of two of the same second
// neither: the database decides, which gives the ID to the first that asks.
auto ClaimRank(const api::Tenant& tenant) {
  return std::make_tuple(tenant.status.provisioned_hash.empty(), tenant.meta.creation_timestamp);
}

}  // namespace

api::ObjectKey StoreKey(const api::Tenant& tenant) {
  const api::Namespace& named = tenant.spec.data_store_namespace;
  return {named.empty() ? tenant.meta.ns : named, tenant.spec.data_store};
}

void TenantIndex::Update(const ObjectCache<api::Tenant>::Change& change) {
  if (change.before && change.after && IdKey(*change.before) == IdKey(*change.after)) {
    return;
  }
  const MutexLock lock(mutex_);
  if (change.before) {
    Remove(*change.before);
  }
  if (change.after) {
    stores_[StoreKey(*change.after)].emplace(api::EffectiveTenantId(*change.after).value(),
                                             change.after->meta.key());
  }
}

void TenantIndex::Remove(const api::Tenant& tenant) {
  const auto store = stores_.find(StoreKey(tenant));
  if (store == stores_.end()) {
    return;
  }
  TenantsById& tenants = store->second;
  const auto [begin, end] = tenants.equal_range(api::EffectiveTenantId(tenant).value());
  const auto found = std::find_if(
      begin, end, [&](const auto& entry) { return entry.second == tenant.meta.key(); });
  if (found != end) {
    tenants.erase(found);
  }
  if (tenants.empty()) {
    stores_.erase(store);
  }
}

std::vector<api::ObjectKey> TenantIndex::OfStore(const api::ObjectKey& store) const {
  std::vector<api::ObjectKey> keys;
  const MutexLock lock(mutex_);
  if (const auto found = stores_.find(store); found != stores_.end()) {
    for (const auto& [id, key] : found->second) {
      keys.push_back(key);
    }
  }
  return keys;
}

std::int64_t TenantIndex::CountOfStore(const api::ObjectKey& store) const {
  const MutexLock lock(mutex_);
  const auto found = stores_.find(store);
  return found == stores_.end() ? 0 : static_cast<std::int64_t>(found->second.size());
}

std::vector<api::ObjectKey> TenantIndex::Claimants(const api::ObjectKey& store,
                                                   const api::TenantId& id) const {
  std::vector<api::ObjectKey> keys;
  const MutexLock lock(mutex_);
  if (const auto found = stores_.find(store); found != stores_.end()) {
    const auto [begin, end] = found->second.equal_range(id.value());
    std::transform(begin, end, std::back_inserter(keys),
                   [](const auto& entry) { return entry.second; });
  }
  return keys;
}

void FixtureIndex::Update(const ObjectCache<api::FixtureSet>::Change& change) {
  const MutexLock lock(mutex_);
  if (change.before) {
    const api::ObjectMeta& meta = change.before->meta;
    Erase(&by_tenant_, NamedTenant(*change.before), meta.key());
    Erase(&selecting_, meta.ns, meta.key());
  }
  if (change.after) {
    const api::ObjectMeta& meta = change.after->meta;
    if (change.after->spec.tenant_labels) {
      selecting_[meta.ns].insert(meta.key());
    } else {
      by_tenant_[NamedTenant(*change.after)].insert(meta.key());
    }
  }
}

std::vector<api::ObjectKey> FixtureIndex::CandidatesFor(const api::ObjectKey& tenant) const {
  std::vector<api::ObjectKey> candidates;
  const MutexLock lock(mutex_);
  if (const auto named = by_tenant_.find(tenant); named != by_tenant_.end()) {
    candidates.assign(named->second.begin(), named->second.end());
  }
  if (const auto selecting = selecting_.find(tenant.ns); selecting != selecting_.end()) {
    candidates.insert(candidates.end(), selecting->second.begin(), selecting->second.end());
  }
  return candidates;
}

std::vector<ObjectCache<api::Tenant>::Pointer> TenantsOf(const World& world,
                                                         const api::FixtureSet& set) {
  if (!set.spec.tenant_labels) {
    auto tenant = world.tenants.Get(NamedTenant(set));
    return tenant ? std::vector{std::move(tenant)}
                  : std::vector<ObjectCache<api::Tenant>::Pointer>();
  }
  return world.tenants.SelectIn(
      set.meta.ns, [&](const api::Tenant& tenant) { return plan::Covers(set.spec, tenant.meta); });
}

std::vector<ObjectCache<api::FixtureSet>::Pointer> SetsOf(const World& world,
                                                          const api::ObjectMeta& tenant) {
  std::vector<ObjectCache<api::FixtureSet>::Pointer> sets;
  for (const api::ObjectKey& key : world.fixture_index.CandidatesFor(tenant.key())) {
    auto set = world.fixture_sets.Get(key);
    if (set && plan::Covers(set->spec, tenant)) {
      sets.push_back(std::move(set));
    }
  }
  return sets;
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
