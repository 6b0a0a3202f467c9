#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/net/http_client.h"
#include "common/net/tls.h"

namespace tenantry::net {

struct ServerRequest {
  std::string method;
  std::string path;  // without query
  std::string query;
  Headers headers;
  std::string body;
  std::string path_parameter;  // what `*` of the route matched
};

// Takes a piece of an answer's body; false: the peer has gone.
using BodySink = std::function<bool(std::string_view piece)>;

struct ServerResponse {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  // When set, the body is a stream: called again and again for the next piece until it returns
  // nothing (end) or the peer goes. It may block for at most one second, returning "" when there is
  // nothing to send yet; it is also told when the server stops.
  std::function<std::optional<std::string>(const std::stop_token&)> next_chunk = {};
  // When set, called once to write the body, piece by piece: for what is too large to be held.
  std::function<void(const BodySink&)> write_body = {};
};

struct ServerTls {
  // kCertified: mutual TLS, a client without a certificate that satisfies `peer` is refused in the
  // handshake. kAny: clients show no certificate; handlers must tell by other means who may what.
  enum class Clients { kCertified, kAny };

  std::shared_ptr<TlsIdentity> identity;  // TLS 1.3
  PeerRule peer = {};
  Clients clients = Clients::kCertified;
};

struct HttpServerOptions {
  std::string bind_address;              // "127.0.0.1:8443", ":8080" (all interfaces), port 0: any
  std::optional<ServerTls> tls;          // absent: plain HTTP (probes and metrics)
  std::size_t max_threads = 32;          // a kept-alive connection holds one
  std::size_t max_body_bytes = 1 << 20;  // more: 413
  // For the log: a handler's exception, a peer whose certificate is refused. Called on the server's
  // threads.
  std::function<void(const std::string&)> on_error = {};
};

// HTTP/1.1 server. Handlers run on the server's threads, several at once.
class HttpServer {
 public:
  using Handler = std::function<ServerResponse(const ServerRequest&)>;

  static Result<std::unique_ptr<HttpServer>> Make(HttpServerOptions options);
  virtual ~HttpServer() = default;  // stops

  // Before Start. `pattern` is a path; a last segment "*" matches one segment of any value.
  virtual void Handle(const std::string& method, const std::string& pattern, Handler handler) = 0;
  // Binds, listens and returns; kInvalid names the address when it cannot be had.
  virtual Result<void> Start() = 0;
  virtual void Stop() = 0;       // ends streams, finishes running handlers
  virtual int port() const = 0;  // the bound port, after Start
};

}  // namespace tenantry::net
