#pragma once

#include <string>
#include <vector>

#include "operator/plan/tenant_plan.h"

// A TenantPlan in words and parts that tests compare.
namespace tenantry::plan {

using List = std::vector<std::string>;

// What the actions do, in their order: "apply acme-connection".
List Words(const std::vector<Action>& actions);
bool IsEmpty(const TenantPlan& plan);
// Of a Provision or Observe task.
api::TenantStorageSpec SpecOf(const TenantPlan& plan);

}  // namespace tenantry::plan
