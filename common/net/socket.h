#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <utility>

#include "common/base/clock.h"
#include "common/base/result.h"

// Sockets as this folder uses them: non-blocking, close-on-exec, every wait with a deadline and a
// way to be woken.
namespace tenantry::net {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) {
      Close();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  ~UniqueFd() { Close(); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }

 private:
  void Close() noexcept;

  int fd_ = -1;
};

// Wakes every wait that watches fd(), now and from then on. Set() may be called from any thread.
class WakeEvent {
 public:
  WakeEvent();
  void Set() noexcept;
  int fd() const { return fd_.get(); }

 private:
  UniqueFd fd_;
};

enum class WaitOutcome { kReady, kTimeout, kWoken, kFailed };

// Waits until `fd` has one of poll(2)'s `events` (or an error or hang-up, which is kReady: the next
// call on it says what happened). `wake_fd` -1: none.
WaitOutcome WaitFor(int fd, short events, int wake_fd, MonotonicTime deadline);

struct HostPort {
  std::string host;  // without brackets
  int port = 0;
};

// Splits "host:port", "[::1]:port" or ":port".
Result<HostPort> ParseHostPort(const std::string& text);

// Whether the text is an IPv4 or IPv6 address, so that there is no name to resolve.
bool IsIpAddress(const std::string& host);

// Told of each resolution of a host name, successful or not, and how long it took.
using ResolutionObserver =
    std::function<void(const std::string& host, std::chrono::steady_clock::duration took)>;

// A connected TCP socket with TCP_NODELAY and keep-alive probes. kUnavailable when nobody answers,
// kCancelled when woken. Name resolution is bounded by the resolver's own time-out only.
Result<UniqueFd> ConnectTcp(const HostPort& address, int wake_fd, MonotonicTime deadline,
                            const ResolutionObserver& on_resolved = nullptr);

// A listening socket; an empty host is every interface, IPv6 and IPv4. kInvalid names the address.
Result<UniqueFd> ListenTcp(const HostPort& address);

// Without it each small message waits for the peer's delayed acknowledgement: 40 ms.
void SetNoDelay(int fd);

// The port a listening socket is bound to.
int BoundPort(int fd);

}  // namespace tenantry::net
