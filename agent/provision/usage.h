#pragma once

#include "agent/provision/desired.h"
#include "agent/provision/observe.h"
#include "common/api/tenant.h"

namespace tenantry::agent {

// What the tenant uses now. What cannot be told within 5 s is left unknown: usage never makes a
// task fail. `session` is one of the tenant's own logins (rows are counted with the tenant's
// rights, so that nothing the tenant wrote runs with ours), or nullptr.
api::Usage MeasureUsage(AdminSessions& sessions, const TenantNames& names,
                        postgres::Connection* session);

}  // namespace tenantry::agent
