#include "operator/servers.h"

#include <string>
#include <utility>

#include "common/net/tls.h"
#include "common/telemetry/log.h"
#include "common/telemetry/profiles.h"

namespace tenantry {
namespace {

net::HttpServerOptions Plain(const std::string& address) {
  return {.bind_address = address, .max_threads = 4, .on_error = [](const std::string& error) {
            log::Warn("a request for probes or metrics failed", {{"error", error}});
          }};
}

Result<net::HttpServerOptions> ForMetrics(const OperatorConfig& config, const Clock& clock) {
  net::HttpServerOptions options = Plain(config.metrics_bind_address);
  if (!config.metrics_secure) {
    return options;
  }
  const std::string& folder = config.metrics_cert_path;
  auto identity =
      TRY(folder.empty() ? net::TlsIdentity::MakeSelfSigned({"localhost", "127.0.0.1"}, clock)
                         : net::TlsIdentity::LoadServer(folder + "/tls.crt", folder + "/tls.key"));
  options.tls =
      net::ServerTls{.identity = std::move(identity), .clients = net::ServerTls::Clients::kAny};
  return options;
}

telemetry::MetricsHooks HooksOf(const OperatorConfig& config, const Servers::Content& content) {
  telemetry::MetricsHooks hooks{.before_scrape = content.before_scrape};
  if (config.metrics_secure) {
    hooks.authorize = [&reviewer = content.reviewer](const net::ServerRequest& request) {
      return reviewer.Refuse(request);
    };
  }
  return hooks;
}

}  // namespace

Result<Servers> Servers::Start(const OperatorConfig& config, Content content, const Clock& clock) {
  const telemetry::MetricsHooks hooks = HooksOf(config, content);
  Servers servers;
  servers.probes_ = TRY(net::HttpServer::Make(Plain(config.health_probe_bind_address)));
  telemetry::AddProbe(*servers.probes_, "/livez", content.live);
  telemetry::AddProbe(*servers.probes_, "/healthz", std::move(content.live));
  telemetry::AddProbe(*servers.probes_, "/readyz", std::move(content.ready));
  net::HttpServer* metrics = servers.probes_.get();
  if (config.metrics_bind_address != config.health_probe_bind_address) {
    net::HttpServerOptions options = TRY(ForMetrics(config, clock));
    servers.metrics_ = TRY(net::HttpServer::Make(std::move(options)));
    metrics = servers.metrics_.get();
  }
  telemetry::AddMetrics(*metrics, content.registry, hooks);
  servers.debug_ = TRY(telemetry::ServeProfiles(config.debug_bind_address));
  TRY(servers.probes_->Start());
  if (servers.metrics_) {
    TRY(servers.metrics_->Start());
  }
  return servers;
}

}  // namespace tenantry
