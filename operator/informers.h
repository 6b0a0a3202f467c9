#pragma once

#include <chrono>
#include <memory>
#include <stop_token>
#include <thread>
#include <vector>

#include "operator/config.h"
#include "operator/kube/reflector.h"
#include "operator/reconcile/scope.h"
#include "operator/reconcile/sinks.h"

namespace tenantry {

// All watches of the cluster. Synced when each has seen its first whole list.
class Informers {
 public:
  Informers(kube::Client& kube, telemetry::Registry& registry, const reconcile::Informed& informed,
            const reconcile::Scope& scope, const FeatureGates& gates);

  void Start();
  bool synced() const;
  // False when `stop` came first, or the time was over.
  bool WaitForSync(std::chrono::milliseconds patience, const std::stop_token& stop) const;

 private:
  // One watch: a sink, its reflector and the thread that runs it.
  struct Informer {
    std::unique_ptr<kube::ReflectorSink> sink;
    std::unique_ptr<kube::Reflector> reflector;
    std::jthread thread;
  };

  void WatchNamespace(const api::Namespace& ns, const reconcile::Informed& informed,
                      const reconcile::Scope& scope);
  void Add(const kube::Resource& resource, kube::ListOptions list,
           std::unique_ptr<kube::ReflectorSink> sink);

  kube::Client& kube_;
  telemetry::Registry& registry_;
  const FeatureGates gates_;
  std::vector<Informer> informers_;
};

}  // namespace tenantry
