#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "common/net/tls.h"

namespace tenantry::net {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method = "GET";
  std::string path;  // with query, already percent-encoded
  Headers headers;
  std::string body;
  std::string content_type;                   // of the body
  std::chrono::milliseconds timeout{30'000};  // for the whole call
};

struct HttpResponse {
  int status = 0;
  Headers headers;  // names in lower case
  std::string body;

  std::string Header(std::string_view lower_case_name) const;  // empty when absent
};

// How a client trusts and authenticates. Exactly one of `identity` and the plain PEM fields is
// used.
struct ClientTls {
  std::shared_ptr<TlsIdentity> identity;  // mutual TLS between our programs, with `peer`
  PeerRule peer;                          // then the host name is not compared
  std::string ca_pem;                     // otherwise: trusted roots; empty: the system's
  std::string certificate_pem;            // optional client certificate
  std::string key_pem;
  std::string server_name;            // name to verify; empty: the URL's host
  bool insecure_skip_verify = false;  // only where a kubeconfig says so
};

struct HttpClientOptions {
  std::string base_url;  // "https://host:port" or "http://host:port"
  ClientTls tls;
  std::size_t max_idle_connections = 16;  // kept alive in the pool
  std::chrono::milliseconds connect_timeout{5'000};
  // Told of each resolution of the server's name, which happens once for each new connection; never
  // for an IP address. Called on the threads that call, several at once.
  std::function<void(const std::string& host, std::chrono::steady_clock::duration took)>
      on_resolved = {};
};

// The reason of the error that ends a stream whose server said nothing for idle_timeout, though its
// connection stands.
inline constexpr char kSilent[] = "Silent";

// HTTP/1.1 client of one server: pooled keep-alive connections with TCP_NODELAY, verified TLS.
// Thread-safe: any number of threads may call; each call has a connection of its own.
// Errors: kUnavailable when the request surely was not processed (no connection) or is a read;
// kOutcomeUnknown when a request with method other than GET was sent and the answer was lost;
// kInvalid for a certificate that is refused (reason AgentUnauthorized where `identity` is used).
// HTTP statuses are not errors here. A connection that the server closed while idle is retried once
// on a fresh one (only GET, or when nothing was sent).
class HttpClient {
 public:
  static Result<std::unique_ptr<HttpClient>> Make(HttpClientOptions options);
  virtual ~HttpClient() = default;

  virtual Result<HttpResponse> Send(const HttpRequest& request) = 0;

  // Streams the answer's body: `on_data` gets each piece as it arrives and returns false to stop.
  // Bodies of statuses ≥ 300 go into the returned response instead. Ends with an error when nothing
  // arrives for `idle_timeout` (kUnavailable, reason kSilent), when the connection breaks
  // (kUnavailable), or on `stop` (kCancelled, within 100 ms); ends well when the server ends the
  // body or `on_data` says so. request.timeout bounds only the wait for the head of the answer.
  virtual Result<HttpResponse> Stream(const HttpRequest& request, std::stop_token stop,
                                      std::chrono::milliseconds idle_timeout,
                                      const std::function<bool(std::string_view)>& on_data) = 0;
};

std::string PercentEncode(std::string_view text);  // RFC 3986: all but unreserved characters

}  // namespace tenantry::net
