#pragma once

#include <stop_token>

#include "cli/console.h"
#include "cli/tenant_options.h"

namespace tenantry::cli {

// `tenantry tenant init`: the agent's own Provision, in this process. Returns the exit code.
int RunTenantInit(const TenantInitOptions& options, const Console& console,
                  const std::stop_token& stop);

// `tenantry tenant show`: what the catalogue of the store's database knows.
int RunTenantShow(const TenantShowOptions& options, const Console& console,
                  const std::stop_token& stop);

}  // namespace tenantry::cli
