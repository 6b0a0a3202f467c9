#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "common/base/mutex.h"

namespace tenantry::telemetry {
class Counter;
class Histogram;
class Registry;
}  // namespace tenantry::telemetry

namespace tenantry::kube {

// The series of the requests of one method. They are looked up once and then only counted up.
// Thread-safe.
class MethodMetrics {
 public:
  MethodMetrics(telemetry::Registry& registry, std::string host, std::string method);

  void CountAnswer(std::optional<int> status);  // none: there was no answer
  void CountRetry(int status);
  void ObserveLatency(std::chrono::steady_clock::duration took);
  void ObserveRateLimit(std::chrono::nanoseconds waited);
  void ObserveRequestSize(std::size_t bytes);
  void ObserveResponseSize(std::size_t bytes);

 private:
  telemetry::Registry& registry_;
  const std::string host_;
  const std::string method_;
  telemetry::Histogram& latency_;
  telemetry::Histogram& request_size_;
  telemetry::Histogram& response_size_;

  Mutex mutex_;
  std::map<std::optional<int>, telemetry::Counter*> answers_ GUARDED_BY(mutex_);
  telemetry::Histogram* rate_limit_ GUARDED_BY(mutex_) = nullptr;  // only with a limit
};

// The rest_client_* metrics of the requests to one server: names, labels and buckets are those of
// client-go in controller-runtime (pkg/metrics/client_go_adapter.go). Thread-safe.
class RequestMetrics {
 public:
  RequestMetrics(telemetry::Registry& registry, std::string host);

  MethodMetrics& Of(const std::string& method);
  // Only names are resolved: a server that is known by its IP address has no such series.
  void ObserveResolution(const std::string& name, std::chrono::steady_clock::duration took);

 private:
  telemetry::Registry& registry_;
  const std::string host_;
  Mutex mutex_;
  std::map<std::string, std::unique_ptr<MethodMetrics>> methods_ GUARDED_BY(mutex_);
};

}  // namespace tenantry::kube
