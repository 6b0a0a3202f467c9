#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace tenantry::api {

// The one document of a YAML file as the API server would see it.
nlohmann::json ReadYaml(const std::string& path);

}  // namespace tenantry::api
