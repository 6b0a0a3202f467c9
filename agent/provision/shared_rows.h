#pragma once

#include <cstdint>

#include "agent/provision/desired.h"
#include "agent/provision/observe.h"
#include "common/base/result.h"

namespace tenantry::agent {

// Deletes a tenant's rows from all shared tables, as the tenant's own role under row security: what
// a trigger on these tables does, it does with that role's rights. Puts row security, rights and
// the role right first, because rows that a role does not see are not deleted. Returns their
// number.
Result<std::int64_t> DeleteSharedRows(AdminSessions& sessions, const TenantNames& names);

}  // namespace tenantry::agent
