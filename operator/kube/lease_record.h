#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "common/base/clock.h"
#include "operator/kube/client.h"

// What a Lease says, and what a candidate makes of it. Pure. Source: client-go, leaderelection.go.
namespace tenantry::kube {

// The spec of a coordination.k8s.io/v1 Lease. Times stay text: they are the writer's clock, which
// is never compared with ours.
struct LeaseRecord {
  std::string holder;  // empty: nobody
  std::chrono::seconds duration{0};
  std::string acquire_time;  // MicroTime
  std::string renew_time;
  int transitions = 0;

  friend bool operator==(const LeaseRecord&, const LeaseRecord&) = default;
};

LeaseRecord DecodeLease(const Json& lease);  // what is missing stays at its default
Json EncodeLeaseSpec(const LeaseRecord& record);

enum class Claim {
  kTake,   // nobody's, or not renewed in time
  kRenew,  // ours
  kWait,   // somebody else's
};
// `unchanged_since`: when the record was first seen as it is, by our own clock.
Claim DecideClaim(const LeaseRecord& record, MonotonicTime unchanged_since, MonotonicTime now,
                  const std::string& identity);

// The record to write for a claim; `old` absent: the Lease does not exist.
LeaseRecord MakeClaim(const std::optional<LeaseRecord>& old, const std::string& identity,
                      std::chrono::milliseconds duration, WallTime now);
// The record that gives the lease away at once.
LeaseRecord MakeRelease(const LeaseRecord& old, WallTime now);

}  // namespace tenantry::kube
