#pragma once

#include "tests/support/certificates.h"
#include "tests/support/http_proxy.h"
#include "tests/support/tcp_proxy.h"
#include "tests/system/harness/programs.h"

namespace tenantry::testing {

// A proxy on each link: operator → API server, operator → agent, agent → PostgreSQL and Redis. Once
// made, Programs use them.
class Proxies {
 public:
  static Proxies& Instance();

  HttpProxy& api() { return api_; }
  HttpProxy& agent() { return agent_; }
  TcpProxy& postgres() { return postgres_; }
  TcpProxy& redis() { return redis_; }
  // Nothing goes wrong any more.
  void Clear();

 private:
  explicit Proxies(Programs& programs);

  TemporaryFolder folder_;
  HttpProxy api_;
  HttpProxy agent_;
  TcpProxy postgres_;
  TcpProxy redis_;
};

}  // namespace tenantry::testing
