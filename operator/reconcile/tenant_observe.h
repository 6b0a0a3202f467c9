#pragma once

#include <string>

#include "common/api/tenant.h"
#include "common/base/result.h"
#include "operator/plan/tenant_plan.h"
#include "operator/reconcile/services.h"

namespace tenantry::reconcile {

// Everything that a pass needs to know. An error is one of the API server; what stands in the way
// of this Tenant alone is in the observation.
Result<plan::TenantObserved> ObserveTenant(const Services& services, const api::Tenant& tenant);

// All that a pass depends on but the time, in short. Empty: this Tenant depends on something that
// does not tell when it changes, and has to be looked at whole in each pass.
std::string PassInputs(const Services& services, const api::Tenant& tenant);

}  // namespace tenantry::reconcile
