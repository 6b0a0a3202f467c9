#include "tests/support/redis_server.h"

#include <hiredis/hiredis.h>

#include <csignal>
#include <vector>

namespace tenantry::testing {
namespace {

// PONG, or NOAUTH from a server with a password, but not LOADING.
bool Answers(int port) {
  redisContext* context = redisConnectWithTimeout("127.0.0.1", port, timeval{.tv_sec = 1});
  if (context == nullptr || context->err != 0) {
    redisFree(context);
    return false;
  }
  auto* reply = static_cast<redisReply*>(redisCommand(context, "PING"));
  const std::string text = reply != nullptr && reply->str != nullptr ? reply->str : "";
  freeReplyObject(reply);
  redisFree(context);
  return text == "PONG" || text.starts_with("NOAUTH");
}

}  // namespace

Result<std::unique_ptr<RedisServer>> RedisServer::Start(RedisServerOptions options) {
  // hiredis writes without MSG_NOSIGNAL; programs ignore the signal in main().
  std::signal(SIGPIPE, SIG_IGN);
  std::unique_ptr<RedisServer> server(new RedisServer(std::move(options)));
  const auto arguments = [&](int port) -> std::vector<std::string> {
    std::vector<std::string> words = {"redis-server",
                                      "--port",
                                      std::to_string(port),
                                      "--bind",
                                      "127.0.0.1",
                                      "--dir",
                                      server->folder_.path(),
                                      "--save",
                                      "",
                                      "--appendonly",
                                      "no",
                                      "--daemonize",
                                      "no"};
    if (!server->options_.password.empty()) {
      words.insert(words.end(), {"--requirepass", server->options_.password});
    }
    return words;
  };
  server->process_ = TRY(ServerProcess::Start(
      server->folder_, {.name = "redis-server", .arguments = arguments, .answers = Answers}));
  return server;
}

api::RedisAccess RedisServer::access() const {
  return {.host = "127.0.0.1", .port = port(), .user = "", .password = Secret(options_.password)};
}

}  // namespace tenantry::testing
