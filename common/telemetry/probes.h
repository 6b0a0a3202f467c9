#pragma once

#include <functional>
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
void AddMetrics(net::HttpServer& server, const Registry& registry);  // "/metrics"

}  // namespace tenantry::telemetry
