#include "operator/kube/reflector.h"

#include <exception>
#include <random>
#include <utility>

#include "common/telemetry/log.h"
#include "common/telemetry/metrics.h"
#include "operator/kube/decode.h"
#include "operator/kube/reflector_plan.h"
#include "operator/kube/wait.h"

namespace tenantry::kube {
namespace {

constexpr char kInitialEventsEnd[] = "k8s.io/initial-events-end";

bool EndsInitialEvents(const WatchEvent& event) {
  return StringAt(event.object, {"metadata", "annotations", kInitialEventsEnd}) == "true";
}

}  // namespace

// One run: its state lives on the stack of Run, so a Reflector can be run again.
class Reflector::Impl {
 public:
  Impl(Reflector& owner, std::stop_token stop)
      : owner_(owner),
        stop_(std::move(stop)),
        last_event_(owner.metrics_.GetGauge("tenantry_watch_last_event_timestamp_seconds",
                                            "When the list was complete, or the watch last brought "
                                            "anything, bookmarks too.",
                                            {{"kind", owner.options_.resource.kind}})) {}

  void Run() {
    ReflectorState state;
    if (!owner_.options_.streaming_lists) {
      state = {.step = ReflectorStep::kPagedList, .streaming_served = false};
    }
    while (!stop_.stop_requested()) {
      const auto started = std::chrono::steady_clock::now();
      ReflectorOutcome outcome = Perform(state);
      outcome.lasted = std::chrono::steady_clock::now() - started;
      if (stop_.stop_requested()) {
        return;
      }
      state = NextReflectorState(state, outcome);
      Report(state, outcome);
      if (state.failures > 0 && WaitFor(stop_, Backoff(state.failures)) == Waited::kStopped) {
        return;
      }
    }
  }

 private:
  ReflectorOutcome Perform(const ReflectorState& state) {
    using Freshness = ListOptions::Freshness;
    switch (state.step) {
      case ReflectorStep::kStreamingList:
        return StreamingList();
      case ReflectorStep::kPagedList:
        return PagedList(state.cache_will_do ? Freshness::kCached : Freshness::kLatest);
      case ReflectorStep::kWatch:
        return Watch();
    }
    return {};
  }

  ReflectorOutcome PagedList(ListOptions::Freshness freshness) {
    ListOptions list = owner_.options_.list;
    list.freshness = freshness;
    owner_.sink_.BeginReplace();
    const auto upsert = [&](Json object) {
      Upsert(std::move(object));
      return true;
    };
    Result<std::string> listed = owner_.client_.List(owner_.options_.resource, list, upsert, stop_);
    if (!listed) {
      return {.ended = std::move(listed).error()};
    }
    resource_version_ = std::move(listed).value();
    EndReplace();
    return {};
  }

  ReflectorOutcome StreamingList() {
    ReflectorOutcome outcome;
    owner_.sink_.BeginReplace();
    WatchOptions options = MakeWatchOptions();
    options.send_initial_events = true;
    outcome.ended =
        owner_.client_.Watch(owner_.options_.resource, options, stop_, [&](WatchEvent event) {
          const bool bookmark = event.type == WatchEventType::kBookmark;
          if (!outcome.list_complete && bookmark) {
            outcome.list_complete = EndsInitialEvents(event);
            outcome.plain_bookmark = !outcome.list_complete;
            if (outcome.plain_bookmark) {
              return false;
            }
            Deliver(std::move(event));
            EndReplace();
            return true;
          }
          outcome.progressed = outcome.list_complete;
          Deliver(std::move(event));
          return true;
        });
    return outcome;
  }

  ReflectorOutcome Watch() {
    ReflectorOutcome outcome;
    WatchOptions options = MakeWatchOptions();
    options.resource_version = resource_version_;
    outcome.ended =
        owner_.client_.Watch(owner_.options_.resource, options, stop_, [&](WatchEvent event) {
          outcome.progressed = true;
          Deliver(std::move(event));
          return true;
        });
    return outcome;
  }

  WatchOptions MakeWatchOptions() const {
    return {.list = owner_.options_.list, .idle_timeout = owner_.options_.idle_timeout};
  }

  void MarkTime() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    last_event_.Set(std::chrono::duration<double>(now).count());
  }

  void Deliver(WatchEvent event) {
    MarkTime();
    if (!event.resource_version.empty()) {
      resource_version_ = std::move(event.resource_version);
    }
    switch (event.type) {
      case WatchEventType::kAdded:
      case WatchEventType::kModified:
        return Upsert(std::move(event.object));
      case WatchEventType::kDeleted:
        return Remove(KeyOf(event.object));
      case WatchEventType::kBookmark:
        return;
    }
  }

  // One object that our own code cannot take must not end the program, and with it everybody
  // else's service, again after each restart.
  void Upsert(Json object) {
    const api::ObjectKey key = KeyOf(object);
    if (key.name.empty()) {
      return;
    }
    try {
      owner_.sink_.Upsert(std::move(object));
    } catch (const std::exception& exception) {
      log::Error("cannot take an object in", {{"controllerKind", owner_.options_.resource.kind},
                                              {"namespace", key.ns.value()},
                                              {"name", key.name.value()},
                                              {"error", exception.what()}});
    }
  }

  void Remove(const api::ObjectKey& key) {
    if (!key.name.empty()) {
      owner_.sink_.Remove(key);
    }
  }

  void EndReplace() {
    owner_.sink_.EndReplace();
    MarkTime();
    owner_.synced_ = true;
  }

  void Report(const ReflectorState& next, const ReflectorOutcome& outcome) {
    if (next.reason.empty()) {
      return;
    }
    const std::string& kind = owner_.options_.resource.kind;
    owner_.metrics_
        .GetCounter("tenantry_watch_restarts_total", "Lists and watches that ended, and why.",
                    {{"kind", kind}, {"reason", next.reason}})
        .Increment();
    if (next.failures == 0) {
      log::Debug("a list or watch of the Kubernetes API is begun again",
                 {{"controllerKind", kind}, {"reason", next.reason}});
    } else if (!outcome.ended) {
      log::Warn("a watch of the Kubernetes API failed; it is begun again",
                {{"controllerKind", kind},
                 {"failures", next.failures},
                 {"error", outcome.ended.error().message}});
    }
  }

  std::chrono::milliseconds Backoff(int failures) {
    return ReflectorBackoff(failures, std::uniform_real_distribution<double>(0, 1)(random_));
  }

  Reflector& owner_;
  const std::stop_token stop_;
  telemetry::Gauge& last_event_;
  std::string resource_version_;
  std::minstd_rand random_{std::random_device{}()};
};

Reflector::Reflector(Client& client, ReflectorOptions options, ReflectorSink& sink,
                     telemetry::Registry& metrics)
    : client_(client), options_(std::move(options)), sink_(sink), metrics_(metrics) {}

void Reflector::Run(std::stop_token stop) { Impl(*this, std::move(stop)).Run(); }

}  // namespace tenantry::kube
