#pragma once

#include <nlohmann/json_fwd.hpp>

#include "common/base/result.h"
#include "operator/plan/objects.h"

// Secrets and ConfigMaps as JSON of the Kubernetes API, and back.
namespace tenantry::reconcile {

nlohmann::json EncodeManifest(const plan::SecretObject& secret);
nlohmann::json EncodeManifest(const plan::ConfigMapObject& config_map);

// Labels, owner and annotations that are not ours are not kept; kInvalid for data that is no
// base64.
Result<plan::Existing<plan::SecretObject>> DecodeSecret(const nlohmann::json& object);
Result<plan::Existing<plan::ConfigMapObject>> DecodeConfigMap(const nlohmann::json& object);

}  // namespace tenantry::reconcile
