#include "common/api/tier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/api/config_merge.h"
#include "common/base/quantity.h"

namespace tenantry::api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TierCatalogue GoldOnly() {
  return TierCatalogue::Parse(R"({"tiers": [{"name": "Gold",
      "limits": {"apiCalls": 100, "storage": "1Gi", "connections": 5},
      "features": ["search", "export"],
      "config": {"locale": "en", "player": {"quality": "high", "offline": true}}}]})")
      .value();
}

Tenant GoldTenant() {
  Tenant tenant;
  tenant.meta.name = Name("acme");
  tenant.spec.tier = "Gold";
  tenant.spec.display_name = "Acme \"Music\"";
  tenant.spec.admin_email = "a@b.example";
  return tenant;
}

// ---- the catalogue ----

TEST(BuiltInTiers, AreTheSixInRisingOrder) {
  const TierCatalogue tiers = BuiltInTiers();

  EXPECT_EQ(tiers.Names(), "Free, Starter, Standard, Professional, Premium, Enterprise");
  for (std::size_t i = 1; i < tiers.tiers().size(); ++i) {
    const Tier& lower = tiers.tiers()[i - 1];
    const Tier& higher = tiers.tiers()[i];
    EXPECT_LT(lower.limits.api_calls, higher.limits.api_calls) << higher.name;
    EXPECT_LT(lower.limits.connections, higher.limits.connections) << higher.name;
    EXPECT_LT(ParseBytes(*lower.limits.storage).value(), ParseBytes(*higher.limits.storage).value())
        << higher.name;
    EXPECT_LT(lower.features.size(), higher.features.size() + 1) << higher.name;
  }
}

TEST(BuiltInTiers, HoldTheDefaultTier) {
  EXPECT_NE(BuiltInTiers().Find(TenantSpec{}.tier), nullptr);
  EXPECT_EQ(BuiltInTiers().Find("Gold"), nullptr);
}

TEST(TierCatalogue, ReadsEveryField) {
  const TierCatalogue tiers = GoldOnly();

  const Tier* gold = tiers.Find("Gold");
  ASSERT_NE(gold, nullptr);
  EXPECT_EQ(gold->limits, (Limits{.api_calls = 100, .storage = "1Gi", .connections = 5}));
  EXPECT_THAT(gold->features, ElementsAre("search", "export"));
  EXPECT_EQ(gold->config_json, R"({"locale":"en","player":{"offline":true,"quality":"high"}})");
}

TEST(TierCatalogue, NamesTierAndFieldOfWhatIsWrong) {
  const std::vector<std::pair<const char*, const char*>> table = {
      {R"({"tiers": [)", "tiers file: is not valid JSON at byte 12"},
      {R"([])", "tiers file: must be an object with one field, tiers"},
      {R"({"tiers": []})", "tiers file: must be an object with one field, tiers"},
      {R"({"tiers": [{"name": "A"}], "x": 1})", "tiers file: must be an object with one field"},
      {R"({"tiers": ["A"]})", "tiers file: tier number 1: the document: must be an object"},
      {R"({"tiers": [{"name": "A"}, {}]})", "tiers file: tier number 2: name: is required"},
      {R"({"tiers": [{"name": ""}]})", "tiers file: tier number 1: name: must not be empty"},
      {R"({"tiers": [{"name": "A", "limit": {}}]})", "tiers file: tier A: limit: is not known"},
      {R"({"tiers": [{"name": "A", "limits": {"storag": "1Gi"}}]})",
       "tiers file: tier A: limits.storag: is not known"},
      {R"({"tiers": [{"name": "A", "limits": {"storage": "big"}}]})",
       "tiers file: tier A: limits.storage: is not a size"},
      {R"({"tiers": [{"name": "A", "features": "all"}]})",
       "tiers file: tier A: features: must be a list"},
      {R"({"tiers": [{"name": "A"}, {"name": "A"}]})", "tiers file: tier A: is there twice"},
  };
  for (const auto& [text, message] : table) {
    const Result<TierCatalogue> tiers = TierCatalogue::Parse(text);
    ASSERT_FALSE(tiers) << text;
    EXPECT_EQ(tiers.error().code, ErrorCode::kInvalid);
    EXPECT_THAT(tiers.error().message, testing::StartsWith(message));
  }
}

// ---- the effective tenant ----

TEST(MakeEffectiveTenant, TakesTheTiersDefaults) {
  const Result<EffectiveTenant> effective = MakeEffectiveTenant(GoldOnly(), GoldTenant());

  ASSERT_TRUE(effective) << effective.error().message;
  EXPECT_EQ(effective->limits, (Limits{.api_calls = 100, .storage = "1Gi", .connections = 5}));
  EXPECT_THAT(effective->features, ElementsAre("export", "search"));
  EXPECT_EQ(effective->config_json,
            R"({"adminEmail":"a@b.example",)"
            R"("config":{"locale":"en","player":{"offline":true,"quality":"high"}},)"
            R"("displayName":"Acme \"Music\"","features":["export","search"],)"
            R"("limits":{"apiCalls":100,"connections":5,"storage":"1Gi"},)"
            R"("tenantID":"acme","tier":"Gold"})");
}

TEST(MakeEffectiveTenant, LetsExplicitValuesWin) {
  Tenant tenant = GoldTenant();
  tenant.spec.limits = {.storage = "9Gi", .connections = 1};
  tenant.spec.features = {"beta", "search"};
  tenant.spec.config_json = R"({"locale":"fr","player":{"quality":"low","offline":null}})";

  const Result<EffectiveTenant> effective = MakeEffectiveTenant(GoldOnly(), tenant);

  ASSERT_TRUE(effective) << effective.error().message;
  EXPECT_EQ(effective->limits, (Limits{.api_calls = 100, .storage = "9Gi", .connections = 1}));
  EXPECT_THAT(effective->features, ElementsAre("beta", "export", "search"));
  EXPECT_THAT(effective->config_json,
              HasSubstr(R"("config":{"locale":"fr","player":{"quality":"low"}})"));
}

TEST(MakeEffectiveTenant, SaysWhichTiersThereAre) {
  Tenant tenant = GoldTenant();
  tenant.spec.tier = "Platinum";

  const Result<EffectiveTenant> effective = MakeEffectiveTenant(BuiltInTiers(), tenant);

  ASSERT_FALSE(effective);
  EXPECT_EQ(effective.error(),
            (Error{ErrorCode::kInvalid,
                   "spec.tier: tier Platinum does not exist; there are Free, Starter, Standard, "
                   "Professional, Premium, Enterprise. Choose one of them, or add it to the "
                   "operator's tiers file.",
                   "InvalidSpec"}));
}

TEST(MakeEffectiveTenant, RefusesAConfigThatIsNoObject) {
  Tenant tenant = GoldTenant();
  tenant.spec.config_json = "[1]";
  EXPECT_EQ(MakeEffectiveTenant(GoldOnly(), tenant).error().message,
            "spec.config: must be an object");
}

// ---- merging ----

TEST(MergeConfig, FollowsRfc7386) {
  const std::vector<std::array<const char*, 3>> table = {
      {"", "", "{}"},
      {R"({"a":1})", "", R"({"a":1})"},
      {"", R"({"a":{"b":null,"c":1}})", R"({"a":{"c":1}})"},
      {R"({"a":null,"b":1})", "{}", R"({"b":1})"},
      {R"({"a":{"b":1}})", R"({"a":{"c":2}})", R"({"a":{"b":1,"c":2}})"},
      {R"({"a":[1,2]})", R"({"a":[3]})", R"({"a":[3]})"},
      {R"({"a":{"b":1}})", R"({"a":"text"})", R"({"a":"text"})"},
      {R"({"z":1,"a":1})", R"({"m":1})", R"({"a":1,"m":1,"z":1})"},
  };
  for (const auto& [base, over, merged] : table) {
    EXPECT_EQ(MergeConfig(base, over).value(), merged) << base << " and " << over;
  }
}

TEST(MergeConfig, RefusesWhatIsNoObject) {
  EXPECT_EQ(MergeConfig("1", "{}").error().message, "config: must be an object");
  EXPECT_EQ(MergeConfig("{}", "{").error().message, "config: is not valid JSON at byte 2");
}

}  // namespace
}  // namespace tenantry::api
