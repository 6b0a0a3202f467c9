#include "common/api/config_merge.h"

#include <nlohmann/json.hpp>

#include "common/api/json_text.h"

namespace tenantry::api {
namespace {

using nlohmann::json;

Result<json> ParseObject(const std::string& text) {
  if (text.empty()) {
    return json::object();
  }
  Result<json> object = ParseJson(text);
  if (!object) {
    return WithContext(std::move(object).error(), "config");
  }
  if (!object->is_object()) {
    return Error{.code = ErrorCode::kInvalid, .message = "config: must be an object"};
  }
  return object;
}

}  // namespace

Result<std::string> MergeConfig(const std::string& base, const std::string& over) {
  json merged = json::object();
  merged.merge_patch(TRY(ParseObject(base)));  // onto nothing: takes the nulls out of it
  merged.merge_patch(TRY(ParseObject(over)));
  return DumpJson(merged);
}

}  // namespace tenantry::api
