#pragma once

#include <chrono>
#include <string>

namespace tenantry::testing {

// What a Kubernetes API server whose clock is `offset` ahead says instead of `json`: each
// creationTimestamp and deletionTimestamp is changed, in place. Text that is none stays. Pure.
std::string ShiftTimestamps(std::string json, std::chrono::seconds offset);

// The same of an HTTP Date header's value.
std::string ShiftDate(const std::string& date, std::chrono::seconds offset);

}  // namespace tenantry::testing
