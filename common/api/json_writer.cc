#include "common/api/json_writer.h"

#include "common/api/json_text.h"
#include "common/api/protocol.h"
#include "common/base/base64.h"
#include "common/base/strings.h"

namespace tenantry::api {

using nlohmann::json;

json& JsonWriter::At(const std::string& name) {
  json* value = &object_;
  for (const std::string_view part : Split(name, '.')) {
    value = &(*value)[std::string(part)];
  }
  return *value;
}

void JsonWriter::Bytes(const char* name, const std::string& member) {
  if (IsValidUtf8(member)) {
    At(name) = member;
  } else {
    At(std::string(name) + "Base64") = EncodeBase64(member);
  }
}

void JsonWriter::Bytes(const char* name, const std::optional<std::string>& member) {
  if (member) {
    Bytes(name, *member);
  }
}

void JsonWriter::Json(const char* name, const std::string& member) {
  if (member.empty()) {
    return;
  }
  // Text that is not JSON is our own bug; the reader refuses it as "must be an object".
  Result<json> value = ParseJson(member);
  At(name) = value ? *std::move(value) : json(member);
}

void JsonWriter::Selector(const char* name, const std::map<std::string, std::string>& member) {
  if (!member.empty()) {
    At(name)["matchLabels"] = ToJson(member);
  }
}

void JsonWriter::Selector(const char* name,
                          const std::optional<std::map<std::string, std::string>>& member) {
  if (member) {
    At(name)["matchLabels"] = ToJson(*member);
  }
}

json ErrorToJson(const Error& error) {
  json object = {{"code", std::string(ToString(error.code))},
                 {"message", error.message},
                 {"retryable", IsRetryable(error.code)}};
  if (!error.reason.empty()) {
    object["reason"] = error.reason;
  }
  return object;
}

std::string FormatSeconds(std::chrono::seconds duration) {
  return std::to_string(duration.count()) + "s";
}

}  // namespace tenantry::api
