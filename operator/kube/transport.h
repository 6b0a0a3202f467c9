#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/net/http_client.h"
#include "operator/kube/config.h"
#include "operator/kube/paths.h"
#include "operator/kube/token_source.h"

namespace tenantry::telemetry {
class Registry;
}

namespace tenantry::kube {

// One request to the API server, still without credentials.
struct Call {
  std::string method = "GET";
  std::string path;  // with query
  std::string what;  // "get tenants platform/acme", for messages
  std::string body;
  std::string content_type;
  std::string accept = "application/json";
};

// How long to wait before the request is sent again; none: give up. `retries` were done already;
// `remaining` is left of the call's deadline. Only what the server asks for by 429 or 503 with
// Retry-After is repeated: it did not process those. Pure.
std::optional<std::chrono::milliseconds> DecideRetry(int http_status,
                                                     const std::string& retry_after, int retries,
                                                     std::chrono::milliseconds remaining);

// Sends calls: credentials, retries, deadline, metrics. An answer that it returns is a success
// (status < 300); the others are errors as client.h lists them. Thread-safe.
class Transport {
 public:
  static Result<std::unique_ptr<Transport>> Make(const Config& config,
                                                 telemetry::Registry& metrics);

  Result<net::HttpResponse> Send(const Call& call);
  // As HttpClient::Stream. The deadline is one of the answer's head only.
  Result<net::HttpResponse> Stream(const Call& call, const std::stop_token& stop,
                                   std::chrono::milliseconds idle_timeout,
                                   const std::function<bool(std::string_view)>& on_data);
  std::chrono::milliseconds call_timeout() const { return call_timeout_; }

 private:
  using Attempt = std::function<Result<net::HttpResponse>(const net::HttpRequest&)>;

  Transport(std::unique_ptr<net::HttpClient> http, std::unique_ptr<TokenSource> tokens,
            ServerUrl url, std::chrono::milliseconds call_timeout, telemetry::Registry& metrics);
  Result<net::HttpResponse> Exchange(const Call& call, const std::stop_token& stop,
                                     const Attempt& attempt);
  net::HttpRequest MakeRequest(const Call& call, const Secret& token,
                               std::chrono::milliseconds remaining) const;
  void CountAttempt(const std::string& method, const Result<net::HttpResponse>& response);

  const std::unique_ptr<net::HttpClient> http_;
  const std::unique_ptr<TokenSource> tokens_;
  const ServerUrl url_;
  const std::chrono::milliseconds call_timeout_;
  telemetry::Registry& metrics_;
};

}  // namespace tenantry::kube
