#include "operator/kube/wait.h"

#include "common/base/mutex.h"

namespace tenantry::kube {

Waited WaitFor(const std::stop_token& stop, std::chrono::milliseconds duration) {
  std::mutex mutex;
  ConditionVariable never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, duration, [] { return false; });
  return stop.stop_requested() ? Waited::kStopped : Waited::kWhole;
}

}  // namespace tenantry::kube
