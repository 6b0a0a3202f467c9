#include "common/net/tls_context.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <utility>

#include "common/net/socket.h"
#include "common/net/tls_snapshot.h"

namespace tenantry::net {
namespace {

Error OpenSslFailure(const std::string& what) {
  return Error{.code = ErrorCode::kInternal, .message = what + ": " + TakeOpenSslError()};
}

// Sessions are never resumed: a resumed one would skip the check of the peer's certificate, and
// tickets cost bytes and memory on every connection.
SslContextPtr NewContext(const SSL_METHOD* method, int minimum_version) {
  SslContextPtr context(SSL_CTX_new(method));
  if (context == nullptr) {
    return nullptr;
  }
  SSL_CTX_set_min_proto_version(context.get(), minimum_version);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_num_tickets(context.get(), 0);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                      SSL_MODE_RELEASE_BUFFERS);
  return context;
}

// SSL_CTX_set_cert_verify_callback: the chain first, then who the peer is. A refusal here fails the
// handshake with a bad_certificate alert.
int VerifyPeer(X509_STORE_CTX* store_context, void* argument) {
  if (X509_verify_cert(store_context) != 1) {
    return 0;
  }
  const auto& rule = *static_cast<const PeerRule*>(argument);
  if (MatchesPeerRule(UriSubject(X509_STORE_CTX_get0_cert(store_context)), rule)) {
    return 1;
  }
  X509_STORE_CTX_set_error(store_context, X509_V_ERR_CERT_REJECTED);
  return 0;
}

// An identity that was made for a server with clients of any kind cannot tell whom to trust.
Result<void> RequireRoots(const TlsSnapshot& snapshot) {
  if (snapshot.roots == nullptr) {
    return Error{.code = ErrorCode::kInvalid,
                 .message = "mutual TLS needs the certificate authority of the other side"};
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<ClientTlsContext>> ClientTlsContext::Make(const ClientTls& tls,
                                                                 const std::string& host) {
  std::unique_ptr<ClientTlsContext> result(new ClientTlsContext);
  result->server_name_ = tls.server_name.empty() ? host : tls.server_name;
  const int minimum = tls.identity != nullptr ? TLS1_3_VERSION : TLS1_2_VERSION;
  result->context_ = NewContext(TLS_client_method(), minimum);
  if (result->context_ == nullptr) {
    return OpenSslFailure("cannot set up TLS");
  }
  Result<void> outcome = tls.identity != nullptr ? result->UseIdentity(tls) : result->UsePem(tls);
  if (!outcome) {
    return std::move(outcome).error();
  }
  return result;
}

Result<void> ClientTlsContext::UseIdentity(const ClientTls& tls) {
  const std::shared_ptr<const TlsSnapshot> snapshot = tls.identity->Current();
  TRY(RequireRoots(*snapshot));
  const CertifiedKey& own = snapshot->certified_key;
  generation_ = snapshot->generation;
  peer_ = tls.peer;
  SSL_CTX_set1_cert_store(context_.get(), snapshot->roots.get());
  SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(context_.get(), VerifyPeer, &peer_);
  if (SSL_CTX_use_cert_and_key(context_.get(), own.leaf.get(), own.key.get(), own.chain.get(), 1) !=
      1) {
    return OpenSslFailure("cannot use the client certificate");
  }
  return {};
}

Result<void> ClientTlsContext::UsePem(const ClientTls& tls) {
  if (!tls.ca_pem.empty()) {
    const X509StorePtr roots = TRY(ParseRoots(tls.ca_pem, "the certificate authority"));
    SSL_CTX_set1_cert_store(context_.get(), roots.get());
  } else if (SSL_CTX_set_default_verify_paths(context_.get()) != 1) {
    return OpenSslFailure("cannot read the system's certificate authorities");
  }
  if (!tls.certificate_pem.empty()) {
    const CertifiedKey own = TRY(ParseCertifiedKey(tls.certificate_pem, "the client certificate",
                                                   tls.key_pem, "the client key"));
    if (SSL_CTX_use_cert_and_key(context_.get(), own.leaf.get(), own.key.get(), own.chain.get(),
                                 1) != 1) {
      return OpenSslFailure("cannot use the client certificate");
    }
  }
  if (tls.insecure_skip_verify) {
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_NONE, nullptr);
    return {};
  }
  SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
  X509_VERIFY_PARAM* parameters = SSL_CTX_get0_param(context_.get());
  X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  const int is_set =
      IsIpAddress(server_name_)
          ? X509_VERIFY_PARAM_set1_ip_asc(parameters, server_name_.c_str())
          : X509_VERIFY_PARAM_set1_host(parameters, server_name_.data(), server_name_.size());
  if (is_set != 1) {
    return OpenSslFailure("cannot verify the name " + server_name_);
  }
  return {};
}

SslPtr ClientTlsContext::NewSession() const {
  SslPtr ssl(SSL_new(context_.get()));
  if (ssl != nullptr && !IsIpAddress(server_name_)) {
    // The macro SSL_set_tlsext_host_name, without its C-style cast.
    SSL_ctrl(ssl.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             const_cast<char*>(server_name_.c_str()));
  }
  return ssl;
}

Result<std::unique_ptr<ServerTlsContext>> ServerTlsContext::Make(const ServerTls& tls) {
  std::unique_ptr<ServerTlsContext> result(new ServerTlsContext(tls));
  result->context_ = NewContext(TLS_server_method(), TLS1_3_VERSION);
  if (result->context_ == nullptr) {
    return OpenSslFailure("cannot set up TLS");
  }
  SSL_CTX* context = result->context_.get();
  if (tls.clients == ServerTls::Clients::kCertified) {
    TRY(RequireRoots(*tls.identity->Current()));
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    // OpenSSL hands the argument on as it is; VerifyPeer only reads it.
    SSL_CTX_set_cert_verify_callback(context, VerifyPeer,
                                     const_cast<PeerRule*>(&result->tls_.peer));
  }
  SSL_CTX_set_cert_cb(context, &ServerTlsContext::UseCurrentCertificates, result.get());
  return result;
}

SslPtr ServerTlsContext::NewSession() const { return SslPtr(SSL_new(context_.get())); }

// SSL_CTX_set_cert_cb: called in each handshake before a certificate is needed, so that renewed
// files count from the next connection on.
int ServerTlsContext::UseCurrentCertificates(SSL* ssl, void* self) {
  const auto& context = *static_cast<const ServerTlsContext*>(self);
  const std::shared_ptr<const TlsSnapshot> snapshot = context.tls_.identity->Current();
  const CertifiedKey& own = snapshot->certified_key;
  const bool is_set =
      SSL_use_cert_and_key(ssl, own.leaf.get(), own.key.get(), own.chain.get(), 1) == 1 &&
      (context.tls_.clients == ServerTls::Clients::kAny ||
       SSL_set1_verify_cert_store(ssl, snapshot->roots.get()) == 1);
  return is_set ? 1 : 0;
}

bool PeerRefusedCertificate() {
  constexpr std::array kRefusals{
      SSL_R_SSLV3_ALERT_BAD_CERTIFICATE,     SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE,
      SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED, SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED,
      SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN, SSL_R_TLSV1_ALERT_UNKNOWN_CA,
      SSL_R_TLSV1_ALERT_ACCESS_DENIED,       SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED,
  };
  const unsigned long code = ERR_peek_last_error();
  return ERR_GET_LIB(code) == ERR_LIB_SSL &&
         std::find(kRefusals.begin(), kRefusals.end(), ERR_GET_REASON(code)) != kRefusals.end();
}

}  // namespace tenantry::net
