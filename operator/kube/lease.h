#pragma once

#include <chrono>
#include <functional>
#include <stop_token>
#include <string>

#include "common/base/clock.h"
#include "operator/kube/client.h"

namespace tenantry::kube {

struct LeaseOptions {
  api::Namespace ns;
  api::Name name;                                   // "tenantry-operator"
  std::string identity;                             // hostname_random
  std::chrono::milliseconds lease_duration{15'000};
  std::chrono::milliseconds renew_deadline{10'000};
  std::chrono::milliseconds retry_period{2'000};
};

// Leader election on a coordination.k8s.io Lease, as client-go does it: a candidate takes a lease
// whose holder did not renew it for lease_duration as seen by its own clock; the holder gives up
// when it could not renew for renew_deadline.
class LeaseElection {
 public:
  LeaseElection(Client& client, LeaseOptions options, const Clock& clock, telemetry::Registry& metrics);

  // Blocks until the lease is ours (true) or `stop` (false).
  bool Acquire(std::stop_token stop);
  // Renews until `stop` (then releases the lease and returns true) or until it is lost (false: the
  // process must end at once, without writing anything more).
  bool Hold(std::stop_token stop);
  // For /livez: not the leader, or renewed within lease_duration + 20 s.
  bool healthy() const;

 private:
  Client& client_;
  LeaseOptions options_;
  const Clock& clock_;
  telemetry::Registry& metrics_;
};

}  // namespace tenantry::kube
