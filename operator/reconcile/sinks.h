#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "operator/kube/reflector.h"
#include "operator/reconcile/metrics.h"
#include "operator/reconcile/references.h"
#include "operator/reconcile/router.h"

namespace tenantry::reconcile {

// Whom the sinks tell what the watches bring. Everything must outlive them.
struct Informed {
  World& world;
  Router& router;
  ReferenceIndex& index;
  References& references;
  Metrics& metrics;
};

// One sink for each watched type, and for each watched namespace where `ns` names one: what a new
// list of a namespace lacks is gone from that one only.
std::unique_ptr<kube::ReflectorSink> MakeKindSink(api::Kind kind, const api::Namespace& ns,
                                                  const Informed& informed);
std::unique_ptr<kube::ReflectorSink> MakeAgentSink(const api::Namespace& ns,
                                                   const Informed& informed);
// Secrets or ConfigMaps, metadata only.
std::unique_ptr<kube::ReflectorSink> MakeReferenceSink(Reference reference,
                                                       const api::Namespace& ns,
                                                       const Informed& informed);

}  // namespace tenantry::reconcile
