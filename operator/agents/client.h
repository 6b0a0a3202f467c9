#pragma once

#include <chrono>
#include <compare>
#include <functional>
#include <memory>
#include <string>

#include "common/api/protocol.h"
#include "common/base/result.h"
#include "common/net/tls.h"

namespace tenantry::telemetry {
class Registry;
}

namespace tenantry::agents {

// Where an agent listens. Equal addresses share connections.
struct AgentAddress {
  std::string name;  // of the Pod, or host:port of an endpoint
  std::string url;   // "https://host:port"

  friend auto operator<=>(const AgentAddress&, const AgentAddress&) = default;
};

struct ClientOptions {
  std::shared_ptr<net::TlsIdentity> identity;  // the operator's own certificate
  net::PeerRule peer;                          // role "agent"
  std::chrono::milliseconds timeout{10'000};   // of each call
};

// Speaks to all agents. Thread-safe.
// Errors: no connection, time-out, 429, 5xx → kUnavailable with reason AgentUnreachable; 401, 403
// or a refused certificate → kInvalid with AgentUnauthorized; 404 → kNotFound; 409 → kConflict;
// 413, 400 → kInvalid; an answer that cannot be read, an unknown protocol version, or
// 422/AgentVersionSkew from the agent → kInvalid with AgentVersionSkew. Messages name the agent and
// its URL.
class Client {
 public:
  // `on_change` is told of every task of ours that changed, from the event-stream threads; it must
  // return quickly and not call the client. A task is ours from Submit, or a Get that finds it
  // unfinished, until a final report or Forget. A stream is open to an agent only while it has such
  // tasks, and for a moment more; it reconnects with backoff, and what it may have missed is asked
  // for, so that nothing is missed. A report of state kQueued means: look at this task again, we no
  // longer wait for it: its agent does not know it (it was restarted), refuses us, or has been out
  // of reach for a minute.
  static std::unique_ptr<Client> Make(ClientOptions options, telemetry::Registry& metrics,
                                      std::function<void(const api::TaskReport&)> on_change);
  virtual ~Client() = default;  // closes the streams

  // Idempotent: the same request again returns the task as it is. kOutcomeUnknown never leaves
  // here: a lost answer is asked for again by the same id. Asks for the agent's Info first when it
  // was not seen in the last minute, or the agent failed to answer since.
  virtual Result<api::TaskReport> Submit(const AgentAddress& agent,
                                         const api::TaskRequest& request) = 0;
  virtual Result<api::TaskReport> Get(const AgentAddress& agent, const std::string& id) = 0;
  // Cancels a running task, forgets a finished one. A task that is not there is success.
  virtual Result<void> Forget(const AgentAddress& agent, const std::string& id) = 0;
  virtual Result<api::AgentInfo> Info(const AgentAddress& agent) = 0;
  // As Info, but what was seen in the last minute will do.
  virtual Result<api::AgentInfo> RecentInfo(const AgentAddress& agent) = 0;
};

}  // namespace tenantry::agents
