#include "tests/support/redis_server.h"

#include <hiredis/hiredis.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>
#include <vector>

namespace tenantry::testing {
namespace {

constexpr int kAttempts = 5;  // another process may take the free port first
constexpr std::chrono::seconds kPatience{20};
constexpr std::chrono::milliseconds kPollInterval{10};

Error Failure(const std::string& why) {
  return {.code = ErrorCode::kInternal, .message = "redis-server: " + why};
}

Result<int> FreePort() {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  const bool found =
      ::bind(descriptor, generic, size) == 0 && ::getsockname(descriptor, generic, &size) == 0;
  ::close(descriptor);
  if (!found) {
    return Failure("no free port");
  }
  return static_cast<int>(ntohs(address.sin_port));
}

// Runs in the child between fork and exec: system calls only.
[[noreturn]] void Become(std::vector<char*>& arguments, const char* log_path, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent || ::freopen(log_path, "w", stdout) == nullptr) {
    ::_exit(127);
  }
  ::dup2(STDOUT_FILENO, STDERR_FILENO);
  ::execvp(arguments[0], arguments.data());
  ::_exit(127);
}

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

RedisServer::RedisServer(RedisServerOptions options, std::filesystem::path folder)
    : options_(std::move(options)), folder_(std::move(folder)) {}

RedisServer::~RedisServer() {
  Stop();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

Result<std::unique_ptr<RedisServer>> RedisServer::Start(RedisServerOptions options) {
  // hiredis writes without MSG_NOSIGNAL; programs ignore the signal in main().
  std::signal(SIGPIPE, SIG_IGN);
  std::string pattern = (std::filesystem::temp_directory_path() / "tenantry-redis-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) {
    return Failure("no folder for it");
  }
  std::unique_ptr<RedisServer> server(new RedisServer(std::move(options), pattern));
  Result<void> ready = Failure("not tried");
  for (int attempt = 0; attempt < kAttempts && !ready; ++attempt) {
    TRY(server->Launch());
    ready = server->AwaitReady();
  }
  if (!ready) {
    return std::move(ready).error();
  }
  return server;
}

Result<void> RedisServer::Launch() {
  Stop();
  port_ = TRY(FreePort());
  std::vector<std::string> words = {
      "redis-server", "--port", std::to_string(port_), "--bind", "127.0.0.1",   "--dir", folder_,
      "--save",       "",       "--appendonly",        "no",     "--daemonize", "no"};
  if (!options_.password.empty()) {
    words.insert(words.end(), {"--requirepass", options_.password});
  }
  std::vector<char*> arguments;
  for (std::string& word : words) {
    arguments.push_back(word.data());
  }
  arguments.push_back(nullptr);
  const std::string log_path = folder_ / "log";
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) {
    Become(arguments, log_path.c_str(), parent);
  }
  if (pid_ < 0) {
    return Failure("fork failed");
  }
  return {};
}

Result<void> RedisServer::AwaitReady() {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (std::chrono::steady_clock::now() < deadline) {
    if (::waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = -1;
      return Failure("ended at once: " + Log());
    }
    if (Answers(port_)) {
      return {};
    }
    std::this_thread::sleep_for(kPollInterval);
  }
  return Failure("does not answer: " + Log());
}

std::string RedisServer::Log() const {
  std::ifstream file(folder_ / "log");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

api::RedisAccess RedisServer::access() const {
  return {.host = "127.0.0.1", .port = port_, .user = "", .password = Secret(options_.password)};
}

void RedisServer::Stop() {
  if (pid_ <= 0) {
    return;
  }
  ::kill(pid_, SIGKILL);  // nothing is kept, so nothing is to be saved
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

}  // namespace tenantry::testing
