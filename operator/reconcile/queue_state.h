#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <list>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "operator/reconcile/work_queue.h"

namespace tenantry::reconcile {

// What WorkQueue knows, without threads and without a clock: time is an argument. Not thread-safe.
// A key is in at most one of two places: waiting for a worker, or delayed until a time. Beside that
// it may be with a worker; then it is not handed out before Done.
class QueueState {
 public:
  using Duration = MonotonicTime::duration;

  enum class Outcome {
    kAdded,     // it waits now
    kRaised,    // it waited already, with a lower priority, and overtakes now
    kAbsorbed,  // it waits already
  };
  // A delayed add for the key is dropped: the worker will look at the key before that anyway.
  Outcome Add(const WorkKey& key, Priority priority, MonotonicTime now);

  // Absorbed when the key waits already. Two delayed adds become one: with the earlier time and the
  // higher priority.
  void AddAt(const WorkKey& key, MonotonicTime ready_at, Priority priority);

  struct Promoted {
    WorkKey key;
    Priority priority;
    Outcome outcome;
  };
  // Adds the delayed keys whose time has come, in the order of their times.
  std::vector<Promoted> Promote(MonotonicTime now);
  std::optional<MonotonicTime> NextPromotion() const;
  // Whether a key of at least that priority waits for a worker.
  bool HasReady(Priority least = Priority::kLow) const {
    return std::any_of(lines_.begin(), lines_.begin() + static_cast<int>(least) + 1,
                       [](const Line& line) { return !line.empty(); });
  }

  struct Taken {
    WorkKey key;
    Priority priority;
    Duration waited;
  };
  std::optional<Taken> Take(MonotonicTime now);
  // How long it was worked on. None: no worker has this key.
  std::optional<Duration> Done(const WorkKey& key, MonotonicTime now);
  // The priority that the key was taken with; low when no worker has it.
  Priority TakenPriority(const WorkKey& key) const;

  int CountFailure(const WorkKey& key);  // failures since Forget, with this one
  void Forget(const WorkKey& key);

  std::size_t Depth(api::Kind kind, Priority priority) const;
  struct Unfinished {
    Duration total{};
    Duration longest{};
  };
  Unfinished UnfinishedWork(api::Kind kind, MonotonicTime now) const;
  bool empty() const { return entries_.empty(); }  // nothing is known of any key

 private:
  struct Entry;
  using Entries = std::map<WorkKey, Entry>;
  using Node = Entries::value_type;
  using Line = std::list<Node*>;  // nodes of a map stay where they are
  using Delays = std::multimap<MonotonicTime, Node*>;

  struct Waiting {
    Priority priority;
    MonotonicTime since;
    std::optional<Line::iterator> place;  // none while a worker has the key
  };
  struct Delayed {
    Priority priority;
    Delays::iterator place;
  };
  struct Working {
    Priority priority;
    MonotonicTime since;
  };
  struct Entry {
    std::optional<Waiting> waiting;
    std::optional<Delayed> delayed;
    std::optional<Working> working;
    int failures = 0;
  };

  Line& LineOf(Priority priority) { return lines_.at(static_cast<std::size_t>(priority)); }
  void Enqueue(Node& node);
  void DropDelay(Entry& entry);
  void EraseIfUnused(const WorkKey& key);
  std::size_t& DepthOf(api::Kind kind, Priority priority);

  Entries entries_;
  std::array<Line, 3> lines_;  // by priority, the highest first
  Delays delays_;
  std::vector<const Node*> working_;  // as many as there are workers: few
  std::map<std::pair<api::Kind, Priority>, std::size_t> depths_;
};

}  // namespace tenantry::reconcile
