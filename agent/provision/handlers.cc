#include "agent/provision/handlers.h"

#include <string>
#include <utility>

#include "agent/provision/deprovision.h"
#include "agent/provision/provision.h"
#include "common/api/protocol_codec.h"

namespace tenantry::agent {
namespace {

TaskOutcome Failed(Error error) { return {.error = std::move(error)}; }

TaskOutcome RunProvision(const ProvisionOptions& options, const api::TaskRequest& request,
                         TaskContext& context) {
  const auto spec = api::Decode<api::TenantStorageSpec>(request.spec_json);
  if (!spec) {
    return Failed(spec.error());
  }
  Partial<api::ProvisionResult> done = Provision(request.tenant, *spec, options, context);
  return {api::Encode(done.value), std::move(done.error)};
}

TaskOutcome RunObserve(const ProvisionOptions& options, const api::TaskRequest& request,
                       TaskContext& context) {
  if (request.tenant.empty()) {
    const auto spec = api::Decode<api::StoreSpec>(request.spec_json);
    return spec ? TaskOutcome{.result_json = api::Encode(ObserveStore(*spec, options, context))}
                : Failed(spec.error());
  }
  const auto spec = api::Decode<api::TenantStorageSpec>(request.spec_json);
  if (!spec) {
    return Failed(spec.error());
  }
  Partial<api::ObserveResult> done = Observe(request.tenant, *spec, options, context);
  return {api::Encode(done.value), std::move(done.error)};
}

TaskOutcome RunDeprovision(const ProvisionOptions& options, const api::TaskRequest& request,
                           TaskContext& context) {
  const auto spec = api::Decode<api::DeprovisionSpec>(request.spec_json);
  if (!spec) {
    return Failed(spec.error());
  }
  const Result<api::DeprovisionResult> done = Deprovision(request.tenant, *spec, options, context);
  return done ? TaskOutcome{.result_json = api::Encode(*done)} : Failed(done.error());
}

}  // namespace

TaskHandlers MakeProvisionHandlers(const ProvisionOptions& options) {
  return {
      {api::TaskKind::kProvision,
       [options](const api::TaskRequest& request, TaskContext& context) {
         return RunProvision(options, request, context);
       }},
      {api::TaskKind::kObserve,
       [options](const api::TaskRequest& request, TaskContext& context) {
         return RunObserve(options, request, context);
       }},
      {api::TaskKind::kDeprovision,
       [options](const api::TaskRequest& request, TaskContext& context) {
         return RunDeprovision(options, request, context);
       }},
  };
}

}  // namespace tenantry::agent
