#include "operator/kube/decode.h"

#include <algorithm>
#include <optional>

#include "common/base/strings.h"

namespace tenantry::kube {
namespace {

constexpr std::size_t kMaxMessage = 1024;
// All that the API server says about a JSON patch that does not fit the object.
constexpr std::string_view kRejectedRequest =
    "the server rejected our request due to an error in our request";

ErrorCode CodeOf(int http_status) {
  switch (http_status) {
    case 404:
      return ErrorCode::kNotFound;
    case 409:
    case 410:
      return ErrorCode::kConflict;
    case 408:
    case 429:
      return ErrorCode::kUnavailable;
    default:
      break;
  }
  if (http_status >= 500) {
    return ErrorCode::kUnavailable;
  }
  return http_status >= 400 ? ErrorCode::kInvalid : ErrorCode::kInternal;
}

Error DecodeStatusObject(int http_status, const Json& status) {
  Error error{CodeOf(http_status), StringAt(status, {"message"}), StringAt(status, {"reason"})};
  if (error.message.empty()) {
    error.message = "the API server answered with HTTP status " + std::to_string(http_status);
  }
  if (http_status == 410) {
    error.reason = "Expired";  // also where the server says "Gone"
  }
  error.message = Shorten(error.message, kMaxMessage);
  return error;
}

std::optional<WatchEventType> ReadType(const std::string& type) {
  if (type == "ADDED") {
    return WatchEventType::kAdded;
  }
  if (type == "MODIFIED") {
    return WatchEventType::kModified;
  }
  if (type == "DELETED") {
    return WatchEventType::kDeleted;
  }
  if (type == "BOOKMARK") {
    return WatchEventType::kBookmark;
  }
  return std::nullopt;
}

}  // namespace

int NestingDepth(std::string_view text) {
  int depth = 0;
  int deepest = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char byte = text[i];
    if (in_string) {
      i += byte == '\\' ? 1 : 0;
      in_string = byte != '"';
    } else if (byte == '"') {
      in_string = true;
    } else if (byte == '{' || byte == '[') {
      deepest = std::max(deepest, ++depth);
    } else if (byte == '}' || byte == ']') {
      --depth;
    }
  }
  return deepest;
}

Result<Json> DecodeObject(std::string_view text) {
  if (NestingDepth(text) > kMaxDepth) {
    return Error{ErrorCode::kInvalid,
                 "an object is nested deeper than " + std::to_string(kMaxDepth) + " levels",
                 kUnreadable};
  }
  Json object = Json::parse(text, nullptr, false);
  if (!object.is_object()) {
    return Error{ErrorCode::kInternal, "the API server sent something that is not a JSON object: " +
                                           std::to_string(text.size()) + " bytes"};
  }
  return object;
}

Result<WatchEvent> DecodeWatchLine(std::string_view line) {
  Json event = TRY(DecodeObject(line));
  const std::string type = StringAt(event, {"type"});
  const auto object = event.find("object");
  if (object == event.end() || !object->is_object()) {
    return Error{ErrorCode::kInternal, "an event of the API server's watch has no object"};
  }
  if (type == "ERROR") {
    const auto code = object->find("code");
    const bool usable = code != object->end() && code->is_number_integer();
    return DecodeStatusObject(usable ? code->get<int>() : 500, *object);
  }
  const auto known = ReadType(type);
  if (!known) {
    return Error{
        ErrorCode::kInternal,
        "an event of the API server's watch has the unknown type \"" + Shorten(type) + "\""};
  }
  std::string resource_version = StringAt(*object, {"metadata", "resourceVersion"});
  return WatchEvent{*known, std::move(*object), std::move(resource_version)};
}

Error DecodeStatus(int http_status, std::string_view body, std::string_view what) {
  Result<Json> status = DecodeObject(body);
  return WithContext(DecodeStatusObject(http_status, status ? *status : Json::object()), what);
}

Error DecodePatchError(Error error, const Json& patch) {
  const bool has_test = std::any_of(patch.begin(), patch.end(), [](const Json& operation) {
    return StringAt(operation, {"op"}) == "test";
  });
  if (error.reason == "Invalid" && has_test && error.message.ends_with(kRejectedRequest)) {
    error.code = ErrorCode::kConflict;
    error.reason = "Conflict";
    error.message += ": the object is not as the patch expects it";
  }
  return error;
}

std::string StringAt(const Json& object, std::initializer_list<const char*> path) {
  const Json* at = &object;
  for (const char* key : path) {
    if (!at->is_object()) {
      return {};
    }
    const auto found = at->find(key);
    if (found == at->end()) {
      return {};
    }
    at = &*found;
  }
  return at->is_string() ? at->get<std::string>() : std::string();
}

api::ObjectKey KeyOf(const Json& object) {
  return {api::Namespace(StringAt(object, {"metadata", "namespace"})),
          api::Name(StringAt(object, {"metadata", "name"}))};
}

}  // namespace tenantry::kube
