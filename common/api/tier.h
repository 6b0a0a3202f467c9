#pragma once

#include <string>
#include <vector>

#include "common/api/tenant.h"
#include "common/base/result.h"

// Tiers: named defaults of limits, features and configuration. They are data: the operator reads
// them from a file, or takes the built-in ones.
namespace tenantry::api {

struct Tier {
  std::string name;
  Limits limits;
  std::vector<std::string> features;
  std::string config_json;  // an object as text; empty: none

  friend bool operator==(const Tier&, const Tier&) = default;
};

class TierCatalogue {
 public:
  // Reads {"tiers": [{"name": "Gold", "limits": {"apiCalls": 1000, "storage": "10Gi",
  // "connections": 5}, "features": ["…"], "config": {…}}]}. kInvalid, naming tier and field, for
  // wrong types, unknown fields, a name twice, or no tier at all.
  static Result<TierCatalogue> Parse(const std::string& json_text);

  const Tier* Find(const std::string& name) const;           // nullptr: no such tier
  const std::vector<Tier>& tiers() const { return tiers_; }  // in the file's order
  std::string Names() const;                                 // "Free, Starter, …", for messages

 private:
  explicit TierCatalogue(std::vector<Tier> tiers) : tiers_(std::move(tiers)) {}

  std::vector<Tier> tiers_;
};

// Free, Starter, Standard, Professional, Premium, Enterprise.
TierCatalogue BuiltInTiers();

// What a tenant has once its tier's defaults are applied.
struct EffectiveTenant {
  Limits limits;
  std::vector<std::string> features;  // of tier and spec, sorted, each once
  // {"tenantID", "displayName", "tier", "adminEmail", "features", "limits", "config"}: what the
  // tenant's apps read. Keys are sorted, so equal configurations are equal texts.
  std::string config_json;

  friend bool operator==(const EffectiveTenant&, const EffectiveTenant&) = default;
};

// Explicit values win over the tier's; config objects merge (MergeConfig). kInvalid when there is
// no such tier or the spec's config is not an object.
Result<EffectiveTenant> MakeEffectiveTenant(const TierCatalogue& tiers, const Tenant& tenant);

}  // namespace tenantry::api
