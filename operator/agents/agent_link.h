#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/api/protocol.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/base/result.h"
#include "common/net/http_client.h"
#include "operator/agents/answers.h"
#include "operator/agents/client.h"
#include "operator/agents/event_stream.h"

namespace tenantry::agents {

// One agent: its connections, its event stream, and what is known of it. Thread-safe.
// Each call is as Client promises.
class AgentLink {
 public:
  struct Settings {
    std::chrono::milliseconds timeout{10'000};
    EventStreamOptions events;
  };

  // `metrics` and `on_change` must outlive it.
  AgentLink(AgentAddress agent, std::unique_ptr<net::HttpClient> http, Settings settings,
            telemetry::Registry& metrics,
            const std::function<void(const api::TaskReport&)>& on_change);

  Result<api::TaskReport> Submit(const api::TaskRequest& request);
  Result<api::TaskReport> Get(const std::string& id);
  Result<void> Forget(const std::string& id);
  Result<api::AgentInfo> Info();
  Result<api::AgentInfo> RecentInfo();

  bool IsListening() const { return stream_.IsRunning(); }
  void RequestStop() { stream_.RequestStop(); }

 private:
  Result<net::HttpResponse> Send(const Call& call, const net::HttpRequest& request);
  Result<net::HttpResponse> SendMeasured(const Call& call, const net::HttpRequest& request);
  // Notes what an outcome tells about the agent.
  template <class T>
  Result<T> Noted(Result<T> outcome);
  Result<api::TaskReport> Ask(const std::string& id, std::chrono::milliseconds timeout);
  void ForgetInfo();

  const AgentAddress agent_;
  const std::unique_ptr<net::HttpClient> http_;
  const Settings settings_;
  telemetry::Registry& metrics_;
  Mutex mutex_;
  struct Seen {
    api::AgentInfo info;
    MonotonicTime at;
  };
  std::optional<Seen> seen_ GUARDED_BY(mutex_);
  EventStream stream_;  // last: its thread uses all of the above
};

}  // namespace tenantry::agents
