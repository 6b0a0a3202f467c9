#pragma once

#include <prometheus/metric_family.h>

#include <vector>

namespace tenantry::telemetry {

// The process_* metrics of Prometheus' client libraries, read from /proc/self now. What cannot be
// read is left out.
std::vector<prometheus::MetricFamily> CollectProcessMetrics();

}  // namespace tenantry::telemetry
