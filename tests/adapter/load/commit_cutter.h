#pragma once

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string_view>
#include <thread>

namespace tenantry::load {

// Stands between one client and PostgreSQL and cuts the line after the server has answered the
// client's COMMIT, so that the client never hears of it.
class CommitCutter {
 public:
  explicit CommitCutter(int server_port) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = Loopback(0);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    ::bind(listener_, generic, size);
    ::getsockname(listener_, generic, &size);
    ::listen(listener_, 1);
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this, server_port] { Serve(server_port); });
  }
  ~CommitCutter() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  CommitCutter(const CommitCutter&) = delete;
  CommitCutter& operator=(const CommitCutter&) = delete;

  int port() const { return port_; }

 private:
  static sockaddr_in Loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<in_port_t>(port));
    return address;
  }

  void Serve(int server_port) {
    const int client = ::accept(listener_, nullptr, nullptr);
    if (client < 0) {
      return;
    }
    const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = Loopback(server_port);
    ::connect(server, reinterpret_cast<sockaddr*>(&address), sizeof address);
    Forward(client, server);
    ::close(client);
    ::close(server);
  }

  static void Forward(int client, int server) {
    bool committing = false;
    std::array<char, 65536> buffer{};
    std::array<pollfd, 2> both = {pollfd{client, POLLIN, 0}, pollfd{server, POLLIN, 0}};
    while (::poll(both.data(), both.size(), 60'000) > 0) {
      const bool from_client = both[0].revents != 0;
      const ssize_t count = ::recv(from_client ? client : server, buffer.data(), buffer.size(), 0);
      if (count <= 0 || (committing && !from_client)) {
        return;
      }
      const std::string_view bytes(buffer.data(), static_cast<std::size_t>(count));
      committing = committing || (from_client && bytes.find("COMMIT\0") != std::string_view::npos &&
                                  bytes.find("ON COMMIT") == std::string_view::npos);
      ::send(from_client ? server : client, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    }
  }

  int listener_ = -1;
  int port_ = 0;
  std::jthread thread_;
};

}  // namespace tenantry::load
