#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "common/api/data_store.h"
#include "common/api/fixture_set.h"
#include "common/api/meta.h"
#include "common/api/tenant.h"
#include "common/base/result.h"

// JSON of the Kubernetes API ⇄ our types. A missing required field or a wrong type is kInvalid and
// the message names the field's path ("spec.limits.connections: …"). Unknown fields are ignored:
// a newer API server may send them. Absent optional fields take the CRD's defaults.
namespace tenantry::api {

Result<ObjectMeta> DecodeObjectMeta(const nlohmann::json& object);  // of any Kubernetes object
Result<DataStore> DecodeDataStore(const nlohmann::json& object);
Result<Tenant> DecodeTenant(const nlohmann::json& object);
Result<FixtureSet> DecodeFixtureSet(const nlohmann::json& object);

// The whole `status` as it stands in the object. Empty optional fields are left out.
nlohmann::json EncodeStatus(const DataStoreStatus& status);
nlohmann::json EncodeStatus(const TenantStatus& status);
nlohmann::json EncodeStatus(const FixtureSetStatus& status);

// JSON Patch (RFC 6902) of an object of that UID with status `from`: gives it status `to`. Fields
// of a status are written whole. It fits no other object of the same name; `from` may be outdated.
nlohmann::json MakeStatusPatch(const Uid& uid, const nlohmann::json& from,
                               const nlohmann::json& to);

}  // namespace tenantry::api
