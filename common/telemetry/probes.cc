#include "common/telemetry/probes.h"

#include <memory>
#include <utility>

#include "common/base/strings.h"
#include "common/telemetry/metrics.h"

namespace tenantry::telemetry {
namespace {

bool WantsDetails(const std::string& query) {
  for (const std::string_view part : Split(query, '&')) {
    if (part == "verbose" || part.starts_with("verbose=")) {
      return true;
    }
  }
  return false;
}

// Kubernetes' own format: one line for each check, then the verdict.
net::ServerResponse Answer(const std::string& probe, const std::vector<ProbeCheck>& checks,
                           const std::string& query) {
  std::string lines;
  bool all_pass = true;
  for (const ProbeCheck& check : checks) {
    const Result<void> outcome = check.check();
    if (outcome) {
      lines += "[+]" + check.name + " ok\n";
    } else {
      all_pass = false;
      lines += "[-]" + check.name + " failed: " + outcome.error().message + "\n";
    }
  }
  net::ServerResponse response{.content_type = "text/plain; charset=utf-8"};
  if (!all_pass) {
    response.status = 500;
    response.body = lines + probe + " check failed\n";
  } else if (WantsDetails(query)) {
    response.body = lines + probe + " check passed\n";
  } else {
    response.body = "ok";
  }
  return response;
}

}  // namespace

void AddProbe(net::HttpServer& server, const std::string& path, std::vector<ProbeCheck> checks) {
  const std::string name = path.substr(path.rfind('/') + 1);
  server.Handle("GET", path, [name, checks = std::move(checks)](const net::ServerRequest& request) {
    return Answer(name, checks, request.query);
  });
}

void AddMetrics(net::HttpServer& server, const Registry& registry, MetricsHooks hooks) {
  server.Handle(
      "GET", "/metrics", [&registry, hooks = std::move(hooks)](const net::ServerRequest& request) {
        if (hooks.authorize) {
          if (std::optional<net::ServerResponse> refusal = hooks.authorize(request)) {
            return *std::move(refusal);
          }
        }
        if (hooks.before_scrape) {
          hooks.before_scrape();
        }
        return net::ServerResponse{
            .content_type = "text/plain; version=0.0.4; charset=utf-8",
            .write_body = [&registry](const net::BodySink& write) { registry.WriteText(write); }};
      });
}

}  // namespace tenantry::telemetry
