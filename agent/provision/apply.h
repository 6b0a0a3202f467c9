#pragma once

#include "agent/provision/observe.h"
#include "agent/provision/plan.h"
#include "common/base/result.h"

namespace tenantry::agent {

// Carries a plan out: the steps of the store's database in one transaction, those beside the tables
// in another, then the migrations, one transaction each. Errors name what could not be put right.
Result<void> ApplyPlan(AdminSessions& sessions, const TenantNames& names, const StoragePlan& plan);

// The admin role's rights, as far as the plan needs them: kInvalid/InsufficientPrivilege with the
// statement that gives them.
Result<void> CheckAdminRights(const TenantNames& names, const ObservedStorage& observed,
                              const std::string& host_port);

}  // namespace tenantry::agent
