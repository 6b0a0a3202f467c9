#include "common/net/http_client.h"

#include <httplib.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <utility>

#include "common/base/strings.h"
#include "common/net/connection.h"
#include "common/net/connection_pool.h"

namespace tenantry::net {
namespace {

constexpr Connection::HeadLimits kHeadLimits{
    .first_line_bytes = 512, .line_bytes = 16 << 10, .total_bytes = 64 << 10};
constexpr std::size_t kMaxBodyBytes = 256 << 20;
constexpr std::size_t kMaxErrorBodyBytes = 1 << 20;

// cpp-httplib's HTTP/1.1 on a stream of ours. Holds no state between requests: thread-safe.
class HttpProtocol : public httplib::ClientImpl {
 public:
  HttpProtocol() : ClientImpl("", 0) {
    set_url_encode(false);
    set_follow_location(false);
    set_decompress(false);
  }
  using ClientImpl::process_request;
};

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

Headers CopyHeaders(const httplib::Headers& headers) {
  Headers result;
  for (const auto& [name, value] : headers) {
    std::string lower_case = name;
    std::transform(lower_case.begin(), lower_case.end(), lower_case.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    result.emplace_back(std::move(lower_case), value);
  }
  return result;
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
  httplib::Request MakeRequest(const HttpRequest& request) const;
  Error MakeError(const Connection& connection, const HttpRequest& request,
                  const Exchange& exchange) const;
  Error InContext(Error error, const HttpRequest& request) const;

  const BaseUrl url_;
  const bool is_mutual_;
  const std::unique_ptr<ConnectionPool> pool_;
  HttpProtocol protocol_;
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
      if (exchange.response.Header("connection") != "close") {
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
  httplib::Request wire_request = MakeRequest(request);
  wire_request.response_handler = [&](const httplib::Response& head) {
    exchange.has_head = true;
    exchange.response.status = head.status;
    connection.EndHead();
    if (on_data != nullptr) {
      exchange.is_streamed = head.status < 300;
      connection.SetIdleTimeout(idle_timeout);
    }
    return true;
  };
  wire_request.content_receiver = [&](const char* data, std::size_t size, std::uint64_t,
                                      std::uint64_t) {
    if (on_data != nullptr && exchange.response.status < 300) {
      exchange.is_stopped = !on_data(std::string_view(data, size));
      return !exchange.is_stopped;
    }
    const std::size_t limit = on_data != nullptr ? kMaxErrorBodyBytes : kMaxBodyBytes;
    exchange.is_too_large = exchange.response.body.size() + size > limit;
    if (!exchange.is_too_large) {
      exchange.response.body.append(data, size);
    }
    return !exchange.is_too_large;
  };
  connection.BeginHead(kHeadLimits);
  httplib::Response response;
  httplib::Error ignored = httplib::Error::Success;  // the connection knows better
  exchange.is_complete =
      protocol_.process_request(connection, wire_request, response, false, ignored) &&
      response.status >= 100;
  exchange.response.status = response.status;
  exchange.response.headers = CopyHeaders(response.headers);
  return exchange;
}

httplib::Request PooledHttpClient::MakeRequest(const HttpRequest& request) const {
  httplib::Request result;
  result.method = request.method;
  result.path = url_.prefix + request.path;
  result.body = request.body;
  for (const auto& [name, value] : request.headers) {
    result.headers.emplace(name, value);
  }
  if (!result.has_header("Host")) {
    result.headers.emplace("Host", url_.authority);
  }
  if (!result.has_header("User-Agent")) {
    result.headers.emplace("User-Agent", "tenantry/" TENANTRY_VERSION);
  }
  if (!request.content_type.empty()) {
    result.headers.emplace("Content-Type", request.content_type);
  }
  return result;
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
  std::string why = connection.failure_text();
  if (connection.failure() == ConnectionFailure::kNone) {
    why = exchange.has_head || connection.bytes_read() == 0
              ? "the server closed the connection before its answer was complete"
              : "the answer is not HTTP";
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
