#pragma once

#include "operator/reconcile/reference_index.h"
#include "operator/reconcile/work_queue.h"
#include "operator/reconcile/world.h"

namespace tenantry::reconcile {

// Who changed an object: its own watch tells of everybody, our answers to writes only of us.
enum class Origin { kWatch, kInitialList, kOwnWrite };

// Brings what happens in the cluster into the World, and wakes whom it concerns. Thread-safe.
class Router {
 public:
  Router(World& world, WorkQueue& queue) : world_(world), queue_(queue) {}

  void Seen(api::DataStore store, Origin origin);
  void Seen(api::Tenant tenant, Origin origin);
  void Seen(api::FixtureSet set, Origin origin);
  void Seen(AgentPod pod, Origin origin);
  void Gone(api::Kind kind, const api::ObjectKey& key);
  void AgentGone(const api::ObjectKey& key);

  // A Secret or ConfigMap labelled tenantry.dev/watch came, changed or went. `owner`: the Tenant
  // that it was made for; empty: it is somebody else's.
  void ReferenceChanged(Reference reference, const api::ObjectKey& key, const api::Name& owner,
                        Origin origin);

  // Every known object is looked at again, behind everything else.
  void WakeAll();
  void Wake(const WorkKey& key, Priority priority = Priority::kNormal) {
    queue_.Add(key, priority);
  }

 private:
  void RouteStore(const ObjectCache<api::DataStore>::Change& change, Origin origin);
  void RouteTenant(const ObjectCache<api::Tenant>::Change& change, Origin origin);
  void RouteFixtureSet(const ObjectCache<api::FixtureSet>::Change& change, Origin origin);
  void RouteAgent(const ObjectCache<AgentPod>::Change& change);
  void WakeTenantsOf(const api::ObjectKey& store);

  World& world_;
  WorkQueue& queue_;
};

}  // namespace tenantry::reconcile
