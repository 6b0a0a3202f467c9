#include "tests/support/http_channel.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <stdexcept>

namespace tenantry::testing {
namespace {

struct Deleter {
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using X509Ptr = std::unique_ptr<X509, Deleter>;
using BioPtr = std::unique_ptr<BIO, Deleter>;

constexpr std::size_t kMaxLineBytes = 64 << 10;

BioPtr Open(const std::string& pem) {
  return BioPtr(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

X509Ptr ReadCertificate(const std::string& pem) {
  return X509Ptr(PEM_read_bio_X509(Open(pem).get(), nullptr, nullptr, nullptr));
}

void UseCertificate(SSL_CTX* context, const TlsEnd& end) {
  if (end.certificate_pem.empty()) {
    return;
  }
  const X509Ptr certificate = ReadCertificate(end.certificate_pem);
  const std::unique_ptr<EVP_PKEY, Deleter> key(
      PEM_read_bio_PrivateKey(Open(end.key_pem).get(), nullptr, nullptr, nullptr));
  if (!certificate || !key || SSL_CTX_use_certificate(context, certificate.get()) != 1 ||
      SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
    throw std::runtime_error("the certificate of a test's proxy cannot be used");
  }
}

std::string LowerCase(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

}  // namespace

SslContext MakeServerContext(const TlsEnd& end) {
  SslContext context(SSL_CTX_new(TLS_server_method()));
  UseCertificate(context.get(), end);
  if (const X509Ptr ca = ReadCertificate(end.peer_ca_pem); ca) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), ca.get());
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  ERR_clear_error();
  return context;
}

SslContext MakeClientContext(const TlsEnd& end) {
  SslContext context(SSL_CTX_new(TLS_client_method()));
  UseCertificate(context.get(), end);
  return context;
}

std::string HttpMessage::Header(const std::string& lower_case_name) const {
  for (const auto& [name, value] : headers) {
    if (LowerCase(name) == lower_case_name) {
      return value;
    }
  }
  return "";
}

std::string HttpMessage::Word(std::size_t number) const {
  std::size_t begin = 0;
  for (; number > 0 && begin != std::string::npos; --number) {
    begin = first_line.find(' ', begin);
    begin = begin == std::string::npos ? begin : begin + 1;
  }
  return begin == std::string::npos ? ""
                                    : first_line.substr(begin, first_line.find(' ', begin) - begin);
}

std::string HttpMessage::Head() const {
  std::string text = first_line + "\r\n";
  for (const auto& [name, value] : headers) {
    text += name + ": " + value + "\r\n";
  }
  return text + "\r\n";
}

HttpChannel::HttpChannel(LinkSet::Link& link, SSL_CTX* context) : link_(link) {
  if (context != nullptr) {
    ssl_.reset(SSL_new(context));
    SSL_set_fd(ssl_.get(), link_.socket());
  }
}

bool HttpChannel::Accept() { return !ssl_ || SSL_accept(ssl_.get()) == 1; }
bool HttpChannel::Connect() { return !ssl_ || SSL_connect(ssl_.get()) == 1; }

bool HttpChannel::Write(std::string_view bytes) {
  if (!ssl_) {
    return SendAll(link_.socket(), bytes);
  }
  return bytes.empty() || SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) > 0;
}

bool HttpChannel::HasPending() const {
  return !buffer_.empty() || (ssl_ && SSL_pending(ssl_.get()) > 0);
}

bool HttpChannel::Fill() {
  std::array<char, 16384> piece{};
  const ssize_t count = ssl_ ? SSL_read(ssl_.get(), piece.data(), static_cast<int>(piece.size()))
                             : ::recv(link_.socket(), piece.data(), piece.size(), 0);
  if (count > 0) {
    buffer_.append(piece.data(), static_cast<std::size_t>(count));
  }
  return count > 0;
}

std::optional<std::string> HttpChannel::ReadLine() {
  std::size_t end = buffer_.find("\r\n");
  while (end == std::string::npos) {
    if (buffer_.size() > kMaxLineBytes || !Fill()) {
      return std::nullopt;
    }
    end = buffer_.find("\r\n");
  }
  std::string line = buffer_.substr(0, end);
  buffer_.erase(0, end + 2);
  return line;
}

std::optional<std::string> HttpChannel::ReadBytes(std::size_t count) {
  while (buffer_.size() < count) {
    if (!Fill()) {
      return std::nullopt;
    }
  }
  std::string bytes = buffer_.substr(0, count);
  buffer_.erase(0, count);
  return bytes;
}

std::optional<HttpMessage> HttpChannel::ReadHead() {
  HttpMessage message;
  auto line = ReadLine();
  if (!line) {
    return std::nullopt;
  }
  message.first_line = *std::move(line);
  for (line = ReadLine(); line && !line->empty(); line = ReadLine()) {
    const std::size_t colon = line->find(':');
    if (colon == std::string::npos) {
      return std::nullopt;
    }
    const std::size_t value = line->find_first_not_of(' ', colon + 1);
    message.headers.emplace_back(line->substr(0, colon),
                                 value == std::string::npos ? "" : line->substr(value));
  }
  if (!line) {
    return std::nullopt;
  }
  message.chunked = LowerCase(message.Header("transfer-encoding")) == "chunked";
  return message;
}

std::optional<std::string> HttpChannel::ReadChunk() {
  const auto size_line = ReadLine();
  if (!size_line) {
    return std::nullopt;
  }
  const std::size_t size = std::strtoull(size_line->c_str(), nullptr, 16);
  auto chunk = ReadBytes(size);
  if (!chunk || !ReadLine()) {  // the end of the chunk, or of trailers that nobody sends us
    return std::nullopt;
  }
  return chunk;
}

std::optional<std::string> HttpChannel::ReadBody(const HttpMessage& head) {
  if (!head.chunked) {
    return ReadBytes(std::strtoull(head.Header("content-length").c_str(), nullptr, 10));
  }
  std::string body;
  for (auto chunk = ReadChunk(); chunk; chunk = ReadChunk()) {
    if (chunk->empty()) {
      return body;
    }
    body += *chunk;
  }
  return std::nullopt;
}

}  // namespace tenantry::testing
