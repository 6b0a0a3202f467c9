#include "operator/reconcile/services.h"

namespace tenantry::reconcile {

std::optional<Error> ErrorOf(const api::TaskReport& report) {
  if (report.state == api::TaskState::kFailed) {
    return report.error ? *report.error
                        : Error{ErrorCode::kInternal, "The agent gives no reason for the failure"};
  }
  if (report.state == api::TaskState::kCancelled) {
    return Error{ErrorCode::kCancelled,
                 "The agent was stopped or told to cancel; it is tried again."};
  }
  return std::nullopt;
}

void RecordEvents(const Services& services, api::Kind kind, const api::ObjectMeta& meta,
                  const std::vector<plan::EventNote>& events) {
  for (const plan::EventNote& event : events) {
    services.events.Record({kind, meta},
                           event.warning ? kube::EventType::kWarning : kube::EventType::kNormal,
                           event.reason, event.message);
  }
}

}  // namespace tenantry::reconcile
