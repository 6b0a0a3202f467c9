#pragma once

#include <string>
#include <string_view>

#include "common/api/protocol.h"
#include "common/base/result.h"

// JSON of the operator–agent protocol. Decoders are strict about types and required fields
// (kInvalid, with the field's path), and take absent optional fields as their defaults: an empty
// object `{}` is a valid result of every kind. A task kind that is not known: kInvalid with reason
// AgentVersionSkew. Unknown fields of results, reports and infos are ignored; unknown fields of
// task specs are refused with AgentVersionSkew, because doing less than was asked would be a lie.
namespace tenantry::api {

std::string EncodeTaskRequest(const TaskRequest& request);
Result<TaskRequest> DecodeTaskRequest(std::string_view text);
std::string EncodeTaskReport(const TaskReport& report);
Result<TaskReport> DecodeTaskReport(std::string_view text);
std::string EncodeAgentInfo(const AgentInfo& info);
Result<AgentInfo> DecodeAgentInfo(std::string_view text);

// Specs and results. Encode() is overloaded; Decode<T>() is specialised for each type.
std::string Encode(const TenantStorageSpec& spec);
std::string Encode(const StoreSpec& spec);
std::string Encode(const DeprovisionSpec& spec);
std::string Encode(const LoadSpec& spec);
std::string Encode(const UnloadSpec& spec);
std::string Encode(const ProvisionResult& result);
std::string Encode(const ObserveResult& result);
std::string Encode(const StoreResult& result);
std::string Encode(const DeprovisionResult& result);
std::string Encode(const LoadResult& result);
std::string Encode(const UnloadResult& result);

template <class T>
Result<T> Decode(std::string_view text);
template <>
Result<TenantStorageSpec> Decode(std::string_view text);
template <>
Result<StoreSpec> Decode(std::string_view text);
template <>
Result<DeprovisionSpec> Decode(std::string_view text);
template <>
Result<LoadSpec> Decode(std::string_view text);
template <>
Result<UnloadSpec> Decode(std::string_view text);
template <>
Result<ProvisionResult> Decode(std::string_view text);
template <>
Result<ObserveResult> Decode(std::string_view text);
template <>
Result<StoreResult> Decode(std::string_view text);
template <>
Result<DeprovisionResult> Decode(std::string_view text);
template <>
Result<LoadResult> Decode(std::string_view text);
template <>
Result<UnloadResult> Decode(std::string_view text);

}  // namespace tenantry::api
