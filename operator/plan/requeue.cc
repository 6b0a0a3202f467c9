#include "operator/plan/requeue.h"

#include "common/api/reasons.h"

namespace tenantry::plan {

Requeue DecideRequeue(const Error& error) {
  switch (error.code) {
    case ErrorCode::kConflict:
    case ErrorCode::kOutcomeUnknown:
    case ErrorCode::kUnavailable:
    case ErrorCode::kNotFound:
    case ErrorCode::kCancelled:
    case ErrorCode::kInternal:
      return Requeue::Backoff();
    case ErrorCode::kInvalid:
      return error.reason == api::reason::kInvalidSpec ? Requeue::Never()
                                                       : Requeue::After(kStalledPoll);
  }
  return Requeue::Backoff();
}

Verdict MakeVerdict(const Error& error) {
  const Shape shape = error.code == ErrorCode::kInvalid ? Shape::kStalled : Shape::kRetrying;
  return {shape, error.reason.empty() ? api::reason::kFailed : error.reason, error.message};
}

}  // namespace tenantry::plan
