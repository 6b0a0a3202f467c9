#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "common/base/clock.h"
#include "operator/kube/events.h"

namespace tenantry::kube {

// Of the object that an event is about.
struct TypeMeta {
  std::string api_version;
  std::string kind;

  friend auto operator<=>(const TypeMeta&, const TypeMeta&) = default;
};

// What makes two events the same one.
struct EventIdentity {
  TypeMeta type_meta;
  api::Namespace ns;
  api::Name name;
  api::Uid uid;
  EventType type = EventType::kNormal;
  std::string reason;
  std::string note;

  friend auto operator<=>(const EventIdentity&, const EventIdentity&) = default;
};

// Decides which events are written, and how. Time is an argument; memory is bounded. Not
// thread-safe.
class EventAggregator {
 public:
  enum class Action {
    kCreate,  // a new event, of `event_name`
    kCount,   // set the series of the event `event_name` to `count`
    kDrop,    // the object had too many
  };
  struct Decision {
    Action action = Action::kDrop;
    std::string event_name;
    int count = 1;
  };

  Decision Decide(const EventIdentity& event, MonotonicTime now, WallTime wall_now);
  // The event of that identity cannot be counted up (it is gone, or was never written): the next
  // one is a new one.
  void Forget(const EventIdentity& event);

  static constexpr std::chrono::minutes kSeriesGap{6};
  static constexpr int kBurst = 25;
  static constexpr std::chrono::minutes kRefill{5};
  static constexpr std::size_t kMaxRemembered = 4096;

 private:
  struct Series {
    std::string event_name;
    int count = 1;
    MonotonicTime last;
  };
  // Tokens left at `at`; one more comes each kRefill.
  struct Budget {
    double tokens = kBurst;
    MonotonicTime at;
  };

  bool Spend(const EventIdentity& event, MonotonicTime now);
  void Prune(MonotonicTime now);
  std::string NewName(const EventIdentity& event, WallTime wall_now);

  std::map<EventIdentity, Series> series_;
  std::map<api::Uid, Budget> budgets_;
  std::int64_t last_name_ = 0;
  MonotonicTime next_prune_;
};

}  // namespace tenantry::kube
