#pragma once

#include <string>
#include <string_view>

namespace tenantry {

// A code exists only where a caller reacts differently to it.
enum class ErrorCode {
  kNotFound,        // the thing asked for does not exist
  kConflict,        // somebody else changed or owns it; look again at once
  kUnavailable,     // transient: retry with backoff
  kInvalid,         // only a user can mend it: wrong input, wrong credentials, missing rights
  kOutcomeUnknown,  // the answer was lost: observe before doing anything again
  kCancelled,       // we were asked to stop
  kInternal,        // our own bug, or a peer that breaks its contract
};

std::string_view ToString(ErrorCode code);

// What went wrong, in words for a user: what could not be done, why, what to do next.
// Never holds a secret. `reason` is the CamelCase condition reason that fits best (empty: none in
// particular), e.g. "SecretNotFound"; see common/api/reasons.h.
struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;
  std::string reason = {};

  friend bool operator==(const Error&, const Error&) = default;
};

// The same error with `context` put before its message: "context: message".
Error WithContext(Error error, std::string_view context);

}  // namespace tenantry
