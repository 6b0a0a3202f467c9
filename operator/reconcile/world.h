#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/api/data_store.h"
#include "common/api/fixture_set.h"
#include "common/api/tenant.h"
#include "common/base/mutex.h"
#include "operator/plan/agent_choice.h"
#include "operator/reconcile/object_cache.h"

namespace tenantry::reconcile {

// A Pod labelled tenantry.dev/agent.
struct AgentPod {
  api::ObjectMeta meta;
  std::string ip;  // empty: not scheduled yet
  bool ready = false;

  friend bool operator==(const AgentPod&, const AgentPod&) = default;
};

// Which Tenants live in a DataStore, and which claim the same tenant ID there. Thread-safe.
class TenantIndex {
 public:
  void Update(const ObjectCache<api::Tenant>::Change& change);
  // In the order of their tenant IDs.
  std::vector<api::ObjectKey> OfStore(const api::ObjectKey& store) const;
  std::int64_t CountOfStore(const api::ObjectKey& store) const;
  std::vector<api::ObjectKey> Claimants(const api::ObjectKey& store, const api::TenantId& id) const;

 private:
  void Remove(const api::Tenant& tenant) REQUIRES(mutex_);

  using TenantsById = std::multimap<std::string, api::ObjectKey>;
  mutable Mutex mutex_;
  std::map<api::ObjectKey, TenantsById> stores_ GUARDED_BY(mutex_);
};

// Which FixtureSets may cover a Tenant: those that name it, and those of its namespace that select
// tenants by labels. Thread-safe.
class FixtureIndex {
 public:
  void Update(const ObjectCache<api::FixtureSet>::Change& change);
  std::vector<api::ObjectKey> CandidatesFor(const api::ObjectKey& tenant) const;

 private:
  using Keys = std::set<api::ObjectKey>;
  mutable Mutex mutex_;
  std::map<api::ObjectKey, Keys> by_tenant_ GUARDED_BY(mutex_);
  std::map<api::Namespace, Keys> selecting_ GUARDED_BY(mutex_);
};

// What the operator knows of the cluster: our three kinds, and the agents' Pods.
struct World {
  ObjectCache<api::DataStore> stores;
  ObjectCache<api::Tenant> tenants;
  ObjectCache<api::FixtureSet> fixture_sets;
  ObjectCache<AgentPod> agents;
  TenantIndex tenant_index;
  FixtureIndex fixture_index;
};

// The DataStore that a Tenant refers to.
api::ObjectKey StoreKey(const api::Tenant& tenant);
// The Tenants that a FixtureSet covers, by name; and the other way round.
std::vector<ObjectCache<api::Tenant>::Pointer> TenantsOf(const World& world,
                                                         const api::FixtureSet& set);
std::vector<ObjectCache<api::FixtureSet>::Pointer> SetsOf(const World& world,
                                                          const api::ObjectMeta& tenant);
// The agents that serve a DataStore: its endpoints, and the ready Pods labelled with its name.
std::vector<plan::AgentCandidate> AgentsOf(const World& world, const api::DataStore& store);
// The living Tenant that claimed the same ID in the same DataStore first, if it is not this one.
std::optional<api::ObjectKey> RivalOf(const World& world, const api::Tenant& tenant);

}  // namespace tenantry::reconcile
