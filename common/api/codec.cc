#include "common/api/codec.h"

#include <nlohmann/json.hpp>

#include "common/api/json_reader.h"
#include "common/api/json_writer.h"
#include "common/api/reasons.h"
#include "common/api/resource_fields.h"

namespace tenantry::api {
namespace {

using nlohmann::json;

JsonReader::State NewState() {
  return {.rules = {.unknown_fields = ReadRules::UnknownFields::kIgnore,
                    .invalid_reason = reason::kInvalidSpec,
                    .unknown_reason = reason::kInvalidSpec}};
}

// Reads metadata, spec and, when there is one, status.
template <class Resource>
Result<Resource> DecodeResource(const json& object) {
  Resource resource;
  JsonReader::State state = NewState();
  JsonReader fields(object, "", state);
  fields.Required("metadata", resource.meta);
  fields.Required("spec", resource.spec);
  fields.Optional("status", resource.status);
  if (state.error) {
    return *std::move(state.error);
  }
  return resource;
}

}  // namespace

Result<ObjectMeta> DecodeObjectMeta(const json& object) {
  ObjectMeta meta;
  JsonReader::State state = NewState();
  JsonReader fields(object, "", state);
  fields.Required("metadata", meta);
  if (state.error) {
    return *std::move(state.error);
  }
  return meta;
}

Result<DataStore> DecodeDataStore(const json& object) { return DecodeResource<DataStore>(object); }
Result<Tenant> DecodeTenant(const json& object) { return DecodeResource<Tenant>(object); }
Result<FixtureSet> DecodeFixtureSet(const json& object) {
  return DecodeResource<FixtureSet>(object);
}

json EncodeStatus(const DataStoreStatus& status) { return ToJson(status); }
json EncodeStatus(const TenantStatus& status) { return ToJson(status); }
json EncodeStatus(const FixtureSetStatus& status) { return ToJson(status); }

json MakeStatusPatch(const Uid& uid, const json& from, const json& to) {
  json patch = json::array({{{"op", "test"}, {"path", "/metadata/uid"}, {"value", uid.value()}}});
  if (from.empty()) {
    patch.push_back({{"op", "add"}, {"path", "/status"}, {"value", to}});
    return patch;
  }
  for (const auto& [key, value] : from.items()) {
    if (!to.contains(key)) {
      // What is not there cannot be removed, so that it is put there first.
      patch.push_back({{"op", "add"}, {"path", "/status/" + key}, {"value", value}});
      patch.push_back({{"op", "remove"}, {"path", "/status/" + key}});
    }
  }
  for (const auto& [key, value] : to.items()) {
    const auto old = from.find(key);
    if (old == from.end() || *old != value) {
      patch.push_back({{"op", "add"}, {"path", "/status/" + key}, {"value", value}});
    }
  }
  return patch;
}

}  // namespace tenantry::api
