#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/telemetry/metrics.h"
#include "operator/kube/client.h"
#include "operator/kube/events.h"
#include "operator/kube/lease_record.h"

namespace tenantry::kube {

struct LeaseOptions {
  api::Namespace ns;
  api::Name name;        // "tenantry-operator"
  std::string identity;  // hostname_random
  std::chrono::milliseconds lease_duration{15'000};
  std::chrono::milliseconds renew_deadline{10'000};
  std::chrono::milliseconds retry_period{2'000};
  // Told when this candidate took the lease ("<identity> became leader") and when it gave it back
  // ("<identity> stopped leading"), with the Lease as it is then; not when it lost it, because then
  // nothing more may be written.
  std::function<void(const std::string& note, const Json& lease)> on_change = {};
};

// An on_change that records Events of the Lease, as client-go does. `events` outlives the election.
std::function<void(const std::string& note, const Json& lease)> RecordLeaderElection(
    EventRecorder& events);

// Leader election on a coordination.k8s.io Lease, as client-go does it: a candidate takes a lease
// whose holder did not renew it for lease_duration as seen by its own clock; the holder gives up
// when it could not renew for renew_deadline. Acquire and Hold are called by one thread.
class LeaseElection {
 public:
  // `client` is one of its own whose Config::call_timeout is at most a third of renew_deadline: a
  // call that hangs must not hide that the lease is lost.
  LeaseElection(Client& client, LeaseOptions options, const Clock& clock,
                telemetry::Registry& metrics);

  // Blocks until the lease is ours (true) or `stop` (false).
  bool Acquire(std::stop_token stop);
  // Renews until `stop` (then releases the lease and returns true) or until it is lost (false: the
  // process must end at once, without writing anything more).
  bool Hold(std::stop_token stop);
  // For /livez: not the leader, or renewed within lease_duration + 20 s. Thread-safe.
  bool healthy() const;

 private:
  enum class Attempt { kHeld, kHeldByOther, kFailed };

  std::chrono::milliseconds NextTry() const;
  Attempt TryOnce();
  Attempt TakeOrRenew();
  Attempt Written(Result<Json> lease, MonotonicTime started);
  Attempt Failed(const Error& error);
  Result<Json> WriteRecord(const LeaseRecord& record);
  void Remember(Json lease);
  void Release();
  void SetLeading(bool leading);
  void Tell(const std::string& what);
  bool leading() const;
  // When the holder gives up, unless it renews before.
  MonotonicTime give_up_at() const;

  Client& client_;
  const LeaseOptions options_;
  const Clock& clock_;
  telemetry::Gauge& is_leader_;
  telemetry::Counter& slow_path_;

  std::optional<Json> lease_;          // with the resourceVersion that the next write expects
  std::optional<LeaseRecord> record_;  // what it said when it was last seen …
  MonotonicTime unchanged_since_;      // … and since when it has said so

  mutable Mutex mutex_;
  bool leading_ GUARDED_BY(mutex_) = false;
  MonotonicTime renewed_at_ GUARDED_BY(mutex_);
};

}  // namespace tenantry::kube
