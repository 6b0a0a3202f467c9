#pragma once

#include <memory>
#include <string>
#include <variant>

#include "common/api/meta.h"
#include "common/base/clock.h"
#include "operator/kube/client.h"

namespace tenantry::kube {

enum class EventType { kNormal, kWarning };

// What an event is about: an object of ours, or of any other type.
struct EventSubject {
  std::variant<api::Kind, Resource> kind;
  api::ObjectMeta meta;
  std::string action = "Reconcile";  // what was being done with it
};
// An object as the API server sent it.
EventSubject SubjectOf(const Resource& resource, const Json& object);

// Records events.k8s.io/v1 events from a thread of its own, so that no caller waits for them.
// A repetition (same object, type, reason, message) within six minutes raises series.count of the
// first one. At most 25 at once for each object, then one each five minutes. Best effort: an event
// that cannot be written is logged and dropped. News yield to work: while `busy` says that there is
// some, an event waits, for ten seconds at most. Thread-safe.
class EventRecorder {
 public:
  static std::unique_ptr<EventRecorder> Make(
      Client& client, const std::string& instance, const Clock& clock,
      std::function<bool()> busy = [] { return false; });
  // Writes what is queued; starts no more writes after two seconds.
  virtual ~EventRecorder() = default;
  // `reason` is an UpperCamelCase verb phrase; `message` at most 1024 bytes (cut).
  virtual void Record(const EventSubject& subject, EventType type, const std::string& reason,
                      const std::string& message) = 0;
};

}  // namespace tenantry::kube
