#include "operator/kube/events.h"

#include <deque>
#include <exception>
#include <thread>
#include <utility>

#include "common/base/mutex.h"
#include "common/base/strings.h"
#include "common/telemetry/log.h"
#include "operator/kube/decode.h"
#include "operator/kube/event_aggregator.h"
#include "operator/kube/event_json.h"
#include "operator/kube/wait.h"

namespace tenantry::kube {
namespace {

// More than this waiting means that the API server is away; old news are dropped then.
constexpr std::size_t kMaxQueued = 8192;
constexpr std::chrono::seconds kLongestYield{10};
constexpr std::chrono::milliseconds kYieldStep{50};
constexpr std::chrono::seconds kFlushTime{2};

TypeMeta TypeOf(const std::variant<api::Kind, Resource>& kind) {
  if (const auto* const resource = std::get_if<Resource>(&kind)) {
    return {.api_version = resource->api_version(), .kind = resource->kind};
  }
  return {.api_version = api::kApiVersion, .kind = api::ToString(std::get<api::Kind>(kind))};
}

class QueuedRecorder final : public EventRecorder {
 public:
  QueuedRecorder(Client& client, const std::string& instance, const Clock& clock,
                 std::function<bool()> busy)
      : client_(client),
        instance_(Shorten(instance, 120)),
        clock_(clock),
        busy_(std::move(busy)),
        thread_([this](const std::stop_token& stop) { RunGuarded(stop); }) {}

  // The thread is joined by its own destructor, the first member's to run.
  ~QueuedRecorder() override = default;

  void Record(const EventSubject& subject, EventType type, const std::string& reason,
              const std::string& message) override {
    PendingEvent event{.identity = {.type_meta = TypeOf(subject.kind),
                                    .ns = subject.meta.ns,
                                    .name = subject.meta.name,
                                    .uid = subject.meta.uid,
                                    .type = type,
                                    .reason = reason,
                                    .note = CutNote(message)},
                       .action = subject.action,
                       .resource_version = subject.meta.resource_version,
                       .time = clock_.Now()};
    {
      MutexLock lock(mutex_);
      if (queue_.size() >= kMaxQueued) {
        queue_.pop_front();
      }
      queue_.push_back({std::move(event), clock_.Monotonic()});
    }
    changed_.notify_one();
  }

 private:
  struct Queued {
    PendingEvent event;
    MonotonicTime recorded;
  };

  // News are not worth the program: without them it goes on.
  void RunGuarded(const std::stop_token& stop) {
    try {
      Run(stop);
    } catch (const std::exception& exception) {
      log::Error("no more events are written", {{"error", exception.what()}});
    }
  }

  void Run(const std::stop_token& stop) {
    while (std::optional<PendingEvent> event = Next(stop)) {
      Write(*event);
    }
    const auto deadline = clock_.Monotonic() + kFlushTime;
    while (clock_.Monotonic() < deadline) {
      const std::optional<PendingEvent> event = TryPop();
      if (!event) {
        return;
      }
      Write(*event);
    }
  }

  // Waits for an event; none: stopped.
  std::optional<PendingEvent> Next(const std::stop_token& stop) {
    {
      MutexLock lock(mutex_);
      if (!changed_.wait(mutex_, stop, [this]() REQUIRES(mutex_) { return !queue_.empty(); })) {
        return std::nullopt;
      }
    }
    Yield(stop);
    return TryPop();
  }

  void Yield(const std::stop_token& stop) {
    while (!stop.stop_requested() && busy_()) {
      {
        MutexLock lock(mutex_);
        if (queue_.empty() || clock_.Monotonic() >= queue_.front().recorded + kLongestYield) {
          return;
        }
      }
      if (WaitFor(stop, kYieldStep) == Waited::kStopped) {
        return;
      }
    }
  }

  std::optional<PendingEvent> TryPop() {
    MutexLock lock(mutex_);
    if (queue_.empty()) {
      return std::nullopt;
    }
    PendingEvent event = std::move(queue_.front().event);
    queue_.pop_front();
    return event;
  }

  void Write(const PendingEvent& event) {
    const EventAggregator::Decision decision =
        aggregator_.Decide(event.identity, clock_.Monotonic(), event.time);
    if (decision.action == EventAggregator::Action::kDrop) {
      return;
    }
    const Result<Json> written = decision.action == EventAggregator::Action::kCreate
                                     ? Create(event, decision.event_name)
                                     : Count(event, decision);
    if (written) {
      return;
    }
    aggregator_.Forget(event.identity);
    log::Warn("cannot write an event", {{"namespace", event.identity.ns.value()},
                                        {"name", event.identity.name.value()},
                                        {"reason", event.identity.reason},
                                        {"error", written.error().message}});
  }

  Result<Json> Create(const PendingEvent& event, const std::string& event_name) {
    return client_.Create(kEvents, event.identity.ns, MakeEvent(event, event_name, instance_));
  }

  // An event lives for an hour only: when it is gone, the repetition is a new one.
  Result<Json> Count(const PendingEvent& event, const EventAggregator::Decision& decision) {
    Result<Json> counted =
        client_.JsonPatch(kEvents, event.identity.ns, api::Name(decision.event_name),
                          MakeSeriesPatch(decision.count, event.time));
    if (counted || counted.error().code != ErrorCode::kNotFound) {
      return counted;
    }
    aggregator_.Forget(event.identity);
    const auto again = aggregator_.Decide(event.identity, clock_.Monotonic(), event.time);
    return again.action == EventAggregator::Action::kCreate ? Create(event, again.event_name)
                                                            : counted;
  }

  Client& client_;
  const std::string instance_;
  const Clock& clock_;
  const std::function<bool()> busy_;
  EventAggregator aggregator_;  // of the thread only

  Mutex mutex_;
  std::deque<Queued> queue_ GUARDED_BY(mutex_);
  ConditionVariable changed_;
  std::jthread thread_;
};

}  // namespace

EventSubject SubjectOf(const Resource& resource, const Json& object) {
  EventSubject subject{.kind = resource, .meta = {}};
  const api::ObjectKey key = KeyOf(object);
  subject.meta.ns = key.ns;
  subject.meta.name = key.name;
  subject.meta.uid = api::Uid(StringAt(object, {"metadata", "uid"}));
  subject.meta.resource_version = StringAt(object, {"metadata", "resourceVersion"});
  return subject;
}

std::unique_ptr<EventRecorder> EventRecorder::Make(Client& client, const std::string& instance,
                                                   const Clock& clock, std::function<bool()> busy) {
  return std::make_unique<QueuedRecorder>(client, instance, clock, std::move(busy));
}

}  // namespace tenantry::kube
