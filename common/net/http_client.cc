#include "common/net/http_client.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <utility>

#include "common/base/strings.h"
#include "common/net/connection.h"
#include "common/net/connection_pool.h"
#include "common/net/response_parser.h"

namespace tenantry::net {
namespace {

constexpr std::size_t kReadBytes = 4096;
constexpr std::size_t kMaxBodyBytes = 256 << 20;
constexpr std::size_t kMaxErrorBodyBytes = 1 << 20;

struct BaseUrl {
  bool is_tls = false;
  HostPort address;
  std::string authority;  // for the Host header
  std::string prefix;     // path before every request's path
};

Result<BaseUrl> ParseBaseUrl(const std::string& url) {
  const Error invalid{
      .code = ErrorCode::kInvalid,
      .message = "\"" + Shorten(url, 200) + "\" is not a server's URL; write https://host:port"};
  BaseUrl result;
  std::string_view rest = url;
  if (rest.starts_with("https://")) {
    result.is_tls = true;
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else {
    return invalid;
  }
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  result.authority = rest.substr(0, slash);
  result.prefix = rest.substr(slash);
  while (result.prefix.ends_with('/')) {
    result.prefix.pop_back();
  }
  const bool has_port =
      result.authority.find(':', result.authority.rfind(']') + 1) != std::string::npos;
  auto address = ParseHostPort(has_port ? result.authority
                                        : result.authority + (result.is_tls ? ":443" : ":80"));
  if (!address || address->host.empty() || url.find_first_of("?#@ ") != std::string::npos) {
    return invalid;
  }
  result.address = std::move(address).value();
  return result;
}

bool IsHeaderText(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
  });
}

bool IsTarget(std::string_view text) {
  return text.starts_with('/') && IsHeaderText(text) && text.find(' ') == std::string_view::npos &&
         text.find('\t') == std::string_view::npos;
}

// Text from outside must not end a line of the request's head and begin one of its own.
Result<void> CheckRequest(const HttpRequest& request) {
  bool is_valid = IsTarget(request.path) && IsHeaderText(request.content_type);
  for (const auto& [name, value] : request.headers) {
    is_valid = is_valid && !name.empty() && IsHeaderText(name) && IsHeaderText(value);
  }
  if (!is_valid) {
    return Error{.code = ErrorCode::kInvalid,
                 .message = "the request for " + Shorten(request.path, 200) +
                            " has characters that HTTP does not allow"};
  }
  return {};
}

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

bool IsRead(const HttpRequest& request) {
  return request.method == "GET" || request.method == "HEAD";
}

// What one exchange on one connection came to.
struct Exchange {
  bool is_streamed = false;  // the head is of a stream: only its silence is bounded
  bool is_complete = false;  // the whole answer has been read
  bool is_stopped = false;   // the receiver wanted no more
  bool is_too_large = false;
  bool has_head = false;
  bool keeps_connection = false;
  std::string problem;  // with the answer, beside what the connection knows
  HttpResponse response;
};

// Takes the pieces of a streamed answer; false: enough. Null: the body goes into the response.
using Receiver = std::function<bool(std::string_view)>;

class PooledHttpClient final : public HttpClient {
 public:
  PooledHttpClient(BaseUrl url, bool is_mutual, std::unique_ptr<ConnectionPool> pool)
      : url_(std::move(url)), is_mutual_(is_mutual), pool_(std::move(pool)) {}

  Result<HttpResponse> Send(const HttpRequest& request) override {
    return Run(request, -1, {}, nullptr);
  }

  Result<HttpResponse> Stream(const HttpRequest& request, std::stop_token stop,
                              std::chrono::milliseconds idle_timeout,
                              const std::function<bool(std::string_view)>& on_data) override {
    WakeEvent wake;
    if (wake.fd() < 0) {
      return Error{.code = ErrorCode::kUnavailable, .message = "too many open files"};
    }
    const std::stop_callback on_stop(std::move(stop), [&wake] { wake.Set(); });
    return Run(request, wake.fd(), idle_timeout, on_data);
  }

 private:
  Result<HttpResponse> Run(const HttpRequest& request, int wake_fd,
                           std::chrono::milliseconds idle_timeout, const Receiver& on_data);
  Exchange ExchangeOn(Connection& connection, const HttpRequest& request,
                      std::chrono::milliseconds idle_timeout, const Receiver& on_data);
  std::string Encode(const HttpRequest& request) const;
  Error MakeError(const Connection& connection, const HttpRequest& request,
                  const Exchange& exchange) const;
  Error InContext(Error error, const HttpRequest& request) const;

  const BaseUrl url_;
  const bool is_mutual_;
  const std::unique_ptr<ConnectionPool> pool_;
};

// A kept connection that turns out to be closed is replaced once, when the server cannot have seen
// the request or it only reads.
bool MayRetry(const ConnectionPool::Lease& lease, const HttpRequest& request) {
  const Connection& connection = *lease.connection;
  return lease.is_reused && connection.bytes_read() == 0 &&
         connection.failure() != ConnectionFailure::kTimeout &&
         connection.failure() != ConnectionFailure::kWoken &&
         (IsRead(request) || connection.bytes_written() == 0);
}

bool WriteAll(Connection& connection, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = connection.write(bytes.data(), bytes.size());
    if (count <= 0) {
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

// Hands a piece of the body to whom it is for. False: no more is wanted.
bool TakePiece(std::string_view piece, const Receiver& on_data, Exchange* exchange) {
  if (on_data != nullptr && exchange->is_streamed) {
    exchange->is_stopped = !on_data(piece);
    return !exchange->is_stopped;
  }
  const std::size_t limit = on_data != nullptr ? kMaxErrorBodyBytes : kMaxBodyBytes;
  exchange->is_too_large = exchange->response.body.size() + piece.size() > limit;
  if (!exchange->is_too_large) {
    exchange->response.body += piece;
  }
  return !exchange->is_too_large;
}

// False: the exchange is over.
bool TakeBytes(std::string_view bytes, ResponseParser& parser, const Receiver& on_data,
               Exchange* exchange) {
  using Progress = ResponseParser::Progress;
  while (!parser.is_complete()) {
    if (bytes.empty()) {
      return true;
    }
    const ResponseParser::Step step = parser.Take(bytes);
    bytes.remove_prefix(step.taken);
    if (step.progress == Progress::kMalformed || step.progress == Progress::kHeadTooLong) {
      exchange->problem = step.progress == Progress::kMalformed
                              ? "the answer is not HTTP"
                              : "the head of the message is too long";
      return false;
    }
    if (step.progress == Progress::kBody && !std::exchange(exchange->has_head, true)) {
      exchange->response.status = parser.status();
      exchange->response.headers = parser.headers();
      exchange->is_streamed = on_data != nullptr && parser.status() < 300;
    }
    if (!step.piece.empty() && !TakePiece(step.piece, on_data, exchange)) {
      return false;
    }
  }
  exchange->is_complete = true;
  // What follows an answer is no answer to anything.
  exchange->keeps_connection = parser.KeepsConnection() && bytes.empty();
  return false;
}

Result<HttpResponse> PooledHttpClient::Run(const HttpRequest& request, int wake_fd,
                                           std::chrono::milliseconds idle_timeout,
                                           const Receiver& on_data) {
  if (Result<void> outcome = CheckRequest(request); !outcome) {
    return std::move(outcome).error();
  }
  const MonotonicTime deadline = std::chrono::steady_clock::now() + request.timeout;
  Result<ConnectionPool::Lease> lease = pool_->Take(wake_fd, deadline);
  for (;;) {
    if (!lease) {
      return InContext(std::move(lease).error(), request);
    }
    Connection& connection = *lease->connection;
    Exchange exchange = ExchangeOn(connection, request, idle_timeout, on_data);
    if (exchange.is_stopped) {
      return std::move(exchange.response);
    }
    if (exchange.is_complete) {
      if (exchange.keeps_connection) {
        pool_->Give(std::move(lease).value());
      }
      return std::move(exchange.response);
    }
    if (!MayRetry(*lease, request)) {
      return MakeError(connection, request, exchange);
    }
    lease = pool_->TakeFresh(wake_fd, deadline);
  }
}

Exchange PooledHttpClient::ExchangeOn(Connection& connection, const HttpRequest& request,
                                      std::chrono::milliseconds idle_timeout,
                                      const Receiver& on_data) {
  Exchange exchange;
  if (!WriteAll(connection, Encode(request))) {
    return exchange;
  }
  using Body = ResponseParser::Body;
  ResponseParser parser(request.method == "HEAD" ? Body::kNone : Body::kPossible);
  std::array<char, kReadBytes> buffer;
  for (;;) {
    const ssize_t count = connection.read(buffer.data(), buffer.size());
    if (count <= 0) {
      exchange.is_complete = count == 0 && parser.ends_with_connection();
      return exchange;
    }
    const std::string_view bytes(buffer.data(), static_cast<std::size_t>(count));
    if (!TakeBytes(bytes, parser, on_data, &exchange)) {
      return exchange;
    }
    if (exchange.has_head && on_data != nullptr) {
      connection.SetIdleTimeout(idle_timeout);
    }
  }
}

std::string PooledHttpClient::Encode(const HttpRequest& request) const {
  std::string text = request.method + " " + url_.prefix + request.path + " HTTP/1.1\r\n";
  const auto add = [&text](std::string_view name, std::string_view value) {
    text.append(name).append(": ").append(value).append("\r\n");
  };
  const auto add_unless_there = [&](std::string_view name, std::string_view value) {
    if (std::none_of(request.headers.begin(), request.headers.end(), [name](const auto& header) {
          return EqualsIgnoringCase(header.first, name);
        })) {
      add(name, value);
    }
  };
  for (const auto& [name, value] : request.headers) {
    add(name, value);
  }
  add_unless_there("Host", url_.authority);
  add_unless_there("User-Agent", "tenantry/" TENANTRY_VERSION);
  add_unless_there("Accept", "*/*");
  if (!request.content_type.empty()) {
    add("Content-Type", request.content_type);
  }
  if (!IsRead(request) || !request.body.empty()) {
    add("Content-Length", std::to_string(request.body.size()));
  }
  return text.append("\r\n").append(request.body);
}

Error PooledHttpClient::MakeError(const Connection& connection, const HttpRequest& request,
                                  const Exchange& exchange) const {
  if (exchange.is_too_large) {
    return InContext({.code = ErrorCode::kInternal, .message = "the answer is too large"}, request);
  }
  if (connection.failure() == ConnectionFailure::kCertificateRefused) {
    return InContext({.code = ErrorCode::kInvalid,
                      .message = connection.failure_text(),
                      .reason = is_mutual_ ? "AgentUnauthorized" : ""},
                     request);
  }
  if (connection.failure() == ConnectionFailure::kWoken) {
    return InContext({.code = ErrorCode::kCancelled, .message = "stopped"}, request);
  }
  std::string why = exchange.problem.empty() ? connection.failure_text() : exchange.problem;
  if (why.empty()) {
    why = "the server closed the connection before its answer was complete";
  }
  if (exchange.is_streamed && connection.failure() == ConnectionFailure::kTimeout) {
    return InContext({.code = ErrorCode::kUnavailable, .message = why, .reason = kSilent}, request);
  }
  const bool may_be_done = !IsRead(request) && connection.bytes_written() > 0;
  return InContext(
      {.code = may_be_done ? ErrorCode::kOutcomeUnknown : ErrorCode::kUnavailable, .message = why},
      request);
}

Error PooledHttpClient::InContext(Error error, const HttpRequest& request) const {
  const std::string path = request.path.substr(0, request.path.find('?'));
  return WithContext(std::move(error), request.method + " " +
                                           (url_.is_tls ? "https://" : "http://") + url_.authority +
                                           url_.prefix + Shorten(path, 200));
}

}  // namespace

std::string HttpResponse::Header(std::string_view lower_case_name) const {
  const auto found = std::find_if(headers.begin(), headers.end(), [&](const auto& header) {
    return header.first == lower_case_name;
  });
  return found == headers.end() ? "" : found->second;
}

Result<std::unique_ptr<HttpClient>> HttpClient::Make(HttpClientOptions options) {
  BaseUrl url = TRY(ParseBaseUrl(options.base_url));
  const bool is_mutual = options.tls.identity != nullptr;
  auto pool = TRY(ConnectionPool::Make(url.address, url.is_tls, std::move(options)));
  return std::unique_ptr<HttpClient>(
      std::make_unique<PooledHttpClient>(std::move(url), is_mutual, std::move(pool)));
}

std::string PercentEncode(std::string_view text) {
  constexpr std::string_view kUnreserved =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string result;
  for (const char c : text) {
    if (kUnreserved.find(c) != std::string_view::npos) {
      result += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    result += '%';
    result += kHex[byte >> 4];
    result += kHex[byte & 0xF];
  }
  return result;
}

}  // namespace tenantry::net
