#include "operator/reconcile/writes.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "common/api/codec.h"
#include "operator/plan/binding.h"
#include "operator/reconcile/manifests.h"

namespace tenantry::reconcile {
namespace {

using kube::Json;

const kube::Resource& ResourceOf(const api::DataStore& /*tag*/) { return kube::kDataStores; }
const kube::Resource& ResourceOf(const api::Tenant& /*tag*/) { return kube::kTenants; }
const kube::Resource& ResourceOf(const api::FixtureSet& /*tag*/) { return kube::kFixtureSets; }

Result<api::DataStore> Decode(const Json& object, const api::DataStore& /*tag*/) {
  return api::DecodeDataStore(object);
}
Result<api::Tenant> Decode(const Json& object, const api::Tenant& /*tag*/) {
  return api::DecodeTenant(object);
}
Result<api::FixtureSet> Decode(const Json& object, const api::FixtureSet& /*tag*/) {
  return api::DecodeFixtureSet(object);
}

// An answer that cannot be read is no failure of the write: the watch brings the object, too.
template <class T>
void TakeAnswer(const Services& services, const Json& answer, const T& tag) {
  Result<T> object = Decode(answer, tag);
  if (object) {
    services.router.Seen(*std::move(object), Origin::kOwnWrite);
  }
}

Json FinalizerPatch(const api::ObjectMeta& meta, const std::string& finalizer,
                    FinalizerChange change) {
  Json patch = Json::array(
      {{{"op", "test"}, {"path", "/metadata/resourceVersion"}, {"value", meta.resource_version}}});
  if (change == FinalizerChange::kAdd) {
    const bool first = meta.finalizers.empty();
    patch.push_back({{"op", "add"},
                     {"path", first ? "/metadata/finalizers" : "/metadata/finalizers/-"},
                     {"value", first ? Json::array({finalizer}) : Json(finalizer)}});
    return patch;
  }
  const auto found = std::find(meta.finalizers.begin(), meta.finalizers.end(), finalizer);
  const auto index = std::to_string(found - meta.finalizers.begin());
  patch.push_back({{"op", "remove"}, {"path", "/metadata/finalizers/" + index}});
  return patch;
}

// What differs between Secrets and ConfigMaps.
struct SecretTraits {
  using Object = plan::SecretObject;
  static constexpr Reference kReference = Reference::kSecret;
  static const kube::Resource& Resource() { return kube::kSecrets; }
  static auto Decode(const Json& object) { return DecodeSecret(object); }
};
struct ConfigMapTraits {
  using Object = plan::ConfigMapObject;
  static constexpr Reference kReference = Reference::kConfigMap;
  static const kube::Resource& Resource() { return kube::kConfigMaps; }
  static auto Decode(const Json& object) { return DecodeConfigMap(object); }
};

template <class Traits>
Result<Json> Create(const Services& services, const typename Traits::Object& object) {
  Result<Json> created =
      services.kube.Create(Traits::Resource(), object.ns, EncodeManifest(object));
  if (!created && created.error().reason == kAlreadyExists) {
    services.references.FoundForeign(Traits::kReference, {object.ns, object.name});
  }
  return created;
}

// What a Tenant of this name has left behind whose finalizer somebody else took off: one owner can
// be the controller.
template <class Traits>
Result<Json> TakeOver(const Services& services, const typename Traits::Object& object) {
  const Json manifest = EncodeManifest(object);
  const Json patch = Json::array({{{"op", "replace"},
                                   {"path", "/metadata/ownerReferences"},
                                   {"value", manifest["metadata"]["ownerReferences"]}}});
  TRY(services.kube.JsonPatch(Traits::Resource(), object.ns, object.name, patch));
  return services.kube.Apply(Traits::Resource(), object.ns, manifest, kFieldManager, true);
}

bool HasOtherOwner(const Error& error) {
  return error.code == ErrorCode::kInvalid &&
         error.message.find("metadata.ownerReferences") != std::string::npos;
}

// A field that was created belongs to no apply, so that an apply without it would leave it there:
// keys of ours that are not wanted any more are removed by name.
template <class Traits>
Result<Json> Apply(const Services& services, const typename Traits::Object& object) {
  Result<Json> answer = services.kube.Apply(Traits::Resource(), object.ns, EncodeManifest(object),
                                            kFieldManager, true);
  if (!answer && HasOtherOwner(answer.error())) {
    answer = TakeOver<Traits>(services, object);
  }
  Json applied = TRY(std::move(answer));
  Json removals = Json::array();
  const auto ours = plan::OurPart(TRY(Traits::Decode(applied)).object);
  for (const auto& [key, value] : ours.data) {
    if (!object.data.contains(key)) {
      removals.push_back({{"op", "remove"}, {"path", "/data/" + key}});
    }
  }
  return removals.empty()
             ? Result<Json>(std::move(applied))
             : services.kube.JsonPatch(Traits::Resource(), object.ns, object.name, removals);
}

template <class Traits>
Result<plan::Existing<typename Traits::Object>> WriteObject(const Services& services,
                                                            const typename Traits::Object& object,
                                                            WriteMode mode) {
  const auto mark = services.index.BeforeWrite(Traits::kReference);
  const Json answer = TRY(mode == WriteMode::kCreate ? Create<Traits>(services, object)
                                                     : Apply<Traits>(services, object));
  auto existing = TRY(Traits::Decode(answer));
  services.references.Written(TRY(api::DecodeObjectMeta(answer)), existing, mark);
  return existing;
}

Result<void> IgnoreNotFound(Result<void> result) {
  if (!result && result.error().code == ErrorCode::kNotFound) {
    return {};
  }
  return result;
}

}  // namespace

template <class T>
Result<void> ChangeFinalizer(const Services& services, const T& object,
                             const std::string& finalizer, FinalizerChange change) {
  if (object.meta.HasFinalizer(finalizer) == (change == FinalizerChange::kAdd)) {
    return {};
  }
  Result<Json> answer =
      services.kube.JsonPatch(ResourceOf(object), object.meta.ns, object.meta.name,
                              FinalizerPatch(object.meta, finalizer, change));
  const bool gone = !answer && answer.error().code == ErrorCode::kNotFound;
  if (gone && change == FinalizerChange::kRemove) {
    return {};
  }
  if (gone) {
    // Nothing may be made for it any more: nobody would take it away.
    return Error{ErrorCode::kUnavailable,
                 "It was deleted before anything was made for it. Nothing is to be done."};
  }
  if (!answer) {
    return std::move(answer).error();
  }
  TakeAnswer(services, *answer, object);
  return {};
}

template <class T, class Status>
Result<void> PatchStatus(const Services& services, const T& object, const Status& status) {
  if (status == object.status) {
    return {};
  }
  // A status that nobody wrote yet has none of the zeros that it decodes to.
  const Json before =
      object.status.observed_generation < 0 ? Json::object() : api::EncodeStatus(object.status);
  // Of this very object: one of the same name may have taken its place meanwhile.
  const Json patch = api::MakeStatusPatch(object.meta.uid, before, api::EncodeStatus(status));
  Result<Json> answer =
      services.kube.PatchStatus(ResourceOf(object), object.meta.ns, object.meta.name, patch);
  if (!answer && answer.error().code == ErrorCode::kNotFound) {
    return {};
  }
  if (!answer) {
    return std::move(answer).error();
  }
  TakeAnswer(services, *answer, object);
  return {};
}

template Result<void> ChangeFinalizer(const Services&, const api::DataStore&, const std::string&,
                                      FinalizerChange);
template Result<void> ChangeFinalizer(const Services&, const api::Tenant&, const std::string&,
                                      FinalizerChange);
template Result<void> ChangeFinalizer(const Services&, const api::FixtureSet&, const std::string&,
                                      FinalizerChange);
template Result<void> PatchStatus(const Services&, const api::DataStore&,
                                  const api::DataStoreStatus&);
template Result<void> PatchStatus(const Services&, const api::Tenant&, const api::TenantStatus&);
template Result<void> PatchStatus(const Services&, const api::FixtureSet&,
                                  const api::FixtureSetStatus&);

Result<plan::Existing<plan::SecretObject>> Write(const Services& services,
                                                 const plan::SecretObject& secret, WriteMode mode) {
  return WriteObject<SecretTraits>(services, secret, mode);
}

Result<plan::Existing<plan::ConfigMapObject>> Write(const Services& services,
                                                    const plan::ConfigMapObject& config_map,
                                                    WriteMode mode) {
  return WriteObject<ConfigMapTraits>(services, config_map, mode);
}

Result<void> DeleteSecret(const Services& services, const api::ObjectKey& key) {
  return IgnoreNotFound(services.kube.Delete(kube::kSecrets, key.ns, key.name));
}

Result<void> DeleteConfigMap(const Services& services, const api::ObjectKey& key) {
  return IgnoreNotFound(services.kube.Delete(kube::kConfigMaps, key.ns, key.name));
}

}  // namespace tenantry::reconcile
