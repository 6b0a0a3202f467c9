#include "tests/support/shared_servers.h"

#include <cstdlib>
#include <iostream>

namespace tenantry::testing {
namespace {

template <class Server>
std::unique_ptr<Server> Must(Result<std::unique_ptr<Server>> started) {
  if (!started) {
    std::cerr << started.error().message << "\n";
    std::abort();
  }
  return std::move(started).value();
}

}  // namespace

PostgresServer& Postgres() {
  static const std::unique_ptr<PostgresServer> server = Must(PostgresServer::Start());
  return *server;
}

RedisServer& Redis() {
  static const std::unique_ptr<RedisServer> server =
      Must(RedisServer::Start({.password = "redis-secret"}));
  return *server;
}

}  // namespace tenantry::testing
