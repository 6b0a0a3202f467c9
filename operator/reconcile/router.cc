#include "operator/reconcile/router.h"

#include <algorithm>
#include <utility>

#include "common/api/reasons.h"
#include "operator/plan/fixture_plan.h"

namespace tenantry::reconcile {
namespace {

using api::Kind;

constexpr char kOurPrefix[] = "tenantry.dev/";

// A DataStore's status counts its tenants. A thousand of them that come at once are one count.
constexpr std::chrono::milliseconds kRecount{1000};

// Annotations of others are not ours to read, and kubectl's holds the whole object once more.
template <class T>
T Compact(T object) {
  std::erase_if(object.meta.annotations,
                [](const auto& entry) { return !entry.first.starts_with(kOurPrefix); });
  return object;
}

Priority PriorityOf(Origin origin) {
  return origin == Origin::kInitialList ? Priority::kLow : Priority::kNormal;
}

IfUnknown IfUnknownOf(Origin origin) {
  return origin == Origin::kOwnWrite ? IfUnknown::kIgnore : IfUnknown::kInsert;
}

// Our writes change a status and add our finalizer. The answer to one may bring more: what others
// did since, of which the watch tells nothing new any more.
bool BringsMore(const api::ObjectMeta& before, const api::ObjectMeta& after) {
  const bool lost_finalizer =
      std::any_of(before.finalizers.begin(), before.finalizers.end(),
                  [&](const std::string& finalizer) { return !after.HasFinalizer(finalizer); });
  return before.generation != after.generation || before.labels != after.labels ||
         before.annotations != after.annotations || before.deleting() != after.deleting() ||
         lost_finalizer;
}

// Whether the object itself is to be looked at.
template <class Change>
bool MattersToItself(const Change& change, Origin origin) {
  return origin != Origin::kOwnWrite ||
         (change.before && change.after && BringsMore(change.before->meta, change.after->meta));
}

bool IsReady(const std::vector<api::Condition>& conditions) {
  return api::IsTrue(conditions, api::condition::kReady);
}

// What a FixtureSet looks at in a Tenant.
bool MattersToFixtures(const api::Tenant& a, const api::Tenant& b) {
  return a.meta.labels != b.meta.labels || a.meta.uid != b.meta.uid ||
         a.meta.deleting() != b.meta.deleting() || a.status.incarnation != b.status.incarnation ||
         a.status.binding != b.status.binding ||
         IsReady(a.status.conditions) != IsReady(b.status.conditions);
}

bool MattersToTenants(const api::DataStore& a, const api::DataStore& b) {
  return a.spec != b.spec || a.meta.uid != b.meta.uid ||
         IsReady(a.status.conditions) != IsReady(b.status.conditions);
}

bool UsesConfigMap(const api::FixtureSet& set, const std::string& name) {
  return std::any_of(set.spec.datasets.begin(), set.spec.datasets.end(),
                     [&](const api::Dataset& d) { return d.source.config_map == name; });
}

bool UsesSecret(const api::DataStore& store, const std::string& name) {
  return store.spec.postgres.admin_secret == name || store.spec.postgres.ca_secret == name ||
         (store.spec.redis && store.spec.redis->admin_secret == name);
}

}  // namespace

void Router::Seen(api::DataStore store, Origin origin) {
  RouteStore(world_.stores.Upsert(Compact(std::move(store)), IfUnknownOf(origin)), origin);
}

void Router::Seen(api::Tenant tenant, Origin origin) {
  RouteTenant(world_.tenants.Upsert(Compact(std::move(tenant)), IfUnknownOf(origin)), origin);
}

void Router::Seen(api::FixtureSet set, Origin origin) {
  RouteFixtureSet(world_.fixture_sets.Upsert(Compact(std::move(set)), IfUnknownOf(origin)), origin);
}

void Router::Seen(AgentPod pod, Origin /*origin*/) {
  RouteAgent(world_.agents.Upsert(std::move(pod)));
}

void Router::Gone(Kind kind, const api::ObjectKey& key) {
  switch (kind) {
    case Kind::kDataStore:
      return RouteStore(world_.stores.Remove(key), Origin::kWatch);
    case Kind::kTenant:
      return RouteTenant(world_.tenants.Remove(key), Origin::kWatch);
    case Kind::kFixtureSet:
      return RouteFixtureSet(world_.fixture_sets.Remove(key), Origin::kWatch);
  }
}

void Router::AgentGone(const api::ObjectKey& key) { RouteAgent(world_.agents.Remove(key)); }

void Router::RouteStore(const ObjectCache<api::DataStore>::Change& change, Origin origin) {
  if (!change.any()) {
    return;
  }
  const api::ObjectKey key = (change.after ? change.after : change.before)->meta.key();
  if (MattersToItself(change, origin)) {
    Wake({Kind::kDataStore, key}, PriorityOf(origin));
  }
  if (!change.before || !change.after || MattersToTenants(*change.before, *change.after)) {
    WakeTenantsOf(key);
  }
}

void Router::RouteTenant(const ObjectCache<api::Tenant>::Change& change, Origin origin) {
  if (!change.any()) {
    return;
  }
  world_.tenant_index.Update(change);
  const api::Tenant& tenant = change.after ? *change.after : *change.before;
  if (MattersToItself(change, origin)) {
    Wake({Kind::kTenant, tenant.meta.key()}, PriorityOf(origin));
  }
  const bool came_or_went = !change.before || !change.after;
  if (came_or_went) {
    queue_.AddAfter({Kind::kDataStore, StoreKey(tenant)}, kRecount);
  }
  if (came_or_went || change.before->status.provisioned_hash.empty() !=
                          change.after->status.provisioned_hash.empty()) {
    for (const auto& key :
         world_.tenant_index.Claimants(StoreKey(tenant), api::EffectiveTenantId(tenant))) {
      if (key != tenant.meta.key()) {
        Wake({Kind::kTenant, key}, PriorityOf(origin));
      }
    }
  }
  if (change.before && change.after && !MattersToFixtures(*change.before, *change.after)) {
    return;
  }
  for (const api::Tenant* side : {change.before.get(), change.after.get()}) {
    if (side == nullptr) {
      continue;
    }
    for (const auto& set : SetsOf(world_, side->meta)) {
      Wake({Kind::kFixtureSet, set->meta.key()}, PriorityOf(origin));
    }
  }
}

void Router::RouteFixtureSet(const ObjectCache<api::FixtureSet>::Change& change, Origin origin) {
  if (!change.any()) {
    return;
  }
  world_.fixture_index.Update(change);
  const api::FixtureSet& set = change.after ? *change.after : *change.before;
  if (MattersToItself(change, origin)) {
    Wake({Kind::kFixtureSet, set.meta.key()}, PriorityOf(origin));
  }
  const auto state = [](const api::FixtureSet* side, const api::Tenant& tenant) {
    const bool covered = side != nullptr && plan::Covers(side->spec, tenant.meta);
    return std::pair(covered, covered && plan::IsLoaded(*side, tenant.meta.name));
  };
  for (const api::FixtureSet* side : {change.before.get(), change.after.get()}) {
    if (side == nullptr) {
      continue;
    }
    for (const auto& tenant : TenantsOf(world_, *side)) {
      if (state(change.before.get(), *tenant) != state(change.after.get(), *tenant)) {
        Wake({Kind::kTenant, tenant->meta.key()}, PriorityOf(origin));
      }
    }
  }
}

void Router::RouteAgent(const ObjectCache<AgentPod>::Change& change) {
  if (!change.any()) {
    return;
  }
  const AgentPod& pod = change.after ? *change.after : *change.before;
  const auto label = pod.meta.labels.find(api::kAgentLabel);
  if (label == pod.meta.labels.end()) {
    return;
  }
  const api::ObjectKey store{pod.meta.ns, api::Name(label->second)};
  Wake({Kind::kDataStore, store});
  const bool arrived = change.after && change.after->ready &&
                       !(change.before && change.before->ready && change.before->ip == pod.ip);
  if (!arrived) {
    return;
  }
  for (const api::ObjectKey& key : world_.tenant_index.OfStore(store)) {
    const auto tenant = world_.tenants.Get(key);
    if (tenant && !IsReady(tenant->status.conditions)) {
      Wake({Kind::kTenant, key});
    }
  }
}

void Router::WakeAll() {
  const auto wake = [&](Kind kind, const std::vector<api::ObjectKey>& keys) {
    for (const api::ObjectKey& key : keys) {
      Wake({kind, key}, Priority::kLow);
    }
  };
  wake(Kind::kDataStore, world_.stores.Keys());
  wake(Kind::kTenant, world_.tenants.Keys());
  wake(Kind::kFixtureSet, world_.fixture_sets.Keys());
}

void Router::WakeTenantsOf(const api::ObjectKey& store) {
  for (const api::ObjectKey& key : world_.tenant_index.OfStore(store)) {
    Wake({Kind::kTenant, key}, Priority::kLow);
  }
}

void Router::ReferenceChanged(Reference reference, const api::ObjectKey& key,
                              const api::Name& owner, Origin origin) {
  if (!owner.empty()) {
    // Our own objects matter when somebody else changes them, not when they are first listed.
    if (origin != Origin::kInitialList) {
      Wake({Kind::kTenant, {key.ns, owner}});
    }
    return;
  }
  const std::string& name = key.name.value();
  if (reference == Reference::kSecret) {
    for (const auto& store : world_.stores.SelectIn(
             key.ns, [&](const api::DataStore& store) { return UsesSecret(store, name); })) {
      Wake({Kind::kDataStore, store->meta.key()}, PriorityOf(origin));
      WakeTenantsOf(store->meta.key());
    }
    return;
  }
  for (const auto& tenant : world_.tenants.SelectIn(
           key.ns, [&](const api::Tenant& t) { return t.spec.schema.config_map == name; })) {
    Wake({Kind::kTenant, tenant->meta.key()}, PriorityOf(origin));
  }
  for (const auto& set : world_.fixture_sets.SelectIn(
           key.ns, [&](const api::FixtureSet& s) { return UsesConfigMap(s, name); })) {
    Wake({Kind::kFixtureSet, set->meta.key()}, PriorityOf(origin));
  }
}

}  // namespace tenantry::reconcile
