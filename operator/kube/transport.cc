#include "operator/kube/transport.h"

#include <charconv>
#include <utility>

#include "operator/kube/decode.h"
#include "operator/kube/wait.h"

namespace tenantry::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int kMaxRetries = 3;

#if defined(__aarch64__)
constexpr char kUserAgent[] = "tenantry-operator/" TENANTRY_VERSION " (linux/arm64)";
#else
constexpr char kUserAgent[] = "tenantry-operator/" TENANTRY_VERSION " (linux/amd64)";
#endif

milliseconds Remaining(steady_clock::time_point deadline) {
  return std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now());
}

}  // namespace

std::optional<milliseconds> DecideRetry(int http_status, const std::string& retry_after,
                                        int retries, milliseconds remaining) {
  if ((http_status != 429 && http_status != 503) || retries >= kMaxRetries) {
    return std::nullopt;
  }
  int seconds = 0;  // Kubernetes sends seconds, never a date
  const char* const end = retry_after.data() + retry_after.size();
  const auto [parsed_to, failed] = std::from_chars(retry_after.data(), end, seconds);
  if (failed != std::errc() || parsed_to != end || seconds < 0) {
    return std::nullopt;
  }
  const std::chrono::seconds wait(seconds);
  return wait < remaining ? std::optional<milliseconds>(wait) : std::nullopt;
}

Result<std::unique_ptr<Transport>> Transport::Make(const Config& config,
                                                   telemetry::Registry& metrics,
                                                   const ClientOptions& options) {
  ServerUrl url = TRY(ParseServerUrl(config.server));
  auto tokens = TRY(TokenSource::Make(config.token, config.token_file));
  std::unique_ptr<Transport> transport(
      new Transport(std::move(url), std::move(tokens), config, metrics, options));
  TRY(transport->MakeHttpClient(config));
  return transport;
}

Transport::Transport(ServerUrl url, std::unique_ptr<TokenSource> tokens, const Config& config,
                     telemetry::Registry& metrics, const ClientOptions& options)
    : url_(std::move(url)),
      tokens_(std::move(tokens)),
      call_timeout_(config.call_timeout),
      metrics_(metrics, url_.host) {
  if (options.qps > 0) {
    bucket_.emplace(options.qps, options.burst);
  }
}

Result<void> Transport::MakeHttpClient(const Config& config) {
  net::HttpClientOptions options{.base_url = url_.base};
  options.tls.ca_pem = config.ca_pem;
  options.tls.certificate_pem = config.certificate_pem;
  options.tls.key_pem = config.key_pem.reveal();
  options.tls.server_name = config.server_name;
  options.tls.insecure_skip_verify = config.insecure_skip_verify;
  options.on_resolved = [this](const std::string& name, steady_clock::duration took) {
    metrics_.ObserveResolution(name, took);
  };
  http_ = TRY(net::HttpClient::Make(std::move(options)));
  return {};
}

Result<net::HttpResponse> Transport::Send(const Call& call) {
  return Exchange(call, {}, [&](const net::HttpRequest& request, MethodMetrics& metrics) {
    const auto started = steady_clock::now();
    auto response = http_->Send(request);
    metrics.ObserveLatency(steady_clock::now() - started);
    if (response) {
      metrics.ObserveResponseSize(response->body.size());
    }
    return response;
  });
}

Result<net::HttpResponse> Transport::Stream(const Call& call, const std::stop_token& stop,
                                            milliseconds idle_timeout,
                                            const std::function<bool(std::string_view)>& on_data) {
  return Exchange(call, stop, [&](const net::HttpRequest& request, MethodMetrics& metrics) {
    const auto started = steady_clock::now();
    std::size_t received = 0;
    auto response = http_->Stream(request, stop, idle_timeout, [&](std::string_view piece) {
      received += piece.size();
      return on_data(piece);
    });
    if (!call.is_watch) {
      metrics.ObserveLatency(steady_clock::now() - started);
    }
    if (response || received > 0) {
      metrics.ObserveResponseSize(received + (response ? response->body.size() : 0));
    }
    return response;
  });
}

Result<net::HttpResponse> Transport::Exchange(const Call& call, const std::stop_token& stop,
                                              const Attempt& attempt) {
  const auto deadline = steady_clock::now() + call_timeout_;
  MethodMetrics& metrics = metrics_.Of(call.method);
  Secret token = tokens_->Current();
  bool refreshed = false;
  for (int retries = 0;;) {
    TRY(Admit(call, stop, deadline));
    auto response = attempt(MakeRequest(call, token, Remaining(deadline)), metrics);
    metrics.ObserveRequestSize(call.body.size());
    metrics.CountAnswer(response ? std::optional(response->status) : std::nullopt);
    if (!response) {
      return WithContext(std::move(response).error(), call.what);
    }
    if (response->status < 300) {
      return response;
    }
    if (response->status == 401 && !std::exchange(refreshed, true)) {
      Secret renewed = tokens_->Refresh();
      if (renewed != token) {
        token = std::move(renewed);
        continue;
      }
    }
    const auto wait = DecideRetry(response->status, response->Header("retry-after"), retries,
                                  Remaining(deadline));
    if (!wait) {
      return DecodeStatus(response->status, response->body, call.what);
    }
    ++retries;
    metrics.CountRetry(response->status);
    if (WaitFor(stop, *wait) == Waited::kStopped) {
      return Error{ErrorCode::kCancelled, call.what + ": stopped"};
    }
  }
}

Result<void> Transport::Admit(const Call& call, const std::stop_token& stop,
                              MonotonicTime deadline) {
  const MonotonicTime now = steady_clock::now();
  std::optional<std::chrono::nanoseconds> wait;
  {
    MutexLock lock(mutex_);
    if (!bucket_) {
      return {};
    }
    wait = bucket_->Take(now, deadline - now);
  }
  if (!wait) {
    return Error{ErrorCode::kUnavailable,
                 call.what + ": the limit of requests per second of this client leaves no time"};
  }
  if (*wait > std::chrono::nanoseconds(0) &&
      WaitFor(stop, std::chrono::ceil<milliseconds>(*wait)) == Waited::kStopped) {
    return Error{ErrorCode::kCancelled, call.what + ": stopped"};
  }
  metrics_.Of(call.method).ObserveRateLimit(steady_clock::now() - now);
  return {};
}

net::HttpRequest Transport::MakeRequest(const Call& call, const Secret& token,
                                        milliseconds remaining) const {
  net::HttpRequest request{.method = call.method,
                           .path = url_.prefix + call.path,
                           .headers = {{"User-Agent", kUserAgent}, {"Accept", call.accept}},
                           .body = call.body,
                           .content_type = call.content_type,
                           .timeout = remaining};
  if (!token.empty()) {
    request.headers.emplace_back("Authorization", "Bearer " + token.reveal());
  }
  return request;
}

}  // namespace tenantry::kube
