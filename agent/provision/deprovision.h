#pragma once

#include "agent/provision/handlers.h"
#include "agent/tasks/task.h"
#include "common/api/protocol.h"
#include "common/base/result.h"

namespace tenantry::agent {

// Takes the tenant's storage away, or closes it and keeps the data. Touches nothing unless the
// catalogue says that `spec.owner_uid` has it. Its entry in the catalogue goes last, so that a
// killed agent's successor goes on; what is gone already is fine.
Result<api::DeprovisionResult> Deprovision(const api::TenantId& id,
                                           const api::DeprovisionSpec& spec,
                                           const ProvisionOptions& options, TaskContext& context);

}  // namespace tenantry::agent
