#include "operator/kube/decode.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

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

// Builds a value, but for metadata.managedFields: these are often more than half of an object, and
// nothing here reads them. `metadata_depth` is how many objects enclose "metadata".
class ObjectBuilder : public nlohmann::json_sax<Json> {
 public:
  explicit ObjectBuilder(std::size_t metadata_depth) : metadata_depth_(metadata_depth) {}

  bool null() override { return Add(nullptr); }
  bool boolean(bool value) override { return Add(value); }
  bool number_integer(number_integer_t value) override { return Add(value); }
  bool number_unsigned(number_unsigned_t value) override { return Add(value); }
  bool number_float(number_float_t value, const string_t& /*text*/) override { return Add(value); }
  bool string(string_t& value) override { return Add(std::move(value)); }
  bool binary(binary_t& /*value*/) override { return false; }  // JSON has none
  bool start_object(std::size_t /*size*/) override { return Open(Json::object()); }
  bool start_array(std::size_t /*size*/) override { return Open(Json::array()); }
  bool end_object() override { return Close(); }
  bool end_array() override { return Close(); }

  bool key(string_t& name) override {
    if (skipped_depth_ > 0) {
      return true;
    }
    if (open_.size() == metadata_depth_) {
      in_metadata_ = name == "metadata";
    }
    skip_next_ = in_metadata_ && open_.size() == metadata_depth_ + 1 && name == "managedFields";
    if (!skip_next_) {
      member_ = &(*open_.back())[std::move(name)];
    }
    return true;
  }

  bool parse_error(std::size_t /*position*/, const std::string& /*token*/,
                   const nlohmann::json::exception& /*error*/) override {
    return false;
  }

  bool too_deep() const { return too_deep_; }
  Json Take() && { return std::move(root_); }

 private:
  template <class T>
  bool Add(T&& value) {
    if (skipped_depth_ == 0 && !std::exchange(skip_next_, false)) {
      Place(Json(std::forward<T>(value)));
    }
    return true;
  }

  Json* Place(Json value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    if (open_.back()->is_array()) {
      return &open_.back()->emplace_back(std::move(value));
    }
    *member_ = std::move(value);
    return member_;
  }

  bool Open(Json value) {
    if (skipped_depth_ > 0 || std::exchange(skip_next_, false)) {
      ++skipped_depth_;
      return true;
    }
    open_.push_back(Place(std::move(value)));
    too_deep_ = open_.size() > kMaxDepth;
    return !too_deep_;
  }

  bool Close() {
    if (skipped_depth_ > 0) {
      --skipped_depth_;
    } else {
      open_.pop_back();
    }
    return true;
  }

  const std::size_t metadata_depth_;
  Json root_;
  std::vector<Json*> open_;  // they do not move: an array grows only while its last one is closed
  Json* member_ = nullptr;
  bool in_metadata_ = false;
  bool skip_next_ = false;
  std::size_t skipped_depth_ = 0;
  bool too_deep_ = false;
};

Result<Json> Build(std::string_view text, std::size_t metadata_depth) {
  ObjectBuilder builder(metadata_depth);
  const bool parsed = Json::sax_parse(text, &builder);
  if (builder.too_deep()) {
    return Error{ErrorCode::kInvalid,
                 "an object is nested deeper than " + std::to_string(kMaxDepth) + " levels",
                 kUnreadable};
  }
  Json object = std::move(builder).Take();
  if (!parsed || !object.is_object()) {
    return Error{ErrorCode::kInternal, "the API server sent something that is not a JSON object: " +
                                           std::to_string(text.size()) + " bytes"};
  }
  return object;
}

}  // namespace

Result<Json> DecodeObject(std::string_view text) { return Build(text, 1); }

Result<WatchEvent> DecodeWatchLine(std::string_view line) {
  Json event = TRY(Build(line, 2));
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
