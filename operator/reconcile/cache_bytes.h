#pragma once

#include "common/telemetry/metrics.h"
#include "operator/reconcile/reference_index.h"
#include "operator/reconcile/world.h"

namespace tenantry::reconcile {

// tenantry_cache_bytes{kind}: what the objects of each kind take in memory, counted field by field
// at each scrape. Not in it: texts that objects share, and the allocator's own needs. Both must
// outlive the registry's last Text().
void AddCacheGauges(telemetry::Registry& registry, const World& world, const ReferenceIndex& index);

// Of one object with all that it alone holds.
std::size_t BytesOf(const api::DataStore& store);
std::size_t BytesOf(const api::Tenant& tenant);
std::size_t BytesOf(const api::FixtureSet& set);
std::size_t BytesOf(const AgentPod& pod);

}  // namespace tenantry::reconcile
