#include "agent/tasks/task_record.h"

#include <openssl/crypto.h>

#include "common/base/sha256.h"

namespace tenantry::agent {

std::string BodyDigest(const api::TaskRequest& request) {
  Sha256 hash;
  // The lengths are known from the separators: kind and tenant have no NUL.
  hash.Add(std::string(api::ToString(request.kind)) + '\0' + request.tenant.value() + '\0');
  hash.Add(request.spec_json);
  return hash.Finish();
}

void WipeSpec(api::TaskRequest& request) {
  OPENSSL_cleanse(request.spec_json.data(), request.spec_json.size());
  request.spec_json = std::string();
}

Ending DecideEnding(const std::optional<Error>& error, StopReason reason) {
  if (!error) {
    return {};
  }
  const bool was_stopped = error->code == ErrorCode::kCancelled;
  if (was_stopped && reason == StopReason::kDeadline) {
    return {.state = api::TaskState::kFailed,
            .error = Error{.code = ErrorCode::kUnavailable,
                           .message = "The task was stopped because its deadline passed; it is "
                                      "tried again."}};
  }
  if (was_stopped && reason != StopReason::kNone) {
    return {.state = api::TaskState::kCancelled, .error = {}};
  }
  return {.state = api::TaskState::kFailed, .error = error};
}

}  // namespace tenantry::agent
