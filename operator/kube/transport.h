#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "common/base/mutex.h"
#include "common/base/result.h"
#include "common/net/http_client.h"
#include "operator/kube/client.h"
#include "operator/kube/config.h"
#include "operator/kube/paths.h"
#include "operator/kube/request_metrics.h"
#include "operator/kube/token_bucket.h"
#include "operator/kube/token_source.h"

namespace tenantry::kube {

// One request to the API server, still without credentials.
struct Call {
  std::string method = "GET";
  std::string path;  // with query
  std::string what;  // "get tenants platform/acme", for messages
  std::string body;
  std::string content_type;
  std::string accept = "application/json";
  bool is_watch = false;  // lasts as long as the server has something to say: no latency
};

// How long to wait before the request is sent again; none: give up. `retries` were done already;
// `remaining` is left of the call's deadline. Only what the server asks for by 429 or 503 with
// Retry-After is repeated: it did not process those. Pure.
std::optional<std::chrono::milliseconds> DecideRetry(int http_status,
                                                     const std::string& retry_after, int retries,
                                                     std::chrono::milliseconds remaining);

// Sends calls: rate limit, credentials, retries, deadline, metrics. An answer that it returns is a
// success (status < 300); the others are errors as client.h lists them. Thread-safe.
class Transport {
 public:
  static Result<std::unique_ptr<Transport>> Make(const Config& config, telemetry::Registry& metrics,
                                                 const ClientOptions& options = {});

  Result<net::HttpResponse> Send(const Call& call);
  // As HttpClient::Stream. The deadline is one of the answer's head only.
  Result<net::HttpResponse> Stream(const Call& call, const std::stop_token& stop,
                                   std::chrono::milliseconds idle_timeout,
                                   const std::function<bool(std::string_view)>& on_data);
  std::chrono::milliseconds call_timeout() const { return call_timeout_; }

 private:
  using Attempt =
      std::function<Result<net::HttpResponse>(const net::HttpRequest&, MethodMetrics& metrics)>;

  Transport(ServerUrl url, std::unique_ptr<TokenSource> tokens, const Config& config,
            telemetry::Registry& metrics, const ClientOptions& options);
  Result<void> MakeHttpClient(const Config& config);
  Result<net::HttpResponse> Exchange(const Call& call, const std::stop_token& stop,
                                     const Attempt& attempt);
  // Waits for the rate limit; kUnavailable: that would last beyond `deadline`.
  Result<void> Admit(const Call& call, const std::stop_token& stop, MonotonicTime deadline);
  net::HttpRequest MakeRequest(const Call& call, const Secret& token,
                               std::chrono::milliseconds remaining) const;

  const ServerUrl url_;
  const std::unique_ptr<TokenSource> tokens_;
  const std::chrono::milliseconds call_timeout_;
  RequestMetrics metrics_;
  std::unique_ptr<net::HttpClient> http_;
  Mutex mutex_;
  std::optional<TokenBucket> bucket_ GUARDED_BY(mutex_);  // none: no limit
};

}  // namespace tenantry::kube
