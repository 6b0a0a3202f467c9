#include "tests/support/acceptor.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <utility>

namespace tenantry::testing {
namespace {

void EndSocket(int socket, Cut cut) {
  if (cut == Cut::kReset) {
    sockaddr nobody{};
    nobody.sa_family = AF_UNSPEC;  // on Linux this ends a TCP connection by RST
    ::connect(socket, &nobody, sizeof nobody);
  }
  ::shutdown(socket, SHUT_RDWR);
}

// Bound to a number of our own, so that the number stays ours while nobody listens.
net::UniqueFd BindToFreePort() {
  const net::UniqueFd first = net::ListenTcp({.host = "127.0.0.1", .port = 0}).value();
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<in_port_t>(net::BoundPort(first.get())));
  ::shutdown(first.get(), SHUT_RDWR);
  net::UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int yes = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(socket.get(), SOMAXCONN) != 0) {
    throw std::runtime_error("a test's proxy finds no free port");
  }
  return socket;
}

}  // namespace

LinkSet::Link::Link(LinkSet& links, int socket) : links_(links), socket_(socket) {
  if (!valid()) {
    return;
  }
  const MutexLock lock(links_.mutex_);
  links_.sockets_.insert(socket_);
  if (links_.stopped_) {
    EndSocket(socket_, Cut::kClose);
  }
}

LinkSet::Link::~Link() {
  if (!valid()) {
    return;
  }
  const MutexLock lock(links_.mutex_);
  links_.sockets_.erase(socket_);
  ::close(socket_);
}

void LinkSet::Link::End(Cut cut) const { EndSocket(socket_, cut); }

void LinkSet::EndAll(Cut cut) {
  const MutexLock lock(mutex_);
  for (const int socket : sockets_) {
    EndSocket(socket, cut);
  }
}

void LinkSet::Stop() {
  {
    const MutexLock lock(mutex_);
    stopped_ = true;
  }
  stopped_changed_.notify_all();
  EndAll(Cut::kClose);
}

bool LinkSet::Pause(std::chrono::milliseconds time) {
  const auto deadline = std::chrono::steady_clock::now() + time;
  const MutexLock lock(mutex_);
  while (!stopped_ && std::chrono::steady_clock::now() < deadline) {
    stopped_changed_.wait_until(mutex_, deadline);
  }
  return !stopped_;
}

Acceptor::Acceptor(Serve serve)
    : serve_(std::move(serve)),
      listener_(BindToFreePort()),
      port_(net::BoundPort(listener_.get())),
      thread_([this](const std::stop_token& stop) { Accept(stop); }) {}

void Acceptor::Stop() {
  thread_.request_stop();
  stop_event_.Set();
  if (thread_.joinable()) {
    thread_.join();
  }
  links_.Stop();
  services_.clear();
}

void Acceptor::SetDoor(Door door) {
  shut_ = door == Door::kShut;
  if (shut_) {
    ::shutdown(listener_.get(), SHUT_RDWR);
  } else {
    ::listen(listener_.get(), SOMAXCONN);
  }
}

void Acceptor::Accept(const std::stop_token& stop) {
  constexpr int kDoorPollMilliseconds = 20;
  while (!stop.stop_requested()) {
    services_.remove_if([](const Service& service) { return service.over.load(); });
    const bool shut = shut_;
    std::array<pollfd, 2> events = {pollfd{stop_event_.fd(), POLLIN, 0},
                                    pollfd{shut ? -1 : listener_.get(), POLLIN, 0}};
    ::poll(events.data(), events.size(), kDoorPollMilliseconds);
    const int socket = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) {
      continue;
    }
    net::SetNoDelay(socket);
    ++accepted_;
    Service& service = services_.emplace_back();
    service.thread = std::jthread([this, socket, &service] {
      {
        LinkSet::Link client(links_, socket);
        serve_(client);
      }
      service.over = true;
    });
  }
}

int ConnectTo(const std::string& host, int port) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  const auto connected = net::ConnectTcp({.host = host, .port = port}, -1, deadline);
  if (!connected) {
    return -1;
  }
  const int socket = ::fcntl(connected->get(), F_DUPFD_CLOEXEC, 0);
  ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) & ~O_NONBLOCK);
  return socket;
}

bool SendAll(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) {
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

}  // namespace tenantry::testing
