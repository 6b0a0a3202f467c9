#include "common/api/json_reader.h"

#include "common/api/json_text.h"
#include "common/base/base64.h"
#include "common/base/quantity.h"
#include "common/base/strings.h"

namespace tenantry::api {
namespace {

using nlohmann::json;

const json* Member(const json& object, const std::string& name) {
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

}  // namespace

JsonReader::JsonReader(const json& object, std::string path, State& state)
    : object_(object), path_(std::move(path)), state_(state) {
  if (!object_.is_object()) {
    Fail(path_, "must be an object");
  }
}

const json* JsonReader::Find(const std::string& name) {
  asked_.insert(name);
  const json* value = &object_;
  std::size_t start = 0;
  while (value != nullptr) {
    if (!value->is_object()) {
      Fail(PathOf(name.substr(0, start == 0 ? 0 : start - 1)), "must be an object");
      return nullptr;
    }
    const std::size_t dot = name.find('.', start);
    value = Member(*value, name.substr(start, dot - start));
    if (dot == std::string::npos) {
      break;
    }
    start = dot + 1;
  }
  return value;
}

std::string JsonReader::PathOf(std::string_view name) const {
  if (path_.empty() || name.empty()) {
    return path_ + std::string(name);
  }
  return path_ + "." + std::string(name);
}

void JsonReader::Fail(const std::string& path, const std::string& problem) {
  if (!state_.error) {
    state_.error = Error{.code = ErrorCode::kInvalid,
                         .message = (path.empty() ? "the document" : path) + ": " + problem,
                         .reason = state_.rules.invalid_reason};
  }
}

void JsonReader::FailUnknown(const std::string& path, const std::string& problem) {
  if (!state_.error) {
    Fail(path, problem);
    state_.error->reason = state_.rules.unknown_reason;
  }
}

void JsonReader::FailUnknownValue(const std::string& path, const std::string& value,
                                  const std::string& known) {
  FailUnknown(path, "\"" + Shorten(value) + "\" is not one of " + known);
}

void JsonReader::Check(const char* name, bool holds, const char* problem) {
  if (!holds) {
    Fail(PathOf(name), problem);
  }
}

void JsonReader::Finish() {
  if (state_.rules.unknown_fields == ReadRules::UnknownFields::kRefuse && object_.is_object()) {
    RefuseUnknown(object_, "");
  }
}

void JsonReader::RefuseUnknown(const json& object, const std::string& prefix) {
  for (const auto& [key, value] : object.items()) {
    const std::string name = prefix + key;
    if (asked_.contains(name)) {
      continue;
    }
    const auto nested = asked_.lower_bound(name + ".");
    if (nested == asked_.end() || !nested->starts_with(name + ".")) {
      return FailUnknown(PathOf(Shorten(name)), "is not known");
    }
    if (value.is_object()) {
      RefuseUnknown(value, name + ".");
    }
  }
}

void JsonReader::IntOrString(const char* name, std::string& member) {
  const json* value = Find(name);
  if (value != nullptr && value->is_number_integer()) {
    member = value->dump();
  } else if (value != nullptr) {
    Read(*value, PathOf(name), member);
  }
}

void JsonReader::Bytes(const char* name, std::string& member) {
  const std::string encoded_name = std::string(name) + "Base64";
  const json* encoded = Find(encoded_name);
  if (encoded == nullptr) {
    return Optional(name, member);
  }
  asked_.insert(name);
  std::string text;
  Read(*encoded, PathOf(encoded_name), text);
  if (std::optional<std::string> bytes = DecodeBase64(text)) {
    member = *std::move(bytes);
  } else {
    Fail(PathOf(encoded_name), "is not base64");
  }
}

void JsonReader::Bytes(const char* name, std::optional<std::string>& member) {
  if (Find(name) != nullptr || Find(std::string(name) + "Base64") != nullptr) {
    Bytes(name, member.emplace());
  }
}

void JsonReader::Json(const char* name, std::string& member) {
  const json* value = Find(name);
  if (value == nullptr) {
    return;
  }
  if (!value->is_object()) {
    return Fail(PathOf(name), "must be an object");
  }
  const int limit = state_.rules.max_json_depth;
  if (IsDeeperThan(*value, limit)) {
    return Fail(PathOf(name), "nests deeper than " + std::to_string(limit) + " levels");
  }
  member = DumpJson(*value);
}

void JsonReader::Json(const char* name, PackedText& member) {
  std::string text;
  Json(name, text);
  member = text;
}

void JsonReader::Selector(const char* name, std::map<std::string, std::string>& member) {
  if (Find(name) == nullptr) {
    return;
  }
  asked_.erase(name);  // its fields are what is known, not anything below it
  Optional((std::string(name) + ".matchLabels").c_str(), member);
}

void JsonReader::Selector(const char* name,
                          std::optional<std::map<std::string, std::string>>& member) {
  if (Find(name) != nullptr) {
    Selector(name, member.emplace());
  }
}

void JsonReader::Read(const json& value, const std::string& path, std::string& member) {
  if (!value.is_string()) {
    return Fail(path, "must be a string");
  }
  member = value.get_ref<const std::string&>();
}

void JsonReader::Read(const json& value, const std::string& path, SharedText& member) {
  std::string text;
  Read(value, path, text);
  member = SharedText(text);
}

void JsonReader::Read(const json& value, const std::string& path, bool& member) {
  if (!value.is_boolean()) {
    return Fail(path, "must be true or false");
  }
  member = value.get<bool>();
}

void JsonReader::Read(const json& value, const std::string& path, int& member) {
  std::int64_t wide = member;
  Read(value, path, wide);
  if (wide < std::numeric_limits<int>::min() || wide > std::numeric_limits<int>::max()) {
    return Fail(path, "is too large");
  }
  member = static_cast<int>(wide);
}

void JsonReader::Read(const json& value, const std::string& path, std::int64_t& member) {
  if (!value.is_number_integer()) {
    return Fail(path, "must be a whole number");
  }
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > kMax) {
    return Fail(path, "is too large");
  }
  member = value.get<std::int64_t>();
}

void JsonReader::Read(const json& value, const std::string& path, Secret& member) {
  std::string text;
  Read(value, path, text);
  member = Secret(std::move(text));
}

void JsonReader::Read(const json& value, const std::string& path, WallTime& member) {
  std::string text;
  Read(value, path, text);
  const std::optional<WallTime> time = ParseTime(text);
  if (!time) {
    return Fail(path, "\"" + Shorten(text) + "\" is not a time as of RFC 3339");
  }
  member = *time;
}

void JsonReader::Read(const json& value, const std::string& path, std::chrono::seconds& member) {
  std::string text;
  Read(value, path, text);
  const Result<std::chrono::milliseconds> duration = ParseDuration(text);
  if (!duration) {
    return Fail(path, duration.error().message);
  }
  if (*duration % std::chrono::seconds(1) != std::chrono::milliseconds(0)) {
    return Fail(path, "\"" + Shorten(text) + "\" is not a whole number of seconds");
  }
  member = std::chrono::duration_cast<std::chrono::seconds>(*duration);
}

void JsonReader::Read(const json& value, const std::string& path, Error& member) {
  std::string code;
  bool retryable = false;
  JsonReader fields(value, path, state_);
  fields.Required("code", code);
  fields.Required("message", member.message);
  fields.Optional("reason", member.reason);
  fields.Optional("retryable", retryable);
  fields.Finish();
  // A newer peer's code: `retryable` says what to do about it.
  member.code = retryable ? ErrorCode::kUnavailable : ErrorCode::kInternal;
  for (const ErrorCode known :
       {ErrorCode::kNotFound, ErrorCode::kConflict, ErrorCode::kUnavailable, ErrorCode::kInvalid,
        ErrorCode::kOutcomeUnknown, ErrorCode::kCancelled, ErrorCode::kInternal}) {
    if (code == ToString(known)) {
      member.code = known;
    }
  }
}

}  // namespace tenantry::api
