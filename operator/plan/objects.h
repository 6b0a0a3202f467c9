#pragma once

#include <map>
#include <string>

#include "common/api/meta.h"
#include "common/base/secret.h"

// The few Kubernetes objects that the operator makes for a Tenant, as values.
namespace tenantry::plan {

// Who made an object, and for whom.
struct Ownership {
  api::Name tenant;       // label tenantry.dev/tenant
  api::Uid tenant_uid;    // owner reference
  std::string component;  // label tenantry.dev/component

  friend bool operator==(const Ownership&, const Ownership&) = default;
};

struct SecretObject {
  api::Namespace ns;
  api::Name name;
  std::string type;                                // "servicebinding.io/postgresql"
  std::map<std::string, Secret> data;              // decoded
  std::map<std::string, std::string> annotations;  // ours only
  Ownership ownership;

  friend bool operator==(const SecretObject&, const SecretObject&) = default;
};

struct ConfigMapObject {
  api::Namespace ns;
  api::Name name;
  std::map<std::string, std::string> data;
  Ownership ownership;

  friend bool operator==(const ConfigMapObject&, const ConfigMapObject&) = default;
};

// An object as the API server has it.
template <class Object>
struct Existing {
  Object object;
  std::string resource_version;
};

}  // namespace tenantry::plan
