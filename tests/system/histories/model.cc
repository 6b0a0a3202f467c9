#include "tests/system/histories/model.h"

#include <utility>

namespace tenantry::testing {
namespace {

constexpr std::array kTiers = {"Free", "Starter", "Standard", "Professional", "Enterprise"};
constexpr std::array kGroups = {"a", "b", "c"};
constexpr char kBrokenData[] = R"([{"artist_id": "x", "no_such_column": 1}])";

// One of several, by a part of the action's number that nothing else uses.
template <class Choices>
auto Pick(const Choices& choices, std::uint64_t number, unsigned part) {
  return choices[(number >> (part * 8U)) % choices.size()];
}

bool OneOf(std::uint64_t many, std::uint64_t number, unsigned part) {
  return (number >> (part * 8U)) % many == 0;
}

// Databases cost a second each, so that there are few.
std::string PickIsolation(std::uint64_t number) {
  const std::uint64_t choice = (number >> 40U) % 16;
  return choice == 0 ? "Database" : choice < 6 ? "RowLevel" : "Schema";
}

std::string RowsText(const std::string& prefix, const std::string& name) {
  Json rows = Json::array();
  for (int row = 0; row < kRowsPerSet; ++row) {
    rows.push_back({{"artist_id", prefix + std::to_string(row)}, {"name", name}});
  }
  return rows.dump();
}

std::string FilePrefix(int slot) { return "c" + std::to_string(slot) + "-"; }

Json SourceOf(const SetModel& set, int slot) {
  switch (set.source) {
    case SetModel::Source::kInline:
      return {{"inline",
               RowsText(Model::InlinePrefix(slot, set.life), "v" + std::to_string(set.version))}};
    case SetModel::Source::kConfigMap:
      return {{"configMapRef", {{"name", Model::FileName(slot)}, {"key", "rows.json"}}}};
    case SetModel::Source::kBroken:
      break;
  }
  return {{"inline", kBrokenData}};
}

}  // namespace

void Model::BeginTenant(const Action& action, int position, std::optional<std::string> found_data) {
  const std::uint64_t number = action.number;
  const int life = tenant(action.slot).life + 1;
  const bool lost_keys = tenant(action.slot).lost_keys && found_data;
  const bool damaged = tenant(action.slot).damaged && found_data;
  TenantModel& model = tenant(action.slot) = {};
  model.lost_keys = lost_keys;
  model.damaged = damaged;
  model.wanted = true;
  model.life = life;
  model.isolation = PickIsolation(number);
  // Who takes over what was kept mostly asks for it as it is.
  if (found_data && !OneOf(8, number, 6)) {
    model.isolation = *found_data;
  }
  model.adopt = found_data && OneOf(2, number, 0);
  model.found_data = std::move(found_data);
  model.tier = "Standard";
  model.group = Pick(kGroups, number, 1);
  model.retain = OneOf(3, number, 2);
  model.connections = 5;
  model.revision = position;
}

void Model::EditTenant(const Action& action, int position) {
  TenantModel& model = tenant(action.slot);
  const std::uint64_t number = action.number;
  const std::string unique = std::to_string(position);
  switch (action.verb) {
    case Verb::kTenantLimits:
      model.connections = 5 + static_cast<int>(number % 20);
      break;
    case Verb::kTenantName:
      model.display_name = "Tenant " + unique;
      break;
    case Verb::kTenantTier:
      model.tier = OneOf(6, number, 0) ? kNoSuchTier : Pick(kTiers, number, 1);
      break;
    case Verb::kTenantFeatures:
      model.feature = "feature-" + unique;
      break;
    case Verb::kTenantPolicy:
      model.retain = !model.retain;
      break;
    case Verb::kTenantGroup:
      model.changed_group = true;
      model.group = Pick(kGroups, number, 0);
      break;
    case Verb::kTenantSuspend:
      model.suspended = !model.suspended && OneOf(2, number, 0);
      break;
    case Verb::kTenantRotate:
      model.rotation = unique;
      break;
    case Verb::kTenantRequest:
      model.request = unique;
      break;
    case Verb::kTenantAdopt:
      model.adopt = true;
      break;
    default:
      model.revision = position;
  }
}

void Model::EndTenant(int slot, bool provisioned) {
  TenantModel& model = tenant(slot);
  const bool claims = MayClaim(slot);
  Remains remains{.isolation = model.isolation};
  if (!claims) {
    remains = {.none_is_right = false, .data_is_right = true, .isolation = *model.found_data};
  } else if (model.found_data) {
    remains.none_is_right = !model.retain;
    remains.data_is_right = model.retain || !provisioned;
  } else {
    remains.none_is_right = !model.retain || !provisioned;
    remains.data_is_right = model.retain;
  }
  remains.whole = !model.damaged;
  model.wanted = false;
  model.remains = remains;
}

void Model::BeginSet(const Action& action, int position) {
  const std::uint64_t number = action.number;
  SetModel& model = set(action.slot);
  model = {.life = model.life + 1, .clean_lives = std::move(model.clean_lives)};
  model.wanted = true;
  model.version = position;
  model.tenant = static_cast<int>((number >> 8U) % kTenantSlots);
  model.group = OneOf(4, number, 2) ? Pick(kGroups, number, 3) : "";
  model.retain = OneOf(2, number, 4);
  model.has_redis = OneOf(3, number, 5);
}

void Model::EditSet(const Action& action, int position) {
  SetModel& model = set(action.slot);
  const std::uint64_t number = action.number;
  switch (action.verb) {
    case Verb::kSetSource:
      model.source = OneOf(4, number, 0)   ? SetModel::Source::kBroken
                     : OneOf(2, number, 1) ? SetModel::Source::kConfigMap
                                           : SetModel::Source::kInline;
      break;
    case Verb::kSetTarget:
      model.was_constant = false;
      model.tenant = static_cast<int>((number >> 8U) % kTenantSlots);
      model.group = OneOf(4, number, 2) ? Pick(kGroups, number, 3) : "";
      break;
    case Verb::kSetPolicy:
      model.was_constant = false;
      model.retain = !model.retain;
      break;
    case Verb::kSetSuspend:
      model.suspended = !model.suspended && OneOf(2, number, 0);
      break;
    case Verb::kSetRequest:
      model.request = std::to_string(position);
      break;
    default:
      model.version = position;
  }
}

void Model::EndSet(int slot) {
  SetModel& model = set(slot);
  model.wanted = false;
  if (!model.retain && model.was_constant) {
    model.clean_lives.push_back(model.life);
  }
}

bool Model::MayClaim(int slot) const {
  const TenantModel& model = tenant(slot);
  return !model.found_data || (model.adopt && *model.found_data == model.isolation);
}

bool Model::IsReady(int slot) const {
  const auto verdict = VerdictOfTenant(slot);
  return verdict && verdict->status == "True";
}

bool Model::Covers(int set_slot, int tenant_slot) const {
  const SetModel& model = set(set_slot);
  const TenantModel& covered = tenant(tenant_slot);
  return covered.wanted &&
         (model.group.empty() ? model.tenant == tenant_slot : model.group == covered.group);
}

std::optional<Verdict> Model::VerdictOfTenant(int slot) const {
  const TenantModel& model = tenant(slot);
  if (!model.wanted || model.suspended) {
    return std::nullopt;
  }
  if (model.tier == kNoSuchTier) {
    return Verdict{"False", "InvalidSpec"};
  }
  if (model.found_data && !model.adopt) {
    return Verdict{"False", "AdoptionRequired"};
  }
  return MayClaim(slot) ? Verdict{"True", "Succeeded"} : Verdict{"False", "InvalidSpec"};
}

std::optional<Verdict> Model::VerdictOfSet(int slot) const {
  const SetModel& model = set(slot);
  if (!model.wanted) {
    return std::nullopt;
  }
  if (model.suspended) {
    return Verdict{"False", "Suspended"};
  }
  if (model.group.empty() && !tenant(model.tenant).wanted) {
    return Verdict{"False", "DependencyNotReady"};
  }
  if (model.source == SetModel::Source::kConfigMap && file(slot).version == 0) {
    return Verdict{"False", "ConfigMapNotFound"};
  }
  bool loadable = false;
  bool waits = false;
  for (int i = 0; i < kTenantSlots; ++i) {
    if (Covers(slot, i) && tenant(i).suspended) {
      return std::nullopt;
    }
    loadable = loadable || (Covers(slot, i) && IsReady(i));
    waits = waits || (Covers(slot, i) && !IsReady(i));
  }
  if (loadable && model.source == SetModel::Source::kBroken) {
    return Verdict{"False", "InvalidData"};
  }
  return waits ? Verdict{"Unknown", "DependencyNotReady"} : Verdict{"True", "Succeeded"};
}

bool Model::MayBlockDeletion(int set_slot) const {
  for (int i = 0; i < kTenantSlots; ++i) {
    if (Covers(set_slot, i) && !IsReady(i)) {
      return true;
    }
  }
  return false;
}

Json Model::TenantManifest(int slot, const std::string& tenant_id) const {
  const TenantModel& model = tenant(slot);
  Json annotations = Json::object();
  if (model.adopt) {
    annotations["tenantry.dev/adopt"] = "true";
  }
  if (!model.rotation.empty()) {
    annotations["tenantry.dev/rotate-credentials"] = model.rotation;
  }
  if (!model.request.empty()) {
    annotations["tenantry.dev/requestedAt"] = model.request;
  }
  Json features = Json::array();
  if (!model.feature.empty()) {
    features.push_back(model.feature);
  }
  return {{"apiVersion", "tenantry.dev/v1alpha1"},
          {"kind", "Tenant"},
          {"metadata",
           {{"name", TenantName(slot)},
            {"labels", {{"group", model.group}}},
            {"annotations", annotations}}},
          {"spec",
           {{"tenantID", tenant_id},
            {"displayName", model.display_name},
            {"dataStoreRef", {{"name", "main"}}},
            {"isolation", model.isolation},
            {"schema", {{"template", "Music"}}},
            {"tier", model.tier},
            {"features", features},
            {"config", {{"revision", model.revision}}},
            {"limits", {{"connections", model.connections}}},
            {"deletionPolicy", model.retain ? "Retain" : "Delete"},
            {"suspend", model.suspended}}}};
}

Json Model::SetManifest(int slot) const {
  const SetModel& model = set(slot);
  Json annotations = Json::object();
  if (!model.request.empty()) {
    annotations["tenantry.dev/requestedAt"] = model.request;
  }
  Json datasets = Json::array({{{"name", "artists"},
                                {"source", SourceOf(model, slot)},
                                {"target", {{"table", "artists"}}},
                                {"conflict", "Update"}}});
  if (model.has_redis) {
    const std::string key = SetName(slot) + "l" + std::to_string(model.life) + ":{artist_id}";
    datasets.push_back({{"name", "cache"},
                        {"source", SourceOf(model, slot)},
                        {"target", {{"redis", {{"key", key}, {"type", "Hash"}}}}},
                        {"conflict", "Update"}});
  }
  Json spec = {{"datasets", datasets},
               {"deletionPolicy", model.retain ? "Retain" : "Unload"},
               {"suspend", model.suspended}};
  if (model.group.empty()) {
    spec["tenantRef"] = {{"name", TenantName(model.tenant)}};
  } else {
    spec["tenantSelector"] = {{"matchLabels", {{"group", model.group}}}};
  }
  return {{"apiVersion", "tenantry.dev/v1alpha1"},
          {"kind", "FixtureSet"},
          {"metadata", {{"name", SetName(slot)}, {"annotations", annotations}}},
          {"spec", spec}};
}

Json Model::FileManifest(int slot) const {
  return {{"apiVersion", "v1"},
          {"kind", "ConfigMap"},
          {"metadata", {{"name", FileName(slot)}, {"labels", {{"tenantry.dev/watch", "true"}}}}},
          {"data",
           {{"rows.json", RowsText(FilePrefix(slot), "w" + std::to_string(file(slot).version))}}}};
}

std::optional<Model::Rows> Model::RowsOf(int set_slot) const {
  const auto verdict = VerdictOfSet(set_slot);
  const SetModel& model = set(set_slot);
  if (!verdict || verdict->status == "False" || model.source == SetModel::Source::kBroken) {
    return std::nullopt;
  }
  if (model.source == SetModel::Source::kConfigMap) {
    return Rows{FilePrefix(set_slot), "w" + std::to_string(file(set_slot).version)};
  }
  return Rows{InlinePrefix(set_slot, model.life), "v" + std::to_string(model.version)};
}

std::string Model::InlinePrefix(int set_slot, int life) {
  return SetName(set_slot) + "l" + std::to_string(life) + "-";
}

}  // namespace tenantry::testing
