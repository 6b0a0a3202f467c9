#include "operator/reconcile/tenant_gauges.h"

#include <functional>
#include <optional>
#include <string>

#include "common/base/quantity.h"

namespace tenantry::reconcile {
namespace {

using Emit = telemetry::Registry::Emit;

telemetry::Labels LabelsOf(const api::Tenant& tenant) {
  return {{"namespace", tenant.meta.ns.value()}, {"name", tenant.meta.name.value()}};
}

void EmitConditions(const api::Tenant& tenant, const Emit& emit) {
  telemetry::Labels labels = LabelsOf(tenant);
  for (const api::Condition& condition : tenant.status.conditions) {
    labels["condition"] = condition.type;
    labels["status"] = api::ToString(condition.status);
    emit(labels, 1);
  }
}

std::optional<std::string> StorageLimit(const api::TierCatalogue& tiers,
                                        const api::Tenant& tenant) {
  if (tenant.spec.limits.storage) {
    return tenant.spec.limits.storage;
  }
  const api::Tier* tier = tiers.Find(tenant.spec.tier);
  return tier == nullptr ? std::nullopt : tier->limits.storage;
}

void EmitStorage(const api::Tenant& tenant, double bytes, const Emit& emit) {
  telemetry::Labels labels = LabelsOf(tenant);
  labels.emplace("resource", "storage");
  emit(labels, bytes);
}

}  // namespace

void AddTenantGauges(telemetry::Registry& registry, const World& world,
                     const api::TierCatalogue& tiers) {
  registry.AddComputedGauge(
      "tenantry_tenant_condition", "1 for the present status of each condition of a Tenant",
      [&world](const Emit& emit) {
        world.tenants.ForEach([&](const api::Tenant& tenant) { EmitConditions(tenant, emit); });
      });
  registry.AddComputedGauge("tenantry_tenant_quota_used",
                            "What a Tenant uses of a limited resource", [&world](const Emit& emit) {
                              world.tenants.ForEach([&](const api::Tenant& tenant) {
                                if (const auto& used = tenant.status.usage.storage_bytes) {
                                  EmitStorage(tenant, static_cast<double>(*used), emit);
                                }
                              });
                            });
  registry.AddComputedGauge("tenantry_tenant_quota_limit", "The limit of a Tenant's resource",
                            [&world, &tiers](const Emit& emit) {
                              world.tenants.ForEach([&](const api::Tenant& tenant) {
                                const auto limit = StorageLimit(tiers, tenant);
                                if (!limit) {
                                  return;
                                }
                                if (const Result<std::int64_t> bytes = ParseBytes(*limit); bytes) {
                                  EmitStorage(tenant, static_cast<double>(*bytes), emit);
                                }
                              });
                            });
}

}  // namespace tenantry::reconcile
