#pragma once

#include <memory>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/net/http_server.h"
#include "common/telemetry/metrics.h"
#include "common/telemetry/probes.h"
#include "operator/config.h"
#include "operator/kube/access_reviewer.h"

namespace tenantry {

// Where the operator answers: probes in plain HTTP, metrics in plain HTTP or, with
// --metrics-secure, over TLS and for those only whom Kubernetes lets read them; profiles where
// --debug-bind-address says.
class Servers {
 public:
  struct Content {
    std::vector<telemetry::ProbeCheck> live;
    std::vector<telemetry::ProbeCheck> ready;
    const telemetry::Registry& registry;
    std::function<void()> before_scrape;
    kube::AccessReviewer& reviewer;
  };

  // Everything that `content` refers to must outlive the servers.
  static Result<Servers> Start(const OperatorConfig& config, Content content, const Clock& clock);

 private:
  std::unique_ptr<net::HttpServer> probes_;
  std::unique_ptr<net::HttpServer> metrics_;  // null: both have the same address
  std::unique_ptr<net::HttpServer> debug_;    // null: off
};

}  // namespace tenantry
