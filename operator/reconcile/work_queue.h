#pragma once

#include <chrono>
#include <compare>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "common/api/meta.h"
#include "common/base/clock.h"

namespace tenantry::telemetry {
class Registry;
}

namespace tenantry::reconcile {

// What a worker works on.
struct WorkKey {
  api::Kind kind;
  api::ObjectKey object;

  friend auto operator<=>(const WorkKey&, const WorkKey&) = default;
};

// A user's edit overtakes resync and the initial list; and what was begun is brought to its end
// before anything new is begun (kHigh: a task of this key has ended).
enum class Priority { kHigh, kNormal, kLow };

struct QueueOptions {
  std::chrono::milliseconds min_retry_delay{5};
  std::chrono::milliseconds max_retry_delay{1'000'000};
};

// Delay before retry `attempt` (from 1): min * 2^(attempt-1), capped at max, times 0.5 + random/2
// (`random` in [0,1)). Pure. Source: client-go's ItemExponentialFailureRateLimiter, with jitter.
std::chrono::milliseconds NextDelay(int attempt, double random, const QueueOptions& options);

// Keys waiting for a worker: each at most once, never with two workers at a time (a key added while
// it is worked on comes back afterwards). By priority; within one, first come first served.
// Thread-safe. Metrics: workqueue_* {name,controller} with name = controller = the kind in lower
// case (CONVENTIONS 2.3), workqueue_depth also by {priority}.
class WorkQueue {
 public:
  WorkQueue(QueueOptions options, const Clock& clock, telemetry::Registry& metrics);
  ~WorkQueue();

  void Add(const WorkKey& key, Priority priority = Priority::kNormal);
  // Not before `delay` is over; an earlier time for the same key wins. Add takes its place.
  void AddAfter(const WorkKey& key, std::chrono::milliseconds delay,
                Priority priority = Priority::kLow);
  // With backoff, by how often this key failed since Forget, and with the priority that the key was
  // handed out with (low when no worker has it).
  void AddRateLimited(const WorkKey& key);
  void Forget(const WorkKey& key);  // its backoff starts anew

  // Waits for a key; none when `stop` is requested or the queue was shut down.
  std::optional<WorkKey> Get(std::stop_token stop);
  void Done(const WorkKey& key);  // after Get, always
  void ShutDown();                // wakes all waiting workers
  bool IsBusy() const;            // keys of more than low priority wait for a worker
  // Brings workqueue_unfinished_work_seconds and workqueue_longest_running_processor_seconds up to
  // date; otherwise they change only when work begins or ends. For a scrape, or once a second.
  void RefreshMetrics();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tenantry::reconcile
