#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/net/http_server.h"

namespace tenantry::telemetry {

class Registry;

struct ProbeCheck {
  std::string name;                     // "informer-sync"
  std::function<Result<void>()> check;  // fast, thread-safe
};

// Adds a probe at `path` ("/livez"): 200 "ok" when every check passes, otherwise 500 with the list
// of checks, "[+]name ok" / "[-]name failed: why". "?verbose" lists them always. Kubernetes' own
// format.
void AddProbe(net::HttpServer& server, const std::string& path, std::vector<ProbeCheck> checks);

// Both are called on the server's threads, several at once.
struct MetricsHooks {
  // Sets what is only measured on demand, such as the age of the oldest running task.
  std::function<void()> before_scrape = {};
  // Who may read: nothing lets the request through, otherwise the refusal that is answered.
  std::function<std::optional<net::ServerResponse>(const net::ServerRequest&)> authorize = {};
};
// Adds "/metrics".
void AddMetrics(net::HttpServer& server, const Registry& registry, MetricsHooks hooks = {});

}  // namespace tenantry::telemetry
