#pragma once

#include <chrono>
#include <stop_token>

namespace tenantry::kube {

enum class Waited { kWhole, kStopped };

// Waits for `duration`, or until `stop`.
Waited WaitFor(const std::stop_token& stop, std::chrono::milliseconds duration);

}  // namespace tenantry::kube
