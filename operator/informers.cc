#include "operator/informers.h"

#include <algorithm>
#include <string>
#include <utility>

namespace tenantry {

using reconcile::Reference;

Informers::Informers(kube::Client& kube, telemetry::Registry& registry,
                     const reconcile::Informed& informed, const reconcile::Scope& scope,
                     const FeatureGates& gates)
    : kube_(kube), registry_(registry), gates_(gates) {
  if (scope.namespaces.empty()) {
    WatchNamespace({}, informed, scope);
  }
  for (const api::Namespace& ns : scope.namespaces) {
    WatchNamespace(ns, informed, scope);
  }
}

void Informers::WatchNamespace(const api::Namespace& ns, const reconcile::Informed& informed,
                               const reconcile::Scope& scope) {
  using api::Kind;
  for (const auto& [kind, resource] :
       {std::pair(Kind::kDataStore, kube::kDataStores), std::pair(Kind::kTenant, kube::kTenants),
        std::pair(Kind::kFixtureSet, kube::kFixtureSets)}) {
    Add(resource, {.ns = ns, .label_selector = scope.label_selector},
        reconcile::MakeKindSink(kind, ns, informed));
  }
  Add(kube::kPods, {.ns = ns, .label_selector = api::kAgentLabel},
      reconcile::MakeAgentSink(ns, informed));
  const std::string watched = std::string(api::kWatchLabel) + "=true";
  for (const auto& [reference, resource] : {std::pair(Reference::kSecret, kube::kSecrets),
                                            std::pair(Reference::kConfigMap, kube::kConfigMaps)}) {
    Add(resource, {.ns = ns, .label_selector = watched, .metadata_only = true},
        reconcile::MakeReferenceSink(reference, ns, informed));
  }
}

void Informers::Add(const kube::Resource& resource, kube::ListOptions list,
                    std::unique_ptr<kube::ReflectorSink> sink) {
  Informer informer{.sink = std::move(sink)};
  informer.reflector = std::make_unique<kube::Reflector>(
      kube_,
      kube::ReflectorOptions{
          .resource = resource, .list = std::move(list), .streaming_lists = gates_.streaming_lists},
      *informer.sink, registry_);
  informers_.push_back(std::move(informer));
}

void Informers::Start() {
  for (Informer& informer : informers_) {
    informer.thread = std::jthread(
        [&reflector = *informer.reflector](std::stop_token stop) { reflector.Run(stop); });
  }
}

bool Informers::synced() const {
  return std::all_of(informers_.begin(), informers_.end(),
                     [](const Informer& informer) { return informer.reflector->synced(); });
}

bool Informers::WaitForSync(std::chrono::milliseconds patience, const std::stop_token& stop) const {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!synced()) {
    if (stop.stop_requested() || std::chrono::steady_clock::now() >= deadline) {
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

}  // namespace tenantry
