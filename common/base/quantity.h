#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "common/base/result.h"

namespace tenantry {

// Reads a Kubernetes quantity of bytes: "100Gi", "512Mi", "1.5G", "1048576", "1e9"; fractions of a
// byte round up. kInvalid for anything else, for negative values and for more than 2^63-1.
// Source: k8s.io/apimachinery/pkg/api/resource, Quantity.
Result<std::int64_t> ParseBytes(const std::string& text);

// "48Mi", "1.5Gi", "0": binary units, at most one decimal place.
std::string FormatBytes(std::int64_t bytes);

// Reads a Go-style duration: "30m", "1h30m", "250ms", "0". kInvalid for anything else and for
// negative values.
Result<std::chrono::milliseconds> ParseDuration(const std::string& text);

}  // namespace tenantry
