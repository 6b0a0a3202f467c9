#include "common/api/protocol_codec.h"

#include <algorithm>
#include <cassert>
#include <nlohmann/json.hpp>

#include "common/api/json_reader.h"
#include "common/api/json_text.h"
#include "common/api/json_writer.h"
#include "common/api/protocol_fields.h"
#include "common/api/reasons.h"
#include "common/api/resource_fields.h"
#include "common/base/strings.h"

namespace tenantry::api {
namespace {

using nlohmann::json;

// Specs are read strictly: to do less than was asked would be a lie. What an agent sends back may
// have more than we know.
enum class Direction { kToAgent, kFromAgent };

JsonReader::State NewState(Direction direction) {
  using UnknownFields = ReadRules::UnknownFields;
  return {.rules = {.unknown_fields = direction == Direction::kToAgent ? UnknownFields::kRefuse
                                                                       : UnknownFields::kIgnore,
                    .invalid_reason = "",
                    .unknown_reason = reason::kAgentVersionSkew,
                    .max_json_depth = kMaxJsonDepth}};
}

Result<json> ParseBody(std::string_view text, const char* what) {
  Result<json> body = ParseJson(text);
  if (!body) {
    return WithContext(std::move(body).error(), what);
  }
  return body;
}

template <class T>
Result<T> DecodeAs(std::string_view text, const char* what, Direction direction) {
  const json body = TRY(ParseBody(text, what));
  T value;
  JsonReader::State state = NewState(direction);
  JsonReader fields(body, "", state);
  Fields(fields, value);
  fields.Finish();
  if (state.error) {
    return WithContext(*std::move(state.error), what);
  }
  return value;
}

template <class T>
std::string EncodeText(const T& value) {
  return DumpJson(ToJson(value));
}

bool IsValidTaskId(const std::string& id) {
  constexpr std::size_t kLongest = 200;
  return !id.empty() && id.size() <= kLongest && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

}  // namespace

std::string EncodeTaskRequest(const TaskRequest& request) { return EncodeText(request); }

Result<TaskRequest> DecodeTaskRequest(std::string_view text) {
  TaskRequest request = TRY(DecodeAs<TaskRequest>(text, "task", Direction::kToAgent));
  if (!IsValidTaskId(request.id)) {
    return Error{.code = ErrorCode::kInvalid,
                 .message = "task: id: must be 1 to 200 of A-Z, a-z, 0-9, '.', '_' and '-'"};
  }
  if (!request.tenant.empty() && !IsValidTenantId(request.tenant)) {
    return Error{.code = ErrorCode::kInvalid,
                 .message = "task: tenant: \"" + Shorten(request.tenant.value()) +
                            "\" is not a tenant ID (a-z, then up to 39 of a-z, 0-9 and '_')"};
  }
  return request;
}

std::string EncodeTaskReport(const TaskReport& report) { return EncodeText(report); }
Result<TaskReport> DecodeTaskReport(std::string_view text) {
  return DecodeAs<TaskReport>(text, "task report", Direction::kFromAgent);
}

std::string EncodeAgentInfo(const AgentInfo& info) { return EncodeText(info); }
Result<AgentInfo> DecodeAgentInfo(std::string_view text) {
  return DecodeAs<AgentInfo>(text, "agent info", Direction::kFromAgent);
}

std::string Encode(const TenantStorageSpec& spec) { return EncodeText(spec); }
std::string Encode(const StoreSpec& spec) { return EncodeText(spec); }
std::string Encode(const DeprovisionSpec& spec) { return EncodeText(spec); }
std::string Encode(const LoadSpec& spec) { return EncodeText(spec); }
std::string Encode(const UnloadSpec& spec) { return EncodeText(spec); }
std::string Encode(const ProvisionResult& result) { return EncodeText(result); }
std::string Encode(const ObserveResult& result) { return EncodeText(result); }
std::string Encode(const StoreResult& result) { return EncodeText(result); }
std::string Encode(const DeprovisionResult& result) { return EncodeText(result); }
std::string Encode(const LoadResult& result) { return EncodeText(result); }
std::string Encode(const UnloadResult& result) { return EncodeText(result); }

template <>
Result<TenantStorageSpec> Decode(std::string_view text) {
  return DecodeAs<TenantStorageSpec>(text, "spec", Direction::kToAgent);
}
template <>
Result<StoreSpec> Decode(std::string_view text) {
  return DecodeAs<StoreSpec>(text, "spec", Direction::kToAgent);
}
template <>
Result<DeprovisionSpec> Decode(std::string_view text) {
  return DecodeAs<DeprovisionSpec>(text, "spec", Direction::kToAgent);
}
template <>
Result<LoadSpec> Decode(std::string_view text) {
  return DecodeAs<LoadSpec>(text, "spec", Direction::kToAgent);
}
template <>
Result<UnloadSpec> Decode(std::string_view text) {
  return DecodeAs<UnloadSpec>(text, "spec", Direction::kToAgent);
}
template <>
Result<ProvisionResult> Decode(std::string_view text) {
  return DecodeAs<ProvisionResult>(text, "result", Direction::kFromAgent);
}
template <>
Result<ObserveResult> Decode(std::string_view text) {
  return DecodeAs<ObserveResult>(text, "result", Direction::kFromAgent);
}
template <>
Result<StoreResult> Decode(std::string_view text) {
  return DecodeAs<StoreResult>(text, "result", Direction::kFromAgent);
}
template <>
Result<DeprovisionResult> Decode(std::string_view text) {
  return DecodeAs<DeprovisionResult>(text, "result", Direction::kFromAgent);
}
template <>
Result<LoadResult> Decode(std::string_view text) {
  return DecodeAs<LoadResult>(text, "result", Direction::kFromAgent);
}
template <>
Result<UnloadResult> Decode(std::string_view text) {
  return DecodeAs<UnloadResult>(text, "result", Direction::kFromAgent);
}

}  // namespace tenantry::api
