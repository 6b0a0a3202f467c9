#include "agent/app.h"

#include <unistd.h>

#include <array>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "agent/serve/task_api.h"
#include "agent/tasks/runner.h"
#include "common/base/clock.h"
#include "common/base/unused_code.h"
#include "common/net/http_server.h"
#include "common/telemetry/log.h"
#include "common/telemetry/metrics.h"
#include "common/telemetry/probes.h"
#include "common/telemetry/profiles.h"

namespace tenantry::agent {
namespace {

// A task brings its fixtures' bytes along: several ConfigMaps of a mebibyte each.
constexpr std::size_t kMaxBodyBytes = 64 << 20;
constexpr std::size_t kControlThreads = 64;
constexpr std::size_t kPlainThreads = 8;

std::string HostName() {
  std::array<char, 256> name{};
  gethostname(name.data(), name.size() - 1);
  return name.data();
}

api::AgentInfo MakeInfo(const AgentConfig& config, const TaskHandlers& handlers) {
  api::AgentInfo info{.name = config.name.empty() ? HostName() : config.name,
                      .version = TENANTRY_VERSION,
                      .protocol_version = api::kProtocolVersion};
  for (const auto& [kind, handler] : handlers) {
    info.capabilities[api::ToString(kind)] = {.state = "Available"};
  }
  return info;
}

void FollowCertificates(net::TlsIdentity& identity, telemetry::Registry& registry) {
  auto& reads = registry.GetCounter("certwatcher_read_certificate_total",
                                    "Times that the certificate files were read anew.");
  auto& errors = registry.GetCounter("certwatcher_read_certificate_errors_total",
                                     "Times that the certificate files could not be used.");
  reads.Increment();  // at the start
  identity.OnReload([&reads, &errors](const Result<void>& outcome) {
    reads.Increment();
    if (outcome) {
      log::Info("certificates reloaded");
      return;
    }
    errors.Increment();
    log::Error("the old certificates stay in use", {{"error", outcome.error().message}});
  });
}

void LogServerError(const std::string& text) { log::Warn("server", {{"error", text}}); }

// Probes and metrics; one server when both have the same address.
class PlainServers {
 public:
  static Result<PlainServers> Start(const AgentConfig& config,
                                    const telemetry::Registry& registry) {
    PlainServers servers;
    servers.probes_ = TRY(MakeServer(config.health_probe_bind_address));
    // The process is useful once it serves at all: it has no cache to fill.
    for (const char* path : {"/livez", "/readyz", "/startupz", "/healthz"}) {
      telemetry::AddProbe(*servers.probes_, path, {{"ping", [] { return Result<void>(); }}});
    }
    net::HttpServer* metrics = servers.probes_.get();
    if (config.metrics_bind_address != config.health_probe_bind_address) {
      servers.metrics_ = TRY(MakeServer(config.metrics_bind_address));
      metrics = servers.metrics_.get();
    }
    telemetry::AddMetrics(*metrics, registry);
    for (net::HttpServer* server : {servers.probes_.get(), servers.metrics_.get()}) {
      if (server == nullptr) {
        continue;
      }
      if (Result<void> started = server->Start(); !started) {
        return std::move(started).error();
      }
    }
    return servers;
  }

  int port() const { return probes_->port(); }

 private:
  static Result<std::unique_ptr<net::HttpServer>> MakeServer(const std::string& address) {
    return net::HttpServer::Make(
        {.bind_address = address, .max_threads = kPlainThreads, .on_error = LogServerError});
  }

  std::unique_ptr<net::HttpServer> probes_;
  std::unique_ptr<net::HttpServer> metrics_;
};

void WaitFor(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  stopped.wait(lock, stop, [] { return false; });
}

Result<void> Run(const AgentConfig& config, TaskHandlers handlers, const std::stop_token& stop) {
  const SystemClock clock;
  const std::unique_ptr<telemetry::Registry> registry = telemetry::Registry::Make();
  const std::shared_ptr<net::TlsIdentity> identity = TRY(net::TlsIdentity::Load(config.tls));
  FollowCertificates(*identity, *registry);
  const api::AgentInfo info = MakeInfo(config, handlers);
  const std::unique_ptr<TaskRunner> runner = TaskRunner::Make(
      {.max_concurrent_tasks = config.max_concurrent_tasks, .metrics = registry.get()},
      std::move(handlers), clock);
  const net::PeerRule peer{.trust_domain = config.trust_domain, .role = "operator"};
  const std::unique_ptr<net::HttpServer> control =
      TRY(net::HttpServer::Make({.bind_address = config.listen_address,
                                 .tls = net::ServerTls{.identity = identity, .peer = peer},
                                 .max_threads = kControlThreads,
                                 .max_body_bytes = kMaxBodyBytes,
                                 .on_error = LogServerError}));
  AddTaskApi(*control, *runner, [&info] { return api::AgentInfo(info); });
  if (Result<void> started = control->Start(); !started) {
    return started;
  }
  const auto debug = TRY(telemetry::ServeProfiles(config.debug_bind_address));
  const PlainServers plain = TRY(PlainServers::Start(config, *registry));
  log::Info("agent is ready", {{"name", info.name},
                               {"version", info.version},
                               {"port", control->port()},
                               {"probePort", plain.port()}});
  ReleaseUnusedCode();  // the start needed more of it than what follows
  WaitFor(stop);
  runner->Stop();  // the event streams still tell how the tasks ended
  control->Stop();
  log::Info("agent has stopped");
  return {};
}

}  // namespace

int RunAgent(const AgentConfig& config, TaskHandlers handlers, std::stop_token stop) {
  const Result<void> outcome = Run(config, std::move(handlers), stop);
  if (!outcome) {
    log::Error("the agent cannot run", {{"error", outcome.error().message}});
    return 1;
  }
  return 0;
}

}  // namespace tenantry::agent
