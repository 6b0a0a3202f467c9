#include "operator/reconcile/work_queue.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <functional>
#include <random>
#include <utility>
#include <vector>

#include "common/base/mutex.h"
#include "common/telemetry/metrics.h"
#include "operator/reconcile/queue_state.h"

namespace tenantry::reconcile {
namespace {

using Duration = QueueState::Duration;

// Far from the end of the clock's range.
constexpr std::chrono::milliseconds kLongestDelay = std::chrono::hours(24 * 365);

double Seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

// 10e-9 ×10, 12 buckets. Source: controller-runtime, pkg/internal/metrics/workqueue.go.
std::vector<double> DurationBuckets() {
  std::vector<double> buckets;
  double bound = 10e-9;
  for (int i = 0; i < 12; ++i) {
    buckets.push_back(bound);
    bound *= 10;
  }
  return buckets;
}

std::string QueueName(api::Kind kind) {
  std::string name = api::ToString(kind);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name;
}

// controller-runtime writes priorities as numbers: 0 is its default, -100 its LowPriority.
const char* PriorityLabel(Priority priority) {
  switch (priority) {
    case Priority::kHigh:
      return "100";
    case Priority::kNormal:
      return "0";
    case Priority::kLow:
      break;
  }
  return "-100";
}

constexpr std::array kPriorities = {Priority::kHigh, Priority::kNormal, Priority::kLow};

// The series of one kind.
struct KindMetrics {
  KindMetrics(api::Kind metrics_kind, telemetry::Registry& registry)
      : kind(metrics_kind),
        labels{{"name", QueueName(kind)}, {"controller", QueueName(kind)}},
        depths{Depth(registry, Priority::kHigh), Depth(registry, Priority::kNormal),
               Depth(registry, Priority::kLow)},
        adds(registry.GetCounter("workqueue_adds_total",
                                 "Total number of adds handled by workqueue", labels)),
        retries(registry.GetCounter("workqueue_retries_total",
                                    "Total number of retries handled by workqueue", labels)),
        queue_duration(registry.GetHistogram(
            "workqueue_queue_duration_seconds",
            "How long in seconds an item stays in workqueue before being requested",
            DurationBuckets(), labels)),
        work_duration(
            registry.GetHistogram("workqueue_work_duration_seconds",
                                  "How long in seconds processing an item from workqueue takes",
                                  DurationBuckets(), labels)),
        unfinished(registry.GetGauge("workqueue_unfinished_work_seconds",
                                     "How many seconds of work are in progress and have not been "
                                     "observed by work_duration",
                                     labels)),
        longest(registry.GetGauge("workqueue_longest_running_processor_seconds",
                                  "How many seconds the longest running processor has been running",
                                  labels)) {}

  void Refresh(const QueueState& state, MonotonicTime now) {
    for (const Priority priority : kPriorities) {
      depths.at(static_cast<std::size_t>(priority))
          .get()
          .Set(static_cast<double>(state.Depth(kind, priority)));
    }
    const QueueState::Unfinished work = state.UnfinishedWork(kind, now);
    unfinished.Set(Seconds(work.total));
    longest.Set(Seconds(work.longest));
  }

  std::reference_wrapper<telemetry::Gauge> Depth(telemetry::Registry& registry,
                                                 Priority priority) const {
    telemetry::Labels with_priority = labels;
    with_priority.emplace("priority", PriorityLabel(priority));
    return registry.GetGauge("workqueue_depth", "Current depth of workqueue by priority",
                             with_priority);
  }

  api::Kind kind;
  telemetry::Labels labels;
  std::array<std::reference_wrapper<telemetry::Gauge>, 3> depths;  // by priority
  telemetry::Counter& adds;
  telemetry::Counter& retries;
  telemetry::Histogram& queue_duration;
  telemetry::Histogram& work_duration;
  telemetry::Gauge& unfinished;
  telemetry::Gauge& longest;
};

}  // namespace

std::chrono::milliseconds NextDelay(int attempt, double random, const QueueOptions& options) {
  const auto cap = static_cast<double>(options.max_retry_delay.count());
  // ldexp saturates to infinity instead of overflowing.
  const double grown =
      std::ldexp(static_cast<double>(options.min_retry_delay.count()), std::max(attempt, 1) - 1);
  const double delay = std::min(grown, cap) * (0.5 + random / 2);
  return std::chrono::milliseconds(static_cast<std::int64_t>(delay));
}

class WorkQueue::Impl {
 public:
  Impl(QueueOptions options, const Clock& clock, telemetry::Registry& registry)
      : options_(options),
        clock_(clock),
        metrics_{KindMetrics(api::Kind::kDataStore, registry),
                 KindMetrics(api::Kind::kTenant, registry),
                 KindMetrics(api::Kind::kFixtureSet, registry)} {}

  void Add(const WorkKey& key, Priority priority) {
    {
      const MutexLock lock(mutex_);
      CountAdd(key, state_.Add(key, priority, clock_.Monotonic()));
      RefreshKind(key.kind);
    }
    changed_.notify_one();
  }

  void AddAfter(const WorkKey& key, std::chrono::milliseconds delay, Priority priority) {
    if (delay <= std::chrono::milliseconds::zero()) {
      Add(key, priority);
      return;
    }
    const MutexLock lock(mutex_);
    MetricsOf(key.kind).retries.Increment();
    const auto next_before = state_.NextPromotion();
    state_.AddAt(key, clock_.Monotonic() + std::min(delay, kLongestDelay), priority);
    if (state_.NextPromotion() != next_before) {
      ++delays_changed_;
      changed_.notify_all();  // whoever waits must wait for another time
    }
  }

  void AddRateLimited(const WorkKey& key) {
    std::chrono::milliseconds delay;
    Priority priority = Priority::kLow;
    {
      const MutexLock lock(mutex_);
      delay = NextDelay(state_.CountFailure(key), chance_(random_), options_);
      priority = state_.TakenPriority(key);
    }
    AddAfter(key, delay, priority);
  }

  void Forget(const WorkKey& key) {
    const MutexLock lock(mutex_);
    state_.Forget(key);
  }

  std::optional<WorkKey> Get(const std::stop_token& stop) {
    const MutexLock lock(mutex_);
    while (!stop.stop_requested() && !shut_down_) {
      const MonotonicTime now = clock_.Monotonic();
      PromoteDelayed(now);
      if (const auto taken = state_.Take(now)) {
        MetricsOf(taken->key.kind).queue_duration.Observe(Seconds(taken->waited));
        RefreshKind(taken->key.kind);
        return taken->key;
      }
      WaitForChange(stop, now);
    }
    changed_.notify_one();  // a wake-up that was meant for a worker goes on to the next one
    return std::nullopt;
  }

  void Done(const WorkKey& key) {
    {
      const MutexLock lock(mutex_);
      const auto worked = state_.Done(key, clock_.Monotonic());
      if (worked) {
        MetricsOf(key.kind).work_duration.Observe(Seconds(*worked));
      }
      RefreshKind(key.kind);
    }
    changed_.notify_one();  // the key may have come back
  }

  void ShutDown() {
    {
      const MutexLock lock(mutex_);
      shut_down_ = true;
    }
    changed_.notify_all();
  }

  bool IsBusy() {
    const MutexLock lock(mutex_);
    return state_.HasReady(Priority::kNormal);
  }

  void RefreshMetrics() {
    const MutexLock lock(mutex_);
    for (KindMetrics& metrics : metrics_) {
      metrics.Refresh(state_, clock_.Monotonic());
    }
  }

 private:
  void CountAdd(const WorkKey& key, QueueState::Outcome outcome) REQUIRES(mutex_) {
    if (outcome == QueueState::Outcome::kAdded) {
      MetricsOf(key.kind).adds.Increment();
    }
  }

  void PromoteDelayed(MonotonicTime now) REQUIRES(mutex_) {
    const auto promoted = state_.Promote(now);
    for (const QueueState::Promoted& each : promoted) {
      CountAdd(each.key, each.outcome);
      RefreshKind(each.key.kind);
    }
    if (promoted.size() > 1) {
      changed_.notify_all();  // one is for the caller, the others for its colleagues
    }
  }

  // Returns when there may be something to take, and sometimes without a reason.
  void WaitForChange(const std::stop_token& stop, MonotonicTime now) REQUIRES(mutex_) {
    const std::uint64_t seen = delays_changed_;
    const auto changed = [this, seen]() REQUIRES(mutex_) {
      return shut_down_ || state_.HasReady() || delays_changed_ != seen;
    };
    const auto next = state_.NextPromotion();
    if (next) {
      changed_.wait_for(mutex_, stop, *next - now, changed);
    } else {
      changed_.wait(mutex_, stop, changed);
    }
  }

  KindMetrics& MetricsOf(api::Kind kind) { return metrics_.at(static_cast<std::size_t>(kind)); }
  void RefreshKind(api::Kind kind) REQUIRES(mutex_) {
    MetricsOf(kind).Refresh(state_, clock_.Monotonic());
  }

  const QueueOptions options_;
  const Clock& clock_;
  std::array<KindMetrics, 3> metrics_;  // in the order of api::Kind
  Mutex mutex_;
  ConditionVariable changed_;
  QueueState state_ GUARDED_BY(mutex_);
  std::uint64_t delays_changed_ GUARDED_BY(mutex_) = 0;
  bool shut_down_ GUARDED_BY(mutex_) = false;
  std::mt19937_64 random_ GUARDED_BY(mutex_){std::random_device{}()};
  std::uniform_real_distribution<double> chance_ GUARDED_BY(mutex_){0.0, 1.0};
};

WorkQueue::WorkQueue(QueueOptions options, const Clock& clock, telemetry::Registry& metrics)
    : impl_(std::make_unique<Impl>(options, clock, metrics)) {}
WorkQueue::~WorkQueue() = default;

void WorkQueue::Add(const WorkKey& key, Priority priority) { impl_->Add(key, priority); }
void WorkQueue::AddAfter(const WorkKey& key, std::chrono::milliseconds delay, Priority priority) {
  impl_->AddAfter(key, delay, priority);
}
void WorkQueue::AddRateLimited(const WorkKey& key) { impl_->AddRateLimited(key); }
void WorkQueue::Forget(const WorkKey& key) { impl_->Forget(key); }
std::optional<WorkKey> WorkQueue::Get(std::stop_token stop) { return impl_->Get(stop); }
void WorkQueue::Done(const WorkKey& key) { impl_->Done(key); }
void WorkQueue::ShutDown() { impl_->ShutDown(); }
bool WorkQueue::IsBusy() const { return impl_->IsBusy(); }
void WorkQueue::RefreshMetrics() { impl_->RefreshMetrics(); }

}  // namespace tenantry::reconcile
