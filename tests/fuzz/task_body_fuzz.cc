// What one peer may send the other: task requests with their specs, reports with their results.
// What can be decoded must survive being encoded and decoded again.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "common/api/protocol_codec.h"

namespace tenantry::api {
namespace {

template <class T>
void CheckRoundTrip(std::string_view text) {
  const Result<T> value = Decode<T>(text);
  if (!value) {
    return;
  }
  const Result<T> again = Decode<T>(Encode(*value));
  if (!again || !(*again == *value)) {
    std::abort();
  }
}

void CheckSpec(const TaskRequest& request) {
  switch (request.kind) {
    case TaskKind::kProvision:
      return CheckRoundTrip<TenantStorageSpec>(request.spec_json);
    case TaskKind::kObserve:
      CheckRoundTrip<TenantStorageSpec>(request.spec_json);
      return CheckRoundTrip<StoreSpec>(request.spec_json);
    case TaskKind::kDeprovision:
      return CheckRoundTrip<DeprovisionSpec>(request.spec_json);
    case TaskKind::kLoad:
      return CheckRoundTrip<LoadSpec>(request.spec_json);
    case TaskKind::kUnload:
      return CheckRoundTrip<UnloadSpec>(request.spec_json);
  }
}

void CheckResult(const TaskReport& report) {
  CheckRoundTrip<ProvisionResult>(report.result_json);
  CheckRoundTrip<ObserveResult>(report.result_json);
  CheckRoundTrip<StoreResult>(report.result_json);
  CheckRoundTrip<DeprovisionResult>(report.result_json);
  CheckRoundTrip<LoadResult>(report.result_json);
  CheckRoundTrip<UnloadResult>(report.result_json);
}

void DecodeAll(std::string_view text) {
  if (const Result<TaskRequest> request = DecodeTaskRequest(text)) {
    const Result<TaskRequest> again = DecodeTaskRequest(EncodeTaskRequest(*request));
    if (!again || !(*again == *request)) {
      std::abort();
    }
    CheckSpec(*request);
  }
  if (const Result<TaskReport> report = DecodeTaskReport(text)) {
    const Result<TaskReport> again = DecodeTaskReport(EncodeTaskReport(*report));
    if (!again || !(*again == *report)) {
      std::abort();
    }
    CheckResult(*report);
  }
  if (const Result<AgentInfo> info = DecodeAgentInfo(text)) {
    const Result<AgentInfo> again = DecodeAgentInfo(EncodeAgentInfo(*info));
    if (!again || !(*again == *info)) {
      std::abort();
    }
  }
}

}  // namespace
}  // namespace tenantry::api

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tenantry::api::DecodeAll({reinterpret_cast<const char*>(data), size});
  return 0;
}
