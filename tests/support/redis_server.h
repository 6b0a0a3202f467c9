#pragma once

#include <memory>
#include <string>

#include "common/api/protocol.h"
#include "common/base/result.h"
#include "tests/support/server_process.h"

namespace tenantry::testing {

struct RedisServerOptions {
  std::string password;  // requirepass of the default user; empty: none
};

// A real redis-server without persistence (see ServerProcess).
class RedisServer {
 public:
  // Returns when the server answers.
  static Result<std::unique_ptr<RedisServer>> Start(RedisServerOptions options = {});

  int port() const { return process_->port(); }
  // The default user, who may do everything.
  api::RedisAccess access() const;
  void Stop() { process_->Stop(); }

 private:
  explicit RedisServer(RedisServerOptions options) : options_(std::move(options)) {}

  RedisServerOptions options_;
  TemporaryFolder folder_;
  std::unique_ptr<ServerProcess> process_;
};

}  // namespace tenantry::testing
