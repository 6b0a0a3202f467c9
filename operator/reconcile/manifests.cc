#include "operator/reconcile/manifests.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "common/api/codec.h"
#include "common/base/base64.h"
#include "operator/plan/binding.h"

namespace tenantry::reconcile {
namespace {

using Json = nlohmann::json;

Json MetadataOf(const api::Namespace& ns, const api::Name& name, const plan::Ownership& ownership) {
  return {{"name", name.value()},
          {"namespace", ns.value()},
          {"labels",
           {{"app.kubernetes.io/managed-by", "tenantry"},
            {"app.kubernetes.io/part-of", "tenantry"},
            {api::kManagedLabel, "true"},
            {api::kWatchLabel, "true"},
            {api::kTenantLabel, ownership.tenant.value()},
            {api::kComponentLabel, ownership.component}}},
          {"ownerReferences", Json::array({{{"apiVersion", api::kApiVersion},
                                            {"kind", api::ToString(api::Kind::kTenant)},
                                            {"name", ownership.tenant.value()},
                                            {"uid", ownership.tenant_uid.value()},
                                            {"controller", true},
                                            {"blockOwnerDeletion", false}}})}};
}

std::string LabelOf(const api::ObjectMeta& meta, const char* label) {
  const auto found = meta.labels.find(label);
  return found == meta.labels.end() ? "" : found->second;
}

// UID of the owning Tenant; empty when there is none.
std::string OwnerUid(const Json& object) {
  const Json::json_pointer owners("/metadata/ownerReferences");
  if (!object.contains(owners) || !object[owners].is_array()) {
    return "";
  }
  for (const Json& owner : object[owners]) {
    if (owner.is_object() && owner.value("kind", Json()) == api::ToString(api::Kind::kTenant) &&
        owner.contains("uid") && owner["uid"].is_string()) {
      return owner["uid"].get<std::string>();
    }
  }
  return "";
}

// An object that does not carry our label has no tenant: it is somebody else's.
plan::Ownership OwnershipOf(const api::ObjectMeta& meta, const Json& object) {
  if (LabelOf(meta, api::kManagedLabel) != "true") {
    return {};
  }
  return {.tenant = api::Name(LabelOf(meta, api::kTenantLabel)),
          .tenant_uid = api::Uid(OwnerUid(object)),
          .component = LabelOf(meta, api::kComponentLabel)};
}

Result<std::map<std::string, std::string>> StringsOf(const Json& object, const char* field) {
  std::map<std::string, std::string> strings;
  if (!object.contains(field) || object[field].is_null()) {
    return strings;
  }
  if (!object[field].is_object()) {
    return Error{ErrorCode::kInvalid, std::string(field) + " is not an object"};
  }
  for (const auto& [key, value] : object[field].items()) {
    if (!value.is_string()) {
      return Error{ErrorCode::kInvalid, std::string(field) + "." + key + " is not a string"};
    }
    strings.emplace(key, value.get<std::string>());
  }
  return strings;
}

}  // namespace

Json EncodeManifest(const plan::SecretObject& secret) {
  Json data = Json::object();
  for (const auto& [key, value] : secret.data) {
    data[key] = EncodeBase64(value.reveal());
  }
  Json metadata = MetadataOf(secret.ns, secret.name, secret.ownership);
  if (!secret.annotations.empty()) {
    metadata["annotations"] = secret.annotations;
  }
  return {{"apiVersion", "v1"},
          {"kind", "Secret"},
          {"metadata", std::move(metadata)},
          {"type", secret.type},
          {"data", std::move(data)}};
}

Json EncodeManifest(const plan::ConfigMapObject& config_map) {
  return {{"apiVersion", "v1"},
          {"kind", "ConfigMap"},
          {"metadata", MetadataOf(config_map.ns, config_map.name, config_map.ownership)},
          {"data", config_map.data}};
}

Result<plan::Existing<plan::SecretObject>> DecodeSecret(const Json& object) {
  const api::ObjectMeta meta = TRY(api::DecodeObjectMeta(object));
  const auto encoded = TRY(StringsOf(object, "data"));
  plan::SecretObject secret{.ns = meta.ns, .name = meta.name};
  secret.ownership = OwnershipOf(meta, object);
  if (object.contains("type") && object["type"].is_string()) {
    secret.type = object["type"].get<std::string>();
  }
  for (const auto& [key, text] : encoded) {
    std::optional<std::string> bytes = DecodeBase64(text);
    if (!bytes) {
      return Error{ErrorCode::kInvalid, "data." + key + " is not base64"};
    }
    secret.data.emplace(key, Secret(*std::move(bytes)));
  }
  for (const char* ours : {plan::kRotatedAtAnnotation, plan::kPreviousUserAnnotation}) {
    if (const std::string value = meta.Annotation(ours); !value.empty()) {
      secret.annotations.emplace(ours, value);
    }
  }
  return plan::Existing<plan::SecretObject>{std::move(secret), meta.resource_version};
}

Result<plan::Existing<plan::ConfigMapObject>> DecodeConfigMap(const Json& object) {
  const api::ObjectMeta meta = TRY(api::DecodeObjectMeta(object));
  plan::ConfigMapObject config_map{.ns = meta.ns, .name = meta.name};
  config_map.data = TRY(StringsOf(object, "data"));
  const auto binary = TRY(StringsOf(object, "binaryData"));
  for (const auto& [key, text] : binary) {
    std::optional<std::string> bytes = DecodeBase64(text);
    if (!bytes) {
      return Error{ErrorCode::kInvalid, "binaryData." + key + " is not base64"};
    }
    config_map.data.emplace(key, *std::move(bytes));
  }
  config_map.ownership = OwnershipOf(meta, object);
  return plan::Existing<plan::ConfigMapObject>{std::move(config_map), meta.resource_version};
}

}  // namespace tenantry::reconcile
