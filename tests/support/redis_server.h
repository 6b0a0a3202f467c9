#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <string>

#include "common/api/protocol.h"
#include "common/base/result.h"

namespace tenantry::testing {

struct RedisServerOptions {
  std::string password;  // requirepass of the default user; empty: none
};

// A real redis-server on a free loopback port, without persistence, with a folder of its own.
// It ends with this object, or with the process that started it.
class RedisServer {
 public:
  // Returns when the server answers.
  static Result<std::unique_ptr<RedisServer>> Start(RedisServerOptions options = {});
  ~RedisServer();
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  int port() const { return port_; }
  // The default user, who may do everything.
  api::RedisAccess access() const;
  // Ends the server; its port refuses connections from then on.
  void Stop();

 private:
  RedisServer(RedisServerOptions options, std::filesystem::path folder);
  Result<void> Launch();
  Result<void> AwaitReady();
  std::string Log() const;

  RedisServerOptions options_;
  std::filesystem::path folder_;
  int port_ = 0;
  pid_t pid_ = -1;
};

}  // namespace tenantry::testing
