#include "common/net/connection.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <system_error>
#include <utility>

#include "common/net/socket_bio.h"
#include "common/net/tls_snapshot.h"

namespace tenantry::net {
namespace {

constexpr std::size_t kBufferBytes = 4096;

std::string AddressText(const sockaddr_storage& storage) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* address =
      storage.ss_family == AF_INET6
          ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_addr)
          : static_cast<const void*>(&reinterpret_cast<const sockaddr_in*>(&storage)->sin_addr);
  const char* result = inet_ntop(storage.ss_family, address, text.data(), text.size());
  return result == nullptr ? "" : result;
}

int PortOf(const sockaddr_storage& storage) {
  return storage.ss_family == AF_INET6
             ? ntohs(reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_port)
             : ntohs(reinterpret_cast<const sockaddr_in*>(&storage)->sin_port);
}

}  // namespace

Connection::Connection(UniqueFd fd, SslPtr ssl, int wake_fd)
    : fd_(std::move(fd)), ssl_(std::move(ssl)), wake_fd_(wake_fd) {
  if (ssl_ != nullptr) {
    BIO* bio = NewSocketBio(fd_);
    SSL_set_bio(ssl_.get(), bio, bio);  // takes it
  }
}

Connection::~Connection() {
  if (ssl_ != nullptr && failure_ == ConnectionFailure::kNone && SSL_is_init_finished(ssl_.get())) {
    SSL_shutdown(ssl_.get());  // tells the peer; the socket does not block
  }
  ERR_clear_error();
}

bool Connection::Handshake(Role role) {
  if (ssl_ == nullptr) {
    return true;
  }
  for (;;) {
    ERR_clear_error();
    const int result = role == Role::kClient ? SSL_connect(ssl_.get()) : SSL_accept(ssl_.get());
    if (result == 1) {
      return true;
    }
    if (!ContinueTls(result)) {
      if (failure_ == ConnectionFailure::kNone) {
        Fail(ConnectionFailure::kClosed, "the peer closed the connection");
      }
      return false;
    }
  }
}

bool Connection::is_readable() const { return failure_ == ConnectionFailure::kNone; }

bool Connection::is_writable() const {
  if (failure_ != ConnectionFailure::kNone) {
    return false;
  }
  pollfd watched{.fd = fd_.get(), .events = POLLRDHUP, .revents = 0};
  return poll(&watched, 1, 0) == 0;
}

void Connection::DisableNagle() { SetNoDelay(fd_.get()); }

void Connection::SetDeadline(MonotonicTime deadline) {
  deadline_ = deadline;
  idle_timeout_ = std::chrono::milliseconds(0);
}

void Connection::SetIdleTimeout(std::chrono::milliseconds timeout) {
  deadline_ = MonotonicTime::max();
  idle_timeout_ = timeout;
}

void Connection::BeginHead(const HeadLimits& limits) {
  head_limits_ = limits;
  head_bytes_ = 0;
  line_limit_ = limits.first_line_bytes;
  line_bytes_ = 0;
}

void Connection::EndHead() {
  head_limits_ = {kMaxLineBytes, kMaxLineBytes, 0};
  line_limit_ = kMaxLineBytes;
}

// cpp-httplib reads lines byte by byte, into a buffer without a bound. False: too long.
bool Connection::CountLine(const char* data, std::size_t size) {
  head_bytes_ += size;
  if (size != 1) {
    line_bytes_ = 0;
  } else if (*data == '\n') {
    line_bytes_ = 0;
    line_limit_ = head_limits_.line_bytes;
  } else {
    ++line_bytes_;
  }
  const std::size_t total = head_limits_.total_bytes;
  return line_bytes_ <= line_limit_ && (total == 0 || head_bytes_ <= total);
}

void Connection::ResetCounters() {
  bytes_read_ = 0;
  bytes_written_ = 0;
}

MonotonicTime Connection::OperationDeadline() const {
  if (idle_timeout_ == std::chrono::milliseconds(0)) {
    return deadline_;
  }
  return std::chrono::steady_clock::now() + idle_timeout_;
}

WaitOutcome Connection::WaitOnce(short events) const {
  constexpr std::chrono::seconds kPatienceOnceWoken{1};
  if (events != POLLOUT || write_timeout_ == std::chrono::milliseconds(0)) {
    return WaitFor(fd_.get(), events, wake_fd_, OperationDeadline());
  }
  const auto now = std::chrono::steady_clock::now();
  const WaitOutcome outcome = WaitFor(fd_.get(), events, wake_fd_, now + write_timeout_);
  return outcome == WaitOutcome::kWoken ? WaitFor(fd_.get(), events, -1, now + kPatienceOnceWoken)
                                        : outcome;
}

bool Connection::Wait(short events) {
  switch (WaitOnce(events)) {
    case WaitOutcome::kReady:
      return true;
    case WaitOutcome::kTimeout:
      Fail(ConnectionFailure::kTimeout, "no answer in time");
      return false;
    case WaitOutcome::kWoken:
      Fail(ConnectionFailure::kWoken, "stopped");
      return false;
    case WaitOutcome::kFailed:
      Fail(ConnectionFailure::kClosed, "the socket failed");
      return false;
  }
  return false;
}

bool Connection::WaitReadable() {
  if (buffer_position_ < buffer_.size() || (ssl_ != nullptr && SSL_pending(ssl_.get()) > 0)) {
    return true;
  }
  return Wait(POLLIN);
}

bool Connection::IsIdle() const {
  if (failure_ != ConnectionFailure::kNone || end_of_stream_ || buffer_position_ < buffer_.size() ||
      (ssl_ != nullptr && SSL_has_pending(ssl_.get()) != 0)) {
    return false;
  }
  pollfd watched{.fd = fd_.get(), .events = POLLIN | POLLRDHUP, .revents = 0};
  return poll(&watched, 1, 0) == 0;
}

ssize_t Connection::Fail(ConnectionFailure failure, std::string text) {
  if (failure_ == ConnectionFailure::kNone) {
    failure_ = failure;
    failure_text_ = std::move(text);
  }
  return -1;
}

bool Connection::ContinueTls(int result) {
  const int error_number = errno;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return Wait(POLLIN);
    case SSL_ERROR_WANT_WRITE:
      return Wait(POLLOUT);
    case SSL_ERROR_ZERO_RETURN:
      end_of_stream_ = true;
      return false;
    case SSL_ERROR_SYSCALL:
      Fail(ConnectionFailure::kClosed,
           error_number == 0 ? "the peer closed the connection"
                             : std::error_code(error_number, std::generic_category()).message());
      return false;
    default:
      break;
  }
  const long verified = SSL_get_verify_result(ssl_.get());
  if (!SSL_is_init_finished(ssl_.get()) && verified != X509_V_OK) {
    Fail(ConnectionFailure::kCertificateRefused,
         std::string("its certificate is refused: ") + X509_verify_cert_error_string(verified));
  } else if (PeerRefusedCertificate()) {
    Fail(ConnectionFailure::kCertificateRefused,
         "it refused our certificate (" + TakeOpenSslError() + ")");
  } else if (ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
    Fail(ConnectionFailure::kClosed, "the peer closed the connection");
  } else {
    Fail(ConnectionFailure::kTls, "TLS failed (" + TakeOpenSslError() + ")");
  }
  return false;
}

ssize_t Connection::ReceivePlain(char* data, std::size_t size) {
  for (;;) {
    const ssize_t count = recv(fd_.get(), data, size, 0);
    if (count > 0) {
      return count;
    }
    if (count == 0) {
      end_of_stream_ = true;
      return 0;
    }
    if (errno == EAGAIN || errno == EINTR) {
      if (!Wait(POLLIN)) {
        return -1;
      }
      continue;
    }
    return Fail(ConnectionFailure::kClosed,
                std::error_code(errno, std::generic_category()).message());
  }
}

ssize_t Connection::Receive(char* data, std::size_t size) {
  if (ssl_ == nullptr) {
    return ReceivePlain(data, size);
  }
  const int capacity = static_cast<int>(std::min<std::size_t>(size, INT_MAX));
  for (;;) {
    ERR_clear_error();
    errno = 0;
    const int count = SSL_read(ssl_.get(), data, capacity);
    if (count > 0) {
      return count;
    }
    if (!ContinueTls(count)) {
      return failure_ == ConnectionFailure::kNone ? 0 : -1;
    }
  }
}

ssize_t Connection::read(char* data, size_t size) {
  if (failure_ != ConnectionFailure::kNone) {
    return -1;
  }
  if (buffer_position_ == buffer_.size()) {
    if (end_of_stream_) {
      return 0;
    }
    buffer_.resize(kBufferBytes);
    const ssize_t count = Receive(buffer_.data(), buffer_.size());
    buffer_.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    buffer_position_ = 0;
    if (count <= 0) {
      return count;
    }
    bytes_read_ += static_cast<std::size_t>(count);
  }
  const std::size_t taken = std::min(size, buffer_.size() - buffer_position_);
  std::memcpy(data, buffer_.data() + buffer_position_, taken);
  if (!CountLine(data, taken)) {
    return Fail(ConnectionFailure::kHeadTooLong, "the head of the message is too long");
  }
  buffer_position_ += taken;
  return static_cast<ssize_t>(taken);
}

ssize_t Connection::write(const char* data, size_t size) {
  if (failure_ != ConnectionFailure::kNone) {
    return -1;
  }
  const int length = static_cast<int>(std::min<std::size_t>(size, INT_MAX));
  for (;;) {
    errno = 0;
    ERR_clear_error();
    const ssize_t count =
        ssl_ != nullptr ? SSL_write(ssl_.get(), data, length)
                        : send(fd_.get(), data, static_cast<std::size_t>(length), MSG_NOSIGNAL);
    if (count > 0) {
      bytes_written_ += static_cast<std::size_t>(count);
      return count;
    }
    if (ssl_ != nullptr) {
      if (!ContinueTls(static_cast<int>(count))) {
        return Fail(ConnectionFailure::kClosed, "the peer closed the connection");
      }
    } else if (errno == EAGAIN || errno == EINTR) {
      if (!Wait(POLLOUT)) {
        return -1;
      }
    } else {
      return Fail(ConnectionFailure::kClosed,
                  std::error_code(errno, std::generic_category()).message());
    }
  }
}

void Connection::CloseGracefully() {
  constexpr std::chrono::seconds kPatience{1};
  constexpr std::size_t kMaxBytes = 4 << 20;
  if (ssl_ != nullptr && failure_ == ConnectionFailure::kNone) {
    SSL_shutdown(ssl_.get());
  }
  shutdown(fd_.get(), SHUT_WR);
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  std::array<char, kBufferBytes> ignored{};
  for (std::size_t total = 0; total < kMaxBytes;) {
    const ssize_t count = recv(fd_.get(), ignored.data(), ignored.size(), 0);
    if (count > 0) {
      total += static_cast<std::size_t>(count);
    } else if (count == 0 || errno != EAGAIN ||
               WaitFor(fd_.get(), POLLIN, wake_fd_, deadline) != WaitOutcome::kReady) {
      break;
    }
  }
  Fail(ConnectionFailure::kClosed, "closed");
}

void Connection::get_remote_ip_and_port(std::string& ip, int& port) const {
  sockaddr_storage storage{};
  socklen_t length = sizeof(storage);
  if (getpeername(fd_.get(), reinterpret_cast<sockaddr*>(&storage), &length) == 0) {
    ip = AddressText(storage);
    port = PortOf(storage);
  }
}

void Connection::get_local_ip_and_port(std::string& ip, int& port) const {
  sockaddr_storage storage{};
  socklen_t length = sizeof(storage);
  if (getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&storage), &length) == 0) {
    ip = AddressText(storage);
    port = PortOf(storage);
  }
}

}  // namespace tenantry::net
