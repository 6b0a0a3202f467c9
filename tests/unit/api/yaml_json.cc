#include "tests/unit/api/yaml_json.h"

#include <yaml-cpp/yaml.h>

namespace tenantry::api {
namespace {

using nlohmann::json;

json FromScalar(const YAML::Node& node) {
  const std::string text = node.Scalar();
  const bool quoted = node.Tag() == "!";
  bool truth = false;
  if (!quoted && YAML::convert<bool>::decode(node, truth)) {
    return truth;
  }
  std::int64_t number = 0;
  if (!quoted && YAML::convert<std::int64_t>::decode(node, number)) {
    return number;
  }
  return text;
}

json FromNode(const YAML::Node& node) {
  if (node.IsMap()) {
    json object = json::object();
    for (const auto& entry : node) {
      object[entry.first.Scalar()] = FromNode(entry.second);
    }
    return object;
  }
  if (node.IsSequence()) {
    json list = json::array();
    for (const YAML::Node& item : node) {
      list.push_back(FromNode(item));
    }
    return list;
  }
  return node.IsScalar() ? FromScalar(node) : json();
}

}  // namespace

json ReadYaml(const std::string& path) { return FromNode(YAML::LoadFile(path)); }

}  // namespace tenantry::api
