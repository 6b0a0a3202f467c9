#include "operator/kube/request_metrics.h"

#include <utility>
#include <vector>

#include "common/telemetry/metrics.h"

namespace tenantry::kube {
namespace {

const std::vector<double>& LatencyBuckets() {
  static const std::vector<double> buckets = {.005, .025, .1, .25, .5, 1, 2, 4, 8, 15, 30, 60};
  return buckets;
}

const std::vector<double>& SizeBuckets() {
  static const std::vector<double> buckets = {64,    256,    512,     1024,    4096,    16384,
                                              65536, 262144, 1048576, 4194304, 16777216};
  return buckets;
}

double Seconds(std::chrono::duration<double> duration) { return duration.count(); }

std::string CodeOf(std::optional<int> status) {
  return status ? std::to_string(*status) : "<error>";
}

}  // namespace

MethodMetrics::MethodMetrics(telemetry::Registry& registry, std::string host, std::string method)
    : registry_(registry),
      host_(std::move(host)),
      method_(std::move(method)),
      latency_(registry.GetHistogram("rest_client_request_duration_seconds",
                                     "Request latency in seconds, by verb and host.",
                                     LatencyBuckets(), {{"verb", method_}, {"host", host_}})),
      request_size_(registry.GetHistogram("rest_client_request_size_bytes",
                                          "Request size in bytes, by verb and host.", SizeBuckets(),
                                          {{"verb", method_}, {"host", host_}})),
      response_size_(registry.GetHistogram("rest_client_response_size_bytes",
                                           "Response size in bytes, by verb and host.",
                                           SizeBuckets(), {{"verb", method_}, {"host", host_}})) {}

void MethodMetrics::CountAnswer(std::optional<int> status) {
  telemetry::Counter* counter = nullptr;
  {
    MutexLock lock(mutex_);
    telemetry::Counter*& known = answers_[status];
    if (known == nullptr) {
      known =
          &registry_.GetCounter("rest_client_requests_total",
                                "Requests to the Kubernetes API, by status code, method and host.",
                                {{"code", CodeOf(status)}, {"method", method_}, {"host", host_}});
    }
    counter = known;
  }
  counter->Increment();
}

void MethodMetrics::CountRetry(int status) {
  registry_
      .GetCounter("rest_client_request_retries_total",
                  "Requests that were sent again, by status code, verb and host.",
                  {{"code", CodeOf(status)}, {"verb", method_}, {"host", host_}})
      .Increment();
}

void MethodMetrics::ObserveLatency(std::chrono::steady_clock::duration took) {
  latency_.Observe(Seconds(took));
}

void MethodMetrics::ObserveRateLimit(std::chrono::nanoseconds waited) {
  telemetry::Histogram* histogram = nullptr;
  {
    MutexLock lock(mutex_);
    if (rate_limit_ == nullptr) {
      rate_limit_ = &registry_.GetHistogram("rest_client_rate_limiter_duration_seconds",
                                            "Client side rate limiter latency in seconds, by verb "
                                            "and host.",
                                            LatencyBuckets(), {{"verb", method_}, {"host", host_}});
    }
    histogram = rate_limit_;
  }
  histogram->Observe(Seconds(waited));
}

void MethodMetrics::ObserveRequestSize(std::size_t bytes) {
  request_size_.Observe(static_cast<double>(bytes));
}

void MethodMetrics::ObserveResponseSize(std::size_t bytes) {
  response_size_.Observe(static_cast<double>(bytes));
}

RequestMetrics::RequestMetrics(telemetry::Registry& registry, std::string host)
    : registry_(registry), host_(std::move(host)) {}

MethodMetrics& RequestMetrics::Of(const std::string& method) {
  MutexLock lock(mutex_);
  std::unique_ptr<MethodMetrics>& metrics = methods_[method];
  if (metrics == nullptr) {
    metrics = std::make_unique<MethodMetrics>(registry_, host_, method);
  }
  return *metrics;
}

// Once for each new connection: rare enough to be looked up each time.
void RequestMetrics::ObserveResolution(const std::string& name,
                                       std::chrono::steady_clock::duration took) {
  registry_
      .GetHistogram("rest_client_dns_resolution_duration_seconds",
                    "DNS resolver latency in seconds, by host.", LatencyBuckets(), {{"host", name}})
      .Observe(Seconds(took));
}

}  // namespace tenantry::kube
