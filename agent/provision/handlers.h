#pragma once

#include <string>

#include "agent/tasks/task.h"

namespace tenantry::agent {

struct ProvisionOptions {
  std::string application = "tenantry-agent";
};

// Handlers of Provision, Observe (of a tenant, and of the store when the tenant is empty) and
// Deprovision.
TaskHandlers MakeProvisionHandlers(const ProvisionOptions& options);

}  // namespace tenantry::agent
