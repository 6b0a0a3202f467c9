#include "operator/kube/transport.h"

#include <charconv>
#include <utility>

#include "common/telemetry/metrics.h"
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

// The buckets of client-go's metric of this name (controller-runtime, client_go_adapter.go).
const std::vector<double>& LatencyBuckets() {
  static const std::vector<double> buckets = {.005, .025, .1, .25, .5, 1, 2, 4, 8, 15, 30, 60};
  return buckets;
}

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
                                                   telemetry::Registry& metrics) {
  ServerUrl url = TRY(ParseServerUrl(config.server));
  auto tokens = TRY(TokenSource::Make(config.token, config.token_file));
  net::HttpClientOptions options{.base_url = url.base};
  options.tls.ca_pem = config.ca_pem;
  options.tls.certificate_pem = config.certificate_pem;
  options.tls.key_pem = config.key_pem.reveal();
  options.tls.server_name = config.server_name;
  options.tls.insecure_skip_verify = config.insecure_skip_verify;
  auto http = TRY(net::HttpClient::Make(std::move(options)));
  return std::unique_ptr<Transport>(new Transport(std::move(http), std::move(tokens),
                                                  std::move(url), config.call_timeout, metrics));
}

Transport::Transport(std::unique_ptr<net::HttpClient> http, std::unique_ptr<TokenSource> tokens,
                     ServerUrl url, milliseconds call_timeout, telemetry::Registry& metrics)
    : http_(std::move(http)),
      tokens_(std::move(tokens)),
      url_(std::move(url)),
      call_timeout_(call_timeout),
      metrics_(metrics) {}

Result<net::HttpResponse> Transport::Send(const Call& call) {
  return Exchange(call, {}, [&](const net::HttpRequest& request) {
    const auto started = steady_clock::now();
    auto response = http_->Send(request);
    metrics_
        .GetHistogram("rest_client_request_duration_seconds",
                      "Request latency in seconds, by verb and host.", LatencyBuckets(),
                      {{"verb", call.method}, {"host", url_.host}})
        .Observe(std::chrono::duration<double>(steady_clock::now() - started).count());
    return response;
  });
}

// Not in the latency histogram: a stream takes as long as the server has something to say.
Result<net::HttpResponse> Transport::Stream(const Call& call, const std::stop_token& stop,
                                            milliseconds idle_timeout,
                                            const std::function<bool(std::string_view)>& on_data) {
  return Exchange(call, stop, [&](const net::HttpRequest& request) {
    return http_->Stream(request, stop, idle_timeout, on_data);
  });
}

Result<net::HttpResponse> Transport::Exchange(const Call& call, const std::stop_token& stop,
                                              const Attempt& attempt) {
  const auto deadline = steady_clock::now() + call_timeout_;
  Secret token = tokens_->Current();
  bool refreshed = false;
  for (int retries = 0;;) {
    auto response = attempt(MakeRequest(call, token, Remaining(deadline)));
    CountAttempt(call.method, response);
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
    metrics_
        .GetCounter("rest_client_request_retries_total", "Requests that were sent again.",
                    {{"code", std::to_string(response->status)},
                     {"verb", call.method},
                     {"host", url_.host}})
        .Increment();
    if (WaitFor(stop, *wait) == Waited::kStopped) {
      return Error{ErrorCode::kCancelled, call.what + ": stopped"};
    }
  }
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

void Transport::CountAttempt(const std::string& method, const Result<net::HttpResponse>& response) {
  const std::string code = response ? std::to_string(response->status) : "<error>";
  metrics_
      .GetCounter("rest_client_requests_total",
                  "Requests to the Kubernetes API, by status code, method and host.",
                  {{"code", code}, {"method", method}, {"host", url_.host}})
      .Increment();
}

}  // namespace tenantry::kube
