#include "common/api/tier.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "common/api/config_merge.h"
#include "common/api/json_reader.h"
#include "common/api/json_text.h"
#include "common/api/json_writer.h"
#include "common/api/reasons.h"
#include "common/api/resource_fields.h"

namespace tenantry::api {

using nlohmann::json;

static void Fields(auto& visit, Of<Tier> auto& tier) {
  visit.Required("name", tier.name);
  visit.Optional("limits", tier.limits);
  visit.Optional("features", tier.features);
  visit.Json("config", tier.config_json);
  visit.Check("name", !tier.name.empty(), "must not be empty");
}

namespace {

Error InvalidFile(const std::string& problem) {
  return {.code = ErrorCode::kInvalid, .message = "tiers file: " + problem};
}

// `position` names a tier that has no name.
Result<Tier> ReadTier(const json& item, std::size_t position) {
  const std::string name = item.is_object() && item.contains("name") && item["name"].is_string()
                               ? item["name"].get<std::string>()
                               : "";
  Tier tier;
  JsonReader::State state{
      .rules = {.unknown_fields = ReadRules::UnknownFields::kRefuse, .invalid_reason = ""}};
  JsonReader fields(item, "", state);
  Fields(fields, tier);
  fields.Finish();
  if (state.error) {
    const std::string where =
        name.empty() ? "tier number " + std::to_string(position + 1) : "tier " + Shorten(name);
    return InvalidFile(where + ": " + state.error->message);
  }
  return tier;
}

Limits Merge(Limits limits, const Limits& over) {
  limits.api_calls = over.api_calls ? over.api_calls : limits.api_calls;
  limits.storage = over.storage ? over.storage : limits.storage;
  limits.connections = over.connections ? over.connections : limits.connections;
  return limits;
}

}  // namespace

Result<TierCatalogue> TierCatalogue::Parse(const std::string& json_text) {
  const Result<json> document = ParseJson(json_text);
  if (!document) {
    return InvalidFile(document.error().message);
  }
  const bool is_catalogue = document->is_object() && document->size() == 1 &&
                            document->contains("tiers") && (*document)["tiers"].is_array();
  if (!is_catalogue || (*document)["tiers"].empty()) {
    return InvalidFile("must be an object with one field, tiers, a list of at least one tier");
  }
  std::vector<Tier> tiers;
  std::set<std::string> names;
  for (const json& item : (*document)["tiers"]) {
    tiers.push_back(TRY(ReadTier(item, tiers.size())));
    if (!names.insert(tiers.back().name).second) {
      return InvalidFile("tier " + Shorten(tiers.back().name) + ": is there twice");
    }
  }
  return TierCatalogue(std::move(tiers));
}

const Tier* TierCatalogue::Find(const std::string& name) const {
  const auto found = std::find_if(tiers_.begin(), tiers_.end(),
                                  [&](const Tier& tier) { return tier.name == name; });
  return found == tiers_.end() ? nullptr : &*found;
}

std::string TierCatalogue::Names() const {
  std::vector<std::string> names;
  for (const Tier& tier : tiers_) {
    names.push_back(tier.name);
  }
  return Join(names, ", ");
}

Result<EffectiveTenant> MakeEffectiveTenant(const TierCatalogue& tiers, const Tenant& tenant) {
  const TenantSpec& spec = tenant.spec;
  const Tier* tier = tiers.Find(spec.tier);
  if (tier == nullptr) {
    return Error{.code = ErrorCode::kInvalid,
                 .message = "spec.tier: tier " + Shorten(spec.tier.str()) +
                            " does not exist; there are " + tiers.Names() +
                            ". Choose one of them, or add it to the operator's tiers file.",
                 .reason = reason::kInvalidSpec};
  }
  const Result<std::string> config = MergeConfig(tier->config_json, spec.config_json.str());
  if (!config) {
    return Error{.code = ErrorCode::kInvalid,
                 .message = "spec." + config.error().message,
                 .reason = reason::kInvalidSpec};
  }
  std::set<std::string> features(tier->features.begin(), tier->features.end());
  features.insert(spec.features.begin(), spec.features.end());

  EffectiveTenant effective;
  effective.limits = Merge(tier->limits, spec.limits);
  effective.features.assign(features.begin(), features.end());
  const json document = {{"tenantID", EffectiveTenantId(tenant).value()},
                         {"displayName", spec.display_name},
                         {"tier", spec.tier.str()},
                         {"adminEmail", spec.admin_email},
                         {"features", effective.features},
                         {"limits", ToJson(effective.limits)},
                         {"config", TRY(ParseJson(*config))}};
  effective.config_json = DumpJson(document);
  return effective;
}

}  // namespace tenantry::api
