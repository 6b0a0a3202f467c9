#include "operator/reconcile/cache_bytes.h"

#include <gtest/gtest.h>

#include "tests/unit/reconcile/builders.h"

namespace tenantry::reconcile {
namespace {

TEST(BytesOf, CountsWhatAnObjectHolds) {
  const api::Tenant small = TenantOf("acme");
  api::Tenant large = small;
  large.meta.annotations["tenantry.dev/adopt"] = std::string(10'000, 'x');
  EXPECT_GT(BytesOf(small), sizeof(api::Tenant));
  EXPECT_LT(BytesOf(small), 4'000u);
  EXPECT_GE(BytesOf(large), BytesOf(small) + 10'000);

  api::FixtureSet set;
  const std::size_t empty = BytesOf(set);
  set.spec.datasets.push_back({.name = "tracks"});
  set.spec.datasets.back().source.inline_text = std::string(50'000, 'x');
  EXPECT_GE(BytesOf(set), empty + 50'000);
}

TEST(BytesOf, CountsConfigurationAsItIsKept) {
  api::Tenant tenant = TenantOf("acme");
  const std::size_t without = BytesOf(tenant);
  tenant.spec.config_json = R"({"greeting":")" + std::string(10'000, 'x') + "\"}";
  EXPECT_GT(BytesOf(tenant), without);
  EXPECT_LT(BytesOf(tenant), without + 1'000);
}

TEST(CacheGauges, TellTheBytesOfEachKind) {
  World world;
  ReferenceIndex index;
  const auto registry = telemetry::Registry::Make();
  AddCacheGauges(*registry, world, index);
  EXPECT_NE(registry->Text().find("tenantry_cache_bytes{kind=\"Tenant\"} 0\n"), std::string::npos);

  world.tenants.Upsert(TenantOf("acme"));
  api::ObjectMeta secret;
  secret.name = api::Name("acme-connection");
  secret.resource_version = "1";
  index.Update(Reference::kSecret, secret);

  const std::string text = registry->Text();
  EXPECT_NE(text.find("tenantry_cache_bytes{kind=\"Tenant\"} " +
                      std::to_string(BytesOf(*world.tenants.Get(TenantOf("acme").meta.key())))),
            std::string::npos)
      << text;
  EXPECT_EQ(text.find("tenantry_cache_bytes{kind=\"Secret\"} 0\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace tenantry::reconcile
