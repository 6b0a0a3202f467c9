#include "operator/kube/token_bucket.h"

#include <algorithm>
#include <cassert>

namespace tenantry::kube {

TokenBucket::TokenBucket(double qps, int burst)
    : qps_(qps), burst_(std::max(burst, 1)), tokens_(burst_) {
  assert(qps > 0);
}

std::optional<std::chrono::nanoseconds> TokenBucket::Take(MonotonicTime now,
                                                          std::chrono::nanoseconds patience) {
  // Threads come in any order: time never runs backwards here.
  const MonotonicTime moment = std::max(now, at_);
  const double passed = std::chrono::duration<double>(moment - at_).count();
  const double left = std::min(burst_, tokens_ + passed * qps_) - 1;
  const std::chrono::duration<double> wait(left < 0 ? -left / qps_ : 0);
  if (wait > patience) {
    return std::nullopt;
  }
  tokens_ = left;
  at_ = moment;
  return std::chrono::ceil<std::chrono::nanoseconds>(wait);
}

}  // namespace tenantry::kube
