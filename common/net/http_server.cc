#include "common/net/http_server.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <list>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "common/base/mutex.h"
#include "common/net/connection.h"
#include "common/net/request_engine.h"
#include "common/net/socket.h"
#include "common/net/tls_context.h"

namespace tenantry::net {
namespace {

constexpr std::chrono::seconds kHandshakeTime{10};
constexpr std::chrono::seconds kIdleTime{120};  // of a kept-alive connection

// One thread for each connection, started when it comes and gone with it: an idle server has none.
class ThreadedHttpServer final : public HttpServer {
 public:
  ThreadedHttpServer(HttpServerOptions options, HostPort address,
                     std::unique_ptr<ServerTlsContext> tls)
      : options_(std::move(options)),
        address_(std::move(address)),
        tls_(std::move(tls)),
        engine_(options_.max_body_bytes, options_.on_error, stop_.get_token()) {}
  ~ThreadedHttpServer() override { ThreadedHttpServer::Stop(); }

  void Handle(const std::string& method, const std::string& pattern, Handler handler) override {
    engine_.AddRoute(method, pattern, std::move(handler));
  }
  Result<void> Start() override;
  void Stop() override;
  int port() const override { return port_; }

 private:
  struct Worker {
    std::thread thread;
    bool is_done = false;
    int idle_socket = -1;  // while it waits for a request
    MonotonicTime idle_since;
  };

  void AcceptLoop();
  void StartWorker(UniqueFd socket);
  bool MakeRoom() EXCLUDES(mutex_);
  void CloseLongestIdle() REQUIRES(mutex_);
  void JoinAll() EXCLUDES(mutex_);
  void Work(Worker& worker, UniqueFd socket);
  void Serve(Worker& worker, Connection& connection);
  bool WaitForRequest(Worker& worker, Connection& connection) EXCLUDES(mutex_);
  void Report(const std::string& text) const;

  const HttpServerOptions options_;
  const HostPort address_;
  const std::unique_ptr<ServerTlsContext> tls_;
  std::stop_source stop_;
  WakeEvent wake_;
  RequestEngine engine_;
  UniqueFd listener_;
  int port_ = 0;
  std::thread acceptor_;
  Mutex mutex_;
  ConditionVariable worker_ended_;
  std::list<Worker> workers_ GUARDED_BY(mutex_);
};

Result<void> ThreadedHttpServer::Start() {
  if (wake_.fd() < 0) {
    return Error{.code = ErrorCode::kUnavailable, .message = "too many open files"};
  }
  listener_ = TRY(ListenTcp(address_));
  port_ = BoundPort(listener_.get());
  acceptor_ = std::thread([this] { AcceptLoop(); });
  return {};
}

void ThreadedHttpServer::Stop() {
  stop_.request_stop();
  wake_.Set();
  if (acceptor_.joinable()) {
    acceptor_.join();
  }
  listener_ = UniqueFd();
  JoinAll();
}

void ThreadedHttpServer::JoinAll() {
  std::list<Worker> workers;
  {
    const MutexLock lock(mutex_);
    for (Worker& worker : workers_) {
      workers.emplace_back().thread = std::move(worker.thread);
    }
  }
  for (Worker& worker : workers) {
    worker.thread.join();
  }
  const MutexLock lock(mutex_);
  workers_.clear();
}

void ThreadedHttpServer::AcceptLoop() {
  constexpr std::chrono::milliseconds kPauseWhenFull{100};
  while (!stop_.stop_requested()) {
    if (WaitFor(listener_.get(), POLLIN, wake_.fd(), MonotonicTime::max()) != WaitOutcome::kReady) {
      continue;
    }
    UniqueFd socket(accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket.valid() && (errno == EMFILE || errno == ENFILE || errno == ENOMEM)) {
      const auto until = std::chrono::steady_clock::now() + kPauseWhenFull;
      WaitFor(wake_.fd(), POLLIN, -1, until);
    }
    if (socket.valid() && MakeRoom()) {
      StartWorker(std::move(socket));
    }
  }
}

// Waits until there is a thread for one more connection; false: the server stops meanwhile.
bool ThreadedHttpServer::MakeRoom() {
  constexpr std::chrono::milliseconds kPause{100};
  std::list<Worker> finished;
  bool has_room = false;
  {
    const MutexLock lock(mutex_);
    while (!has_room && !stop_.stop_requested()) {
      for (auto worker = workers_.begin(); worker != workers_.end();) {
        const auto next = std::next(worker);
        if (worker->is_done) {
          finished.splice(finished.end(), workers_, worker);
        }
        worker = next;
      }
      has_room = workers_.size() < options_.max_threads;
      if (!has_room) {
        CloseLongestIdle();
        worker_ended_.wait_for(mutex_, kPause);
      }
    }
  }
  for (Worker& worker : finished) {
    worker.thread.join();
  }
  return has_room;
}

// Its thread sees the end of the stream. A client opens a new connection when it needs one.
void ThreadedHttpServer::CloseLongestIdle() {
  Worker* longest = nullptr;
  for (Worker& worker : workers_) {
    if (worker.idle_socket >= 0 &&
        (longest == nullptr || worker.idle_since < longest->idle_since)) {
      longest = &worker;
    }
  }
  if (longest != nullptr) {
    shutdown(longest->idle_socket, SHUT_RDWR);
    longest->idle_socket = -1;
  }
}

void ThreadedHttpServer::StartWorker(UniqueFd socket) {
  const MutexLock lock(mutex_);
  Worker& worker = workers_.emplace_back();
  try {
    worker.thread = std::thread(
        [this, &worker, held = std::move(socket)]() mutable { Work(worker, std::move(held)); });
  } catch (const std::system_error& error) {
    workers_.pop_back();
    Report(std::string("cannot start a thread for a connection: ") + error.what());
  }
}

void ThreadedHttpServer::Work(Worker& worker, UniqueFd socket) {
  try {
    SslPtr ssl = tls_ == nullptr ? nullptr : tls_->NewSession();
    if (tls_ == nullptr || ssl != nullptr) {
      Connection connection(std::move(socket), std::move(ssl), wake_.fd());
      Serve(worker, connection);
      connection.CloseGracefully();
    }
  } catch (const std::exception& error) {
    Report(std::string("a connection failed by an exception: ") + error.what());
  } catch (...) {
    Report("a connection failed by an exception of unknown type");
  }
  const MutexLock lock(mutex_);
  worker.is_done = true;
  worker_ended_.notify_all();
}

void ThreadedHttpServer::Serve(Worker& worker, Connection& connection) {
  connection.SetDeadline(std::chrono::steady_clock::now() + kHandshakeTime);
  connection.DisableNagle();
  if (!connection.Handshake(Connection::Role::kServer)) {
    if (connection.failure() == ConnectionFailure::kCertificateRefused) {
      std::string ip;
      int port = 0;
      connection.get_remote_ip_and_port(ip, port);
      Report("refused a client at " + ip + ": " + connection.failure_text());
    }
    return;
  }
  while (WaitForRequest(worker, connection) &&
         engine_.ServeOne(connection) == RequestEngine::Next::kKeepAlive) {
  }
}

bool ThreadedHttpServer::WaitForRequest(Worker& worker, Connection& connection) {
  const auto now = std::chrono::steady_clock::now();
  connection.SetDeadline(now + kIdleTime);
  {
    const MutexLock lock(mutex_);
    worker.idle_socket = connection.socket();
    worker.idle_since = now;
  }
  const bool is_readable = connection.WaitReadable();
  const MutexLock lock(mutex_);
  worker.idle_socket = -1;
  return is_readable;
}

void ThreadedHttpServer::Report(const std::string& text) const {
  if (options_.on_error) {
    options_.on_error(text);
  }
}

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::Make(HttpServerOptions options) {
  HostPort address = TRY(ParseHostPort(options.bind_address));
  std::unique_ptr<ServerTlsContext> tls;
  if (options.tls) {
    tls = TRY(ServerTlsContext::Make(*options.tls));
  }
  return std::unique_ptr<HttpServer>(
      std::make_unique<ThreadedHttpServer>(std::move(options), std::move(address), std::move(tls)));
}

}  // namespace tenantry::net
