#include "common/net/socket.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <memory>
#include <system_error>

#include "common/base/strings.h"

namespace tenantry::net {
namespace {

constexpr int kBacklog = 128;

struct AddressListDeleter {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};
using AddressList = std::unique_ptr<addrinfo, AddressListDeleter>;

std::string ErrorText(int error_number) {
  return std::error_code(error_number, std::generic_category()).message();
}

std::string Describe(const HostPort& address) {
  const std::string port = ":" + std::to_string(address.port);
  const bool is_ipv6 = address.host.find(':') != std::string::npos;
  return is_ipv6 ? "[" + address.host + "]" + port : address.host + port;
}

void SetOption(int fd, int level, int option, int value) {
  // A refused option costs speed or a slower detection of dead peers, never correctness.
  static_cast<void>(setsockopt(fd, level, option, &value, sizeof(value)));
}

void SetKeepAlive(int fd) {
  SetOption(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPIDLE, 30);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPINTVL, 10);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
}

Result<AddressList> Resolve(const HostPort& address, int flags, ErrorCode code) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* list = nullptr;
  const std::string port = std::to_string(address.port);
  const char* host = address.host.empty() ? nullptr : address.host.c_str();
  const int status = getaddrinfo(host, port.c_str(), &hints, &list);
  if (status != 0) {
    return Error{.code = code,
                 .message = "cannot resolve " + Shorten(address.host, 253) + ": " +
                            (status == EAI_SYSTEM ? ErrorText(errno) : gai_strerror(status))};
  }
  return AddressList(list);
}

Result<AddressList> ResolveObserved(const HostPort& address,
                                    const ResolutionObserver& on_resolved) {
  const auto started = std::chrono::steady_clock::now();
  Result<AddressList> list = Resolve(address, 0, ErrorCode::kUnavailable);
  if (on_resolved && !IsIpAddress(address.host)) {
    on_resolved(address.host, std::chrono::steady_clock::now() - started);
  }
  return list;
}

// 0, or why there is no connection.
int ConnectOne(int fd, const addrinfo& address, int wake_fd, MonotonicTime deadline) {
  if (connect(fd, address.ai_addr, address.ai_addrlen) == 0) {
    return 0;
  }
  if (errno != EINPROGRESS) {
    return errno;
  }
  switch (WaitFor(fd, POLLOUT, wake_fd, deadline)) {
    case WaitOutcome::kTimeout:
      return ETIMEDOUT;
    case WaitOutcome::kWoken:
      return ECANCELED;
    case WaitOutcome::kFailed:
      return EIO;
    case WaitOutcome::kReady:
      break;
  }
  int error_number = 0;
  socklen_t length = sizeof(error_number);
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &error_number, &length);
  return error_number;
}

// 0, or why the address cannot be listened on.
int ListenOne(int fd, const addrinfo& address) {
  SetOption(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (address.ai_family == AF_INET6) {
    SetOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  }
  if (bind(fd, address.ai_addr, address.ai_addrlen) != 0 || listen(fd, kBacklog) != 0) {
    return errno;
  }
  return 0;
}

UniqueFd OpenSocket(const addrinfo& address) {
  return UniqueFd(socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

}  // namespace

void UniqueFd::Close() noexcept {
  if (fd_ >= 0) {
    close(fd_);
  }
}

WakeEvent::WakeEvent() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

void WakeEvent::Set() noexcept {
  const std::uint64_t one = 1;
  static_cast<void>(!write(fd_.get(), &one, sizeof(one)));
}

WaitOutcome WaitFor(int fd, short events, int wake_fd, MonotonicTime deadline) {
  std::array<pollfd, 2> watched{pollfd{.fd = fd, .events = events, .revents = 0},
                                pollfd{.fd = wake_fd, .events = POLLIN, .revents = 0}};
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    const auto timeout = std::clamp<std::int64_t>(left.count(), 0, 3'600'000);
    const int count = poll(watched.data(), wake_fd >= 0 ? 2 : 1, static_cast<int>(timeout));
    if (count < 0 && errno != EINTR) {
      return WaitOutcome::kFailed;
    }
    if (count > 0) {
      return watched[1].revents != 0 ? WaitOutcome::kWoken : WaitOutcome::kReady;
    }
    if (std::chrono::steady_clock::now() >= deadline) {
      return WaitOutcome::kTimeout;
    }
  }
}

Result<HostPort> ParseHostPort(const std::string& text) {
  const Error invalid{
      .code = ErrorCode::kInvalid,
      .message = "\"" + Shorten(text) + "\" is not an address; write host:port or :port"};
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) {
    return invalid;
  }
  HostPort address{.host = text.substr(0, colon)};
  const char* begin = text.data() + colon + 1;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(begin, end, address.port);
  if (parsed.ec != std::errc() || parsed.ptr != end || address.port < 0 || address.port > 65535) {
    return invalid;
  }
  if (address.host.starts_with('[') && address.host.ends_with(']')) {
    address.host = address.host.substr(1, address.host.size() - 2);
  } else if (address.host.find_first_of(":/ ") != std::string::npos) {
    return invalid;
  }
  return address;
}

bool IsIpAddress(const std::string& host) {
  in6_addr ipv6{};
  in_addr ipv4{};
  return inet_pton(AF_INET, host.c_str(), &ipv4) == 1 ||
         inet_pton(AF_INET6, host.c_str(), &ipv6) == 1;
}

Result<UniqueFd> ConnectTcp(const HostPort& address, int wake_fd, MonotonicTime deadline,
                            const ResolutionObserver& on_resolved) {
  const AddressList list = TRY(ResolveObserved(address, on_resolved));
  int error_number = EHOSTUNREACH;
  for (const addrinfo* one = list.get(); one != nullptr; one = one->ai_next) {
    UniqueFd fd = OpenSocket(*one);
    if (!fd.valid()) {
      error_number = errno;
      continue;
    }
    SetNoDelay(fd.get());
    error_number = ConnectOne(fd.get(), *one, wake_fd, deadline);
    if (error_number == 0) {
      SetKeepAlive(fd.get());
      return fd;
    }
    if (error_number == ECANCELED || error_number == ETIMEDOUT) {
      break;
    }
  }
  const bool is_cancelled = error_number == ECANCELED;
  return Error{.code = is_cancelled ? ErrorCode::kCancelled : ErrorCode::kUnavailable,
               .message = "cannot connect to " + Describe(address) + ": " +
                          (is_cancelled ? "stopped" : ErrorText(error_number))};
}

Result<UniqueFd> ListenTcp(const HostPort& address) {
  const AddressList list = TRY(Resolve(address, AI_PASSIVE, ErrorCode::kInvalid));
  int error_number = EADDRNOTAVAIL;
  // IPv6 first: a socket on [::] takes IPv4, too. A host without IPv6 falls through to 0.0.0.0.
  for (const int family : {AF_INET6, AF_INET}) {
    for (const addrinfo* one = list.get(); one != nullptr; one = one->ai_next) {
      if (one->ai_family != family) {
        continue;
      }
      UniqueFd fd = OpenSocket(*one);
      error_number = fd.valid() ? ListenOne(fd.get(), *one) : errno;
      if (error_number == 0) {
        return fd;
      }
    }
  }
  return Error{.code = ErrorCode::kInvalid,
               .message = "cannot listen on " + Describe(address) + ": " + ErrorText(error_number) +
                          "; choose another address or end the program that has it"};
}

void SetNoDelay(int fd) { SetOption(fd, IPPROTO_TCP, TCP_NODELAY, 1); }

int BoundPort(int fd) {
  sockaddr_storage storage{};
  socklen_t length = sizeof(storage);
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &length) != 0) {
    return 0;
  }
  if (storage.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_port);
  }
  return ntohs(reinterpret_cast<const sockaddr_in*>(&storage)->sin_port);
}

}  // namespace tenantry::net
