#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "common/net/socket.h"

namespace tenantry::net {

// A TCP server that does to its one connection after the other what the test says, to be as rude as
// no HTTP server would. Loopback, any port.
class RawServer {
 public:
  // `serve` gets the number of the connection (from 0) and its socket, which blocks.
  using Serve = std::function<void(int, int)>;

  explicit RawServer(Serve serve)
      : listener_(ListenTcp({.host = "127.0.0.1", .port = 0}).value()),
        thread_([this, serve = std::move(serve)](const std::stop_token& stop) {
          for (int i = 0; !stop.stop_requested(); ++i) {
            if (WaitFor(listener_.get(), POLLIN, wake_.fd(), MonotonicTime::max()) !=
                WaitOutcome::kReady) {
              return;
            }
            const UniqueFd socket(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
            serve(i, socket.get());
          }
        }) {}
  ~RawServer() {
    wake_.Set();
    thread_.request_stop();
  }

  std::string url() const {
    return "http://127.0.0.1:" + std::to_string(BoundPort(listener_.get()));
  }

  // Reads until the bytes so far end a request's head, and `body` more.
  static std::string ReadRequest(int socket, std::size_t body = 0) {
    std::string text;
    char byte = 0;
    while (!text.ends_with("\r\n\r\n") && recv(socket, &byte, 1, 0) == 1) {
      text += byte;
    }
    for (; body > 0 && recv(socket, &byte, 1, 0) == 1; --body) {
      text += byte;
    }
    return text;
  }
  static void Write(int socket, std::string_view text) {
    static_cast<void>(send(socket, text.data(), text.size(), MSG_NOSIGNAL));
  }
  // Until the peer closes.
  static void WaitForClose(int socket) {
    char byte = 0;
    while (recv(socket, &byte, 1, 0) == 1) {
    }
  }

 private:
  UniqueFd listener_;
  WakeEvent wake_;
  std::jthread thread_;
};

}  // namespace tenantry::net
