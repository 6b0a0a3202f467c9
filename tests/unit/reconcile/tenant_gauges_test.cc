#include "operator/reconcile/tenant_gauges.h"

#include <gtest/gtest.h>

#include "tests/unit/reconcile/builders.h"

namespace tenantry::reconcile {
namespace {

bool Has(const std::string& text, const std::string& line) {
  return text.find(line + "\n") != std::string::npos;
}

TEST(TenantGauges, TellThePresentStateOfEachTenant) {
  World world;
  const api::TierCatalogue tiers = api::BuiltInTiers();
  const auto registry = telemetry::Registry::Make();
  AddTenantGauges(*registry, world, tiers);
  api::Tenant tenant = TenantOf("acme");
  MakeReady(&tenant.status.conditions);
  tenant.status.usage.storage_bytes = 4096;
  tenant.spec.limits.storage = "1Mi";
  world.tenants.Upsert(tenant);

  const std::string text = registry->Text();

  EXPECT_TRUE(Has(text, "# TYPE tenantry_tenant_condition gauge")) << text;
  EXPECT_TRUE(Has(text,
                  "tenantry_tenant_condition{condition=\"Ready\",name=\"acme\","
                  "namespace=\"platform\",status=\"True\"} 1"))
      << text;
  EXPECT_TRUE(Has(text,
                  "tenantry_tenant_quota_used{name=\"acme\",namespace=\"platform\","
                  "resource=\"storage\"} 4096"))
      << text;
  EXPECT_TRUE(Has(text,
                  "tenantry_tenant_quota_limit{name=\"acme\",namespace=\"platform\","
                  "resource=\"storage\"} 1048576"))
      << text;

  world.tenants.Remove(KeyOf("acme"));
  EXPECT_EQ(registry->Text().find("acme"), std::string::npos);
}

}  // namespace
}  // namespace tenantry::reconcile
