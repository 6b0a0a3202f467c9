#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/base/mutex.h"
#include "common/base/result.h"
#include "common/net/connection.h"
#include "common/net/http_client.h"
#include "common/net/tls_context.h"

namespace tenantry::net {

// The connections of one HttpClient: opens them, and keeps those that are idle. Thread-safe.
class ConnectionPool {
 public:
  // kInvalid: a TLS field cannot be read.
  static Result<std::unique_ptr<ConnectionPool>> Make(HostPort address, bool is_tls,
                                                      HttpClientOptions options);

  struct Lease {
    std::unique_ptr<Connection> connection;
    bool is_reused = false;
    std::uint64_t generation = 0;  // of the certificates it was opened with
  };
  // A kept connection, or a fresh one. kUnavailable, kCancelled when woken, or kInvalid for a
  // refused certificate.
  Result<Lease> Take(int wake_fd, MonotonicTime deadline);
  // The same, never a kept one, and forgets those: the peer has closed one of them.
  Result<Lease> TakeFresh(int wake_fd, MonotonicTime deadline);
  void Give(Lease lease);

 private:
  struct Idle {
    Lease lease;
    MonotonicTime since;
  };

  ConnectionPool(HostPort address, bool is_tls, HttpClientOptions options)
      : address_(std::move(address)), is_tls_(is_tls), options_(std::move(options)) {}
  Result<void> RefreshContext() EXCLUDES(mutex_);
  std::unique_ptr<Connection> TakeIdle() EXCLUDES(mutex_);
  std::vector<Idle> RemoveExpired(MonotonicTime now) REQUIRES(mutex_);

  const HostPort address_;
  const bool is_tls_;
  const HttpClientOptions options_;
  Mutex mutex_;
  std::shared_ptr<const ClientTlsContext> context_ GUARDED_BY(mutex_);
  std::vector<Idle> idle_ GUARDED_BY(mutex_);  // the newest last
};

}  // namespace tenantry::net
