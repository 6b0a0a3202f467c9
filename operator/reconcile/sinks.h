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

// What a watch brings, on its way into the Router. One for each watched type.
std::unique_ptr<kube::ReflectorSink> MakeKindSink(api::Kind kind, World& world, Router& router,
                                                  Metrics& metrics);
std::unique_ptr<kube::ReflectorSink> MakeAgentSink(World& world, Router& router, Metrics& metrics);
// Secrets or ConfigMaps, metadata only.
std::unique_ptr<kube::ReflectorSink> MakeReferenceSink(Router::Reference reference, Router& router,
                                                       References& references);

}  // namespace tenantry::reconcile
