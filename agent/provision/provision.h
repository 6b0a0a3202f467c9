#pragma once

#include <string>

#include "agent/provision/handlers.h"
#include "agent/tasks/task.h"
#include "common/api/protocol.h"
#include "common/base/result.h"

namespace tenantry::agent {

// A result with the error that came after it: PostgreSQL is done though Redis failed.
template <class T>
struct Partial {
  T value;
  std::optional<Error> error;
};

// Makes the tenant's storage what the spec says: observes, plans, applies, until there is nothing
// to do. Writes nothing when everything is as it should be.
Partial<api::ProvisionResult> Provision(const api::TenantId& id, const api::TenantStorageSpec& spec,
                                        const ProvisionOptions& options, TaskContext& context);

// Compares, and changes nothing.
Partial<api::ObserveResult> Observe(const api::TenantId& id, const api::TenantStorageSpec& spec,
                                    const ProvisionOptions& options, TaskContext& context);

// Can the store be reached, and may its admin do what is needed?
api::StoreResult ObserveStore(const api::StoreSpec& spec, const ProvisionOptions& options,
                              TaskContext& context);

}  // namespace tenantry::agent
