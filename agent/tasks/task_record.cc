#include "agent/tasks/task_record.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <array>

namespace tenantry::agent {

std::string BodyDigest(const api::TaskRequest& request) {
  struct ContextDeleter {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  const std::unique_ptr<EVP_MD_CTX, ContextDeleter> context(EVP_MD_CTX_new());
  // The lengths are known from the separators: kind and tenant have no NUL.
  const std::string head =
      std::string(api::ToString(request.kind)) + '\0' + request.tenant.value() + '\0';
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr);
  EVP_DigestUpdate(context.get(), head.data(), head.size());
  EVP_DigestUpdate(context.get(), request.spec_json.data(), request.spec_json.size());
  EVP_DigestFinal_ex(context.get(), digest.data(), &size);
  return {digest.begin(), digest.begin() + size};
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
