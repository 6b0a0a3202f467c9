#pragma once

#include "common/api/tier.h"
#include "common/telemetry/metrics.h"
#include "operator/reconcile/world.h"

namespace tenantry::reconcile {

// Gauges of each Tenant, from what is known of it when they are asked for:
// tenantry_tenant_condition {namespace, name, condition, status} = 1 for the present status,
// tenantry_tenant_quota_used and _limit {namespace, name, resource}, in bytes. A Tenant that is
// gone has none. The leader's only, or each of them would be counted twice. `world` and `tiers`
// must outlive the registry's last Text().
void AddTenantGauges(telemetry::Registry& registry, const World& world,
                     const api::TierCatalogue& tiers);

}  // namespace tenantry::reconcile
