#include "operator/agents/client.h"

#include <algorithm>
#include <cassert>
#include <map>
#include <utility>
#include <vector>

#include "common/api/reasons.h"
#include "common/base/mutex.h"
#include "operator/agents/agent_link.h"

namespace tenantry::agents {
namespace {

using std::chrono::steady_clock;

// What is kept of an agent that nobody speaks to any more.
constexpr std::chrono::minutes kUnusedLifetime{10};
constexpr std::size_t kIdleConnections = 16;
constexpr std::chrono::milliseconds kConnectTimeout{5'000};

class HttpsClient final : public Client {
 public:
  HttpsClient(ClientOptions options, telemetry::Registry& metrics,
              std::function<void(const api::TaskReport&)> on_change)
      : options_(std::move(options)), metrics_(metrics), on_change_(std::move(on_change)) {
    assert(options_.identity != nullptr);
  }
  ~HttpsClient() override {
    // All streams end at the same time, not one after the other.
    const MutexLock lock(mutex_);
    for (const auto& [agent, known] : links_) {
      known.link->RequestStop();
    }
  }

  Result<api::TaskReport> Submit(const AgentAddress& agent,
                                 const api::TaskRequest& request) override {
    return TRY(LinkTo(agent))->Submit(request);
  }
  Result<api::TaskReport> Get(const AgentAddress& agent, const std::string& id) override {
    return TRY(LinkTo(agent))->Get(id);
  }
  Result<void> Forget(const AgentAddress& agent, const std::string& id) override {
    return TRY(LinkTo(agent))->Forget(id);
  }
  Result<api::AgentInfo> Info(const AgentAddress& agent) override {
    return TRY(LinkTo(agent))->Info();
  }
  Result<api::AgentInfo> RecentInfo(const AgentAddress& agent) override {
    return TRY(LinkTo(agent))->RecentInfo();
  }

 private:
  using LinkPtr = std::shared_ptr<AgentLink>;
  struct Known {
    LinkPtr link;
    MonotonicTime used;
  };

  Result<LinkPtr> LinkTo(const AgentAddress& agent) {
    std::vector<LinkPtr> unused;  // ends outside of the lock
    const MutexLock lock(mutex_);
    const MonotonicTime now = steady_clock::now();
    if (const auto found = links_.find(agent); found != links_.end()) {
      found->second.used = now;
      return found->second.link;
    }
    unused = RemoveUnused(now);
    LinkPtr link = TRY(MakeLink(agent));
    links_.emplace(agent, Known{.link = link, .used = now});
    return link;
  }

  Result<LinkPtr> MakeLink(const AgentAddress& agent) {
    if (!agent.url.starts_with("https://")) {
      return UnusableAddress(agent, "only https:// URLs are spoken to");
    }
    auto http =
        net::HttpClient::Make({.base_url = agent.url,
                               .tls = {.identity = options_.identity, .peer = options_.peer},
                               .max_idle_connections = kIdleConnections,
                               .connect_timeout = std::min(kConnectTimeout, options_.timeout)});
    if (!http) {
      return UnusableAddress(agent, http.error().message);
    }
    return std::make_shared<AgentLink>(
        agent, std::move(http).value(),
        AgentLink::Settings{.timeout = options_.timeout, .events = {}}, metrics_, on_change_);
  }

  static Error UnusableAddress(const AgentAddress& agent, const std::string& why) {
    return {.code = ErrorCode::kInvalid,
            .message = "Agent " + agent.name + " has the URL \"" + agent.url +
                       "\", which cannot be used: " + why + ". Give it as https://host:port.",
            .reason = api::reason::kInvalidSpec};
  }

  std::vector<LinkPtr> RemoveUnused(MonotonicTime now) REQUIRES(mutex_) {
    std::vector<LinkPtr> unused;
    std::erase_if(links_, [&](const auto& entry) {
      const Known& known = entry.second;
      const bool remove = now - known.used > kUnusedLifetime && !known.link->IsListening();
      if (remove) {
        unused.push_back(known.link);
      }
      return remove;
    });
    return unused;
  }

  const ClientOptions options_;
  telemetry::Registry& metrics_;
  const std::function<void(const api::TaskReport&)> on_change_;
  Mutex mutex_;
  std::map<AgentAddress, Known> links_ GUARDED_BY(mutex_);
};

}  // namespace

std::unique_ptr<Client> Client::Make(ClientOptions options, telemetry::Registry& metrics,
                                     std::function<void(const api::TaskReport&)> on_change) {
  return std::make_unique<HttpsClient>(std::move(options), metrics, std::move(on_change));
}

}  // namespace tenantry::agents
