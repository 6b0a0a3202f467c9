#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "common/base/result.h"
#include "common/net/http_client.h"
#include "common/net/http_server.h"
#include "common/net/tls.h"

// OpenSSL contexts made from our options: only for this folder.
namespace tenantry::net {

struct SslDeleter {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using SslPtr = std::unique_ptr<SSL, SslDeleter>;
using SslContextPtr = std::unique_ptr<SSL_CTX, SslDeleter>;

// What a client needs to open TLS connections. Immutable; connections may outlive it.
class ClientTlsContext {
 public:
  // kInvalid when a PEM field cannot be read. `host` is the URL's.
  static Result<std::unique_ptr<ClientTlsContext>> Make(const ClientTls& tls,
                                                        const std::string& host);

  SslPtr NewSession() const;
  // Of the identity's certificates; 0 without an identity.
  std::uint64_t generation() const { return generation_; }

 private:
  ClientTlsContext() = default;
  Result<void> UseIdentity(const ClientTls& tls);
  Result<void> UsePem(const ClientTls& tls);

  PeerRule peer_;
  std::string server_name_;
  std::uint64_t generation_ = 0;
  SslContextPtr context_;
};

// What a server needs to accept TLS connections; each gets the certificates of its moment.
class ServerTlsContext {
 public:
  static Result<std::unique_ptr<ServerTlsContext>> Make(const ServerTls& tls);

  SslPtr NewSession() const;

 private:
  explicit ServerTlsContext(ServerTls tls) : tls_(std::move(tls)) {}
  static int UseCurrentCertificates(SSL* ssl, void* self);

  const ServerTls tls_;
  SslContextPtr context_;
};

// Whether the newest errors of OpenSSL's queue say that the peer refused our certificate.
bool PeerRefusedCertificate();

}  // namespace tenantry::net
