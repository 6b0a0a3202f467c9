#include "common/net/connection_pool.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "common/net/tls_snapshot.h"

namespace tenantry::net {
namespace {

// Shorter than the servers' own limit (ours: 120 s, kube-apiserver: 90 s), so that a request rarely
// meets a connection that is being closed.
constexpr std::chrono::seconds kMaxIdleTime{50};

Error HandshakeError(const Connection& connection, const ClientTls& tls) {
  switch (connection.failure()) {
    case ConnectionFailure::kCertificateRefused:
      return Error{.code = ErrorCode::kInvalid,
                   .message = connection.failure_text(),
                   .reason = tls.identity != nullptr ? "AgentUnauthorized" : ""};
    case ConnectionFailure::kWoken:
      return Error{.code = ErrorCode::kCancelled, .message = connection.failure_text()};
    default:
      return Error{.code = ErrorCode::kUnavailable,
                   .message = "no TLS connection: " + connection.failure_text()};
  }
}

}  // namespace

Result<std::unique_ptr<ConnectionPool>> ConnectionPool::Make(HostPort address, bool is_tls,
                                                             HttpClientOptions options) {
  std::unique_ptr<ConnectionPool> pool(
      new ConnectionPool(std::move(address), is_tls, std::move(options)));
  Result<void> outcome = pool->RefreshContext();
  if (!outcome) {
    return std::move(outcome).error();
  }
  return pool;
}

Result<ConnectionPool::Lease> ConnectionPool::Take(int wake_fd, MonotonicTime deadline) {
  if (Result<void> outcome = RefreshContext(); !outcome) {
    return std::move(outcome).error();
  }
  if (std::unique_ptr<Connection> connection = TakeIdle()) {
    connection->SetWake(wake_fd);
    connection->SetDeadline(deadline);
    connection->ResetCounters();
    const MutexLock lock(mutex_);
    return Lease{.connection = std::move(connection),
                 .is_reused = true,
                 .generation = context_ == nullptr ? 0 : context_->generation()};
  }
  return TakeFresh(wake_fd, deadline);
}

Result<ConnectionPool::Lease> ConnectionPool::TakeFresh(int wake_fd, MonotonicTime deadline) {
  std::shared_ptr<const ClientTlsContext> context;
  {
    std::vector<Idle> dropped;  // closed after the lock is released
    const MutexLock lock(mutex_);
    context = context_;
    dropped.swap(idle_);
  }
  const auto connect_deadline =
      std::min(deadline, std::chrono::steady_clock::now() + options_.connect_timeout);
  UniqueFd fd = TRY(ConnectTcp(address_, wake_fd, connect_deadline, options_.on_resolved));
  SslPtr ssl = context == nullptr ? nullptr : context->NewSession();
  if (context != nullptr && ssl == nullptr) {
    return Error{.code = ErrorCode::kUnavailable, .message = "no memory for a TLS connection"};
  }
  auto connection = std::make_unique<Connection>(std::move(fd), std::move(ssl), wake_fd);
  connection->SetDeadline(connect_deadline);
  if (!connection->Handshake(Connection::Role::kClient)) {
    return HandshakeError(*connection, options_.tls);
  }
  connection->SetDeadline(deadline);
  connection->ResetCounters();
  return Lease{.connection = std::move(connection),
               .generation = context == nullptr ? 0 : context->generation()};
}

void ConnectionPool::Give(Lease lease) {
  lease.connection->SetWake(-1);
  if (!lease.connection->IsIdle()) {
    return;
  }
  const auto now = std::chrono::steady_clock::now();
  std::vector<Idle> expired;
  const MutexLock lock(mutex_);
  expired = RemoveExpired(now);
  const std::uint64_t generation = context_ == nullptr ? 0 : context_->generation();
  if (idle_.size() < options_.max_idle_connections && lease.generation == generation) {
    idle_.push_back({.lease = std::move(lease), .since = now});
  }
}

// A renewed certificate or authority counts from the next connection on; the kept ones go.
Result<void> ConnectionPool::RefreshContext() {
  if (!is_tls_) {
    return {};
  }
  const auto& identity = options_.tls.identity;
  const std::uint64_t generation = identity == nullptr ? 0 : identity->Current()->generation;
  std::vector<Idle> dropped;
  const MutexLock lock(mutex_);
  if (context_ != nullptr && context_->generation() == generation) {
    return {};
  }
  context_ = TRY(ClientTlsContext::Make(options_.tls, address_.host));
  dropped.swap(idle_);
  return {};
}

std::unique_ptr<Connection> ConnectionPool::TakeIdle() {
  std::vector<Idle> dropped;
  const MutexLock lock(mutex_);
  dropped = RemoveExpired(std::chrono::steady_clock::now());
  while (!idle_.empty()) {
    std::unique_ptr<Connection> connection = std::move(idle_.back().lease.connection);
    idle_.pop_back();
    if (connection->IsIdle()) {
      return connection;
    }
  }
  return nullptr;
}

std::vector<ConnectionPool::Idle> ConnectionPool::RemoveExpired(MonotonicTime now) {
  const auto first_young = std::find_if(idle_.begin(), idle_.end(), [now](const Idle& idle) {
    return now - idle.since < kMaxIdleTime;
  });
  std::vector<Idle> expired(std::make_move_iterator(idle_.begin()),
                            std::make_move_iterator(first_young));
  idle_.erase(idle_.begin(), first_young);
  return expired;
}

}  // namespace tenantry::net
