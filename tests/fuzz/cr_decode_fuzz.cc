// Custom resources as an API server may send them. What can be decoded must survive being written
// and read again.

#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "common/api/codec.h"
#include "common/api/json_text.h"
#include "common/api/tier.h"

namespace tenantry::api {
namespace {

using nlohmann::json;

template <class Resource>
void CheckStatusRoundTrip(const json& object, Result<Resource> (*decode)(const json&)) {
  const Result<Resource> resource = decode(object);
  if (!resource) {
    return;
  }
  json again = object;
  again["status"] = EncodeStatus(resource->status);
  const Result<Resource> reread = decode(again);
  if (!reread || !(*reread == *resource)) {
    std::abort();
  }
}

void CheckStatusPatch(const json& from, const json& to) {
  const json object = {{"metadata", {{"uid", "u"}}}, {"status", from}};
  if (object.patch(MakeStatusPatch(Uid("u"), from, to))["status"] != to) {
    std::abort();
  }
}

void DecodeAll(std::string_view text) {
  const Result<json> object = ParseJson(text);
  if (!object) {
    return;
  }
  CheckStatusRoundTrip(*object, &DecodeDataStore);
  CheckStatusRoundTrip(*object, &DecodeTenant);
  CheckStatusRoundTrip(*object, &DecodeFixtureSet);
  const Result<Tenant> tenant = DecodeTenant(*object);
  if (tenant) {
    CheckStatusPatch(EncodeStatus(tenant->status), EncodeStatus(TenantStatus{}));
    CheckStatusPatch(EncodeStatus(TenantStatus{}), EncodeStatus(tenant->status));
    const Result<EffectiveTenant> effective = MakeEffectiveTenant(BuiltInTiers(), *tenant);
    if (effective && !json::accept(effective->config_json)) {
      std::abort();
    }
  }
}

}  // namespace
}  // namespace tenantry::api

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tenantry::api::DecodeAll({reinterpret_cast<const char*>(data), size});
  return 0;
}
