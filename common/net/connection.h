#pragma once

#include <httplib.h>

#include <cstddef>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/net/socket.h"
#include "common/net/tls_context.h"

namespace tenantry::net {

// Why a connection is of no further use.
enum class ConnectionFailure {
  kNone,
  kTimeout,             // the deadline passed
  kWoken,               // the wake event was set
  kClosed,              // the peer closed or reset it
  kCertificateRefused,  // by us or by the peer
  kTls,                 // another failure of TLS
  kHeadTooLong,         // more bytes than BeginHead allows
};

// One TCP connection, with TLS or without, on which cpp-httplib speaks HTTP. It knows what
// cpp-httplib's own streams do not tell: whether any byte was sent, and why it failed.
// Every read and write ends at the deadline or when the wake event is set.
class Connection final : public httplib::Stream {
 public:
  // `ssl` null: plain. `wake_fd` may be -1 and must outlive the connection or be changed.
  Connection(UniqueFd fd, SslPtr ssl, int wake_fd);
  ~Connection() override;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  enum class Role { kClient, kServer };
  // TLS handshake; nothing to do on a plain connection. False: see failure().
  bool Handshake(Role role);

  using httplib::Stream::write;
  bool is_readable() const override;
  bool is_writable() const override;  // false when the peer has gone
  ssize_t read(char* data, size_t size) override;
  ssize_t write(const char* data, size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  socket_t socket() const override { return fd_.get(); }

  void DisableNagle();  // TCP_NODELAY, for accepted sockets
  void SetWake(int wake_fd) { wake_fd_ = wake_fd; }
  // One deadline for all that follows.
  void SetDeadline(MonotonicTime deadline);
  // A server's writes: each may take this long whatever the deadline, so that an answer that is
  // ready gets out; after a wake-up one second is left.
  void SetWriteTimeout(std::chrono::milliseconds timeout) { write_timeout_ = timeout; }
  // From now on each single read or write may take this long.
  void SetIdleTimeout(std::chrono::milliseconds timeout);
  // Bounds what cpp-httplib collects for the head of a message: its first line (which it matches by
  // a recursive regular expression) and all of it. EndHead lifts the bound.
  struct HeadLimits {
    std::size_t first_line_bytes;
    std::size_t line_bytes;
    std::size_t total_bytes;
  };
  void BeginHead(const HeadLimits& limits);
  void EndHead();
  void ResetCounters();

  // Waits for the first byte of a message.
  bool WaitReadable();
  // A kept-alive connection that is silent, as it must be: nothing to read, not closed.
  bool IsIdle() const;
  // Says goodbye so that the peer gets all that was written: half-close, then read what it still
  // sends for at most a second. Closing with unread input would reset the connection.
  void CloseGracefully();

  ConnectionFailure failure() const { return failure_; }
  const std::string& failure_text() const { return failure_text_; }
  std::size_t bytes_read() const { return bytes_read_; }
  std::size_t bytes_written() const { return bytes_written_; }

 private:
  static constexpr std::size_t kMaxLineBytes = 16 << 10;

  MonotonicTime OperationDeadline() const;
  bool CountLine(const char* data, std::size_t size);
  WaitOutcome WaitOnce(short events) const;
  bool Wait(short events);
  ssize_t Receive(char* data, std::size_t size);
  ssize_t ReceivePlain(char* data, std::size_t size);
  // Waits as TLS wants it after `result`; false: the operation is over (end of stream or failure).
  bool ContinueTls(int result);
  ssize_t Fail(ConnectionFailure failure, std::string text);

  UniqueFd fd_;
  SslPtr ssl_;
  int wake_fd_;
  MonotonicTime deadline_ = MonotonicTime::max();
  std::chrono::milliseconds idle_timeout_{0};
  std::chrono::milliseconds write_timeout_{0};
  std::vector<char> buffer_;
  std::size_t buffer_position_ = 0;
  HeadLimits head_limits_{kMaxLineBytes, kMaxLineBytes, 0};  // total 0: not in a head
  std::size_t head_bytes_ = 0;
  std::size_t line_limit_ = kMaxLineBytes;
  std::size_t line_bytes_ = 0;
  std::size_t bytes_read_ = 0;
  std::size_t bytes_written_ = 0;
  bool end_of_stream_ = false;
  ConnectionFailure failure_ = ConnectionFailure::kNone;
  std::string failure_text_;
};

}  // namespace tenantry::net
