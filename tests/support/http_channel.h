#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/acceptor.h"

// HTTP/1.1 as tests need it where a real implementation would be too well-behaved.
namespace tenantry::testing {

struct SslDeleter {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using SslContext = std::unique_ptr<SSL_CTX, SslDeleter>;

struct TlsEnd {
  std::string certificate_pem;
  std::string key_pem;
  std::string peer_ca_pem;  // a server asks clients for a certificate of it; empty: asks for none
};
SslContext MakeServerContext(const TlsEnd& end);
// Trusts whatever answers: the other end is the test's own.
SslContext MakeClientContext(const TlsEnd& end);

struct HttpMessage {
  std::string first_line;  // "GET /x HTTP/1.1" or "HTTP/1.1 200 OK"
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  bool chunked = false;

  std::string Header(const std::string& lower_case_name) const;  // empty when absent
  std::string Word(std::size_t number) const;                    // of the first line, from 0
  std::string Head() const;                                      // with the empty line
};

// One end of a connection, with TLS or without.
class HttpChannel {
 public:
  // No context: plain. The link has to outlive the channel.
  HttpChannel(LinkSet::Link& link, SSL_CTX* context);

  bool Accept();   // the server's handshake
  bool Connect();  // the client's
  bool Write(std::string_view bytes);
  // None: the connection ended or what came is no HTTP.
  std::optional<HttpMessage> ReadHead();
  // The body that goes with a head.
  std::optional<std::string> ReadBody(const HttpMessage& head);
  // The next piece of a chunked body; empty at its end, none when the connection ended.
  std::optional<std::string> ReadChunk();
  // Bytes are there that need no wait.
  bool HasPending() const;
  LinkSet::Link& link() { return link_; }

 private:
  bool Fill();
  std::optional<std::string> ReadLine();
  std::optional<std::string> ReadBytes(std::size_t count);

  LinkSet::Link& link_;
  std::unique_ptr<SSL, SslDeleter> ssl_;
  std::string buffer_;
};

}  // namespace tenantry::testing
