#include "common/api/meta.h"

#include <algorithm>

#include "common/api/enum_names.h"

namespace tenantry::api {

const char* ToString(Kind kind) {
  switch (kind) {
    case Kind::kDataStore:
      return "DataStore";
    case Kind::kTenant:
      return "Tenant";
    case Kind::kFixtureSet:
      return "FixtureSet";
  }
  return "";
}

const char* PluralOf(Kind kind) {
  switch (kind) {
    case Kind::kDataStore:
      return "datastores";
    case Kind::kTenant:
      return "tenants";
    case Kind::kFixtureSet:
      return "fixturesets";
  }
  return "";
}

std::string ToString(const ObjectKey& key) { return key.ns.value() + "/" + key.name.value(); }

bool ObjectMeta::HasFinalizer(const std::string& finalizer) const {
  return std::find(finalizers.begin(), finalizers.end(), finalizer) != finalizers.end();
}

std::string ObjectMeta::Annotation(const std::string& annotation_key) const {
  const auto found = annotations.find(annotation_key);
  return found == annotations.end() ? std::string() : found->second;
}

const char* ToString(ConditionStatus status) { return NameOf(status); }

const Condition* FindCondition(const std::vector<Condition>& conditions, const std::string& type) {
  const auto found =
      std::find_if(conditions.begin(), conditions.end(),
                   [&](const Condition& condition) { return condition.type == type; });
  return found == conditions.end() ? nullptr : &*found;
}

bool IsTrue(const std::vector<Condition>& conditions, const std::string& type) {
  const Condition* condition = FindCondition(conditions, type);
  return condition != nullptr && condition->status == ConditionStatus::kTrue;
}

}  // namespace tenantry::api
