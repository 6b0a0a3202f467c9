#include "operator/kube/lease.h"

#include <algorithm>
#include <random>
#include <utility>

#include "common/telemetry/log.h"
#include "operator/kube/decode.h"
#include "operator/kube/wait.h"

namespace tenantry::kube {
namespace {

using std::chrono::milliseconds;

// A leader whose process hangs is restarted by its liveness probe only after the others had the
// time to take over.
constexpr std::chrono::seconds kHealthTolerance{20};

// So that candidates do not all ask in the same moment. Less of it than in client-go (1.2): what a
// candidate sees late adds to the time without a leader.
milliseconds Jittered(milliseconds period) {
  thread_local std::minstd_rand random{std::random_device{}()};
  const double factor = std::uniform_real_distribution<double>(1.0, 1.2)(random);
  return milliseconds(static_cast<long>(static_cast<double>(period.count()) * factor));
}

}  // namespace

std::function<void(const std::string& note, const Json& lease)> RecordLeaderElection(
    EventRecorder& events) {
  return [&events](const std::string& note, const Json& lease) {
    EventSubject subject = SubjectOf(kLeases, lease);
    subject.action = "LeaderElection";
    events.Record(subject, EventType::kNormal, "LeaderElection", note);
  };
}

LeaseElection::LeaseElection(Client& client, LeaseOptions options, const Clock& clock,
                             telemetry::Registry& metrics)
    : client_(client),
      options_(std::move(options)),
      clock_(clock),
      is_leader_(metrics.GetGauge("leader_election_master_status",
                                  "Whether this process is the leader of the lease (1) or not (0).",
                                  {{"name", options_.name.value()}})),
      slow_path_(metrics.GetCounter("leader_election_slowpath_total",
                                    "Renewals that had to read the lease first.",
                                    {{"name", options_.name.value()}})) {
  is_leader_.Set(0);
}

bool LeaseElection::Acquire(std::stop_token stop) {
  while (!stop.stop_requested()) {
    if (TryOnce() == Attempt::kHeld) {
      SetLeading(true);
      Tell("became leader");
      return true;
    }
    if (WaitFor(stop, NextTry()) == Waited::kStopped) {
      return false;
    }
  }
  return false;
}

// Not later than the moment in which a leader that is gone loses the lease.
milliseconds LeaseElection::NextTry() const {
  const milliseconds wait = Jittered(options_.retry_period);
  if (!record_ || record_->holder.empty()) {
    return wait;
  }
  const auto left =
      std::chrono::ceil<milliseconds>(unchanged_since_ + record_->duration - clock_.Monotonic());
  return left.count() > 0 ? std::min(wait, left) : wait;
}

bool LeaseElection::Hold(std::stop_token stop) {
  while (true) {
    const auto left = std::chrono::duration_cast<milliseconds>(give_up_at() - clock_.Monotonic());
    const milliseconds wait = std::clamp(left, milliseconds(1), options_.retry_period);
    if (WaitFor(stop, wait) == Waited::kStopped) {
      Release();
      return true;
    }
    const Attempt attempt = TryOnce();
    if (attempt == Attempt::kHeld) {
      continue;
    }
    if (attempt == Attempt::kHeldByOther || clock_.Monotonic() >= give_up_at()) {
      SetLeading(false);
      log::Error("lost the lease", {{"lease", options_.name.value()}});
      return false;
    }
  }
}

bool LeaseElection::healthy() const {
  MutexLock lock(mutex_);
  return !leading_ ||
         clock_.Monotonic() <= renewed_at_ + options_.lease_duration + kHealthTolerance;
}

LeaseElection::Attempt LeaseElection::TryOnce() {
  if (leading() && lease_) {
    const MonotonicTime started = clock_.Monotonic();
    const Attempt attempt = Written(
        WriteRecord(MakeClaim(record_, options_.identity, options_.lease_duration, clock_.Now())),
        started);
    if (attempt == Attempt::kHeld || clock_.Monotonic() >= give_up_at()) {
      return attempt;
    }
    slow_path_.Increment();
  }
  Result<Json> lease = client_.Get(kLeases, options_.ns, options_.name);
  if (lease) {
    Remember(std::move(lease).value());
  } else if (lease.error().code == ErrorCode::kNotFound) {
    lease_.reset();
    record_.reset();
  } else {
    return Failed(lease.error());
  }
  if (leading() && clock_.Monotonic() >= give_up_at()) {
    return Attempt::kFailed;
  }
  return TakeOrRenew();
}

// Writes our claim over what was just seen, if it may be claimed.
LeaseElection::Attempt LeaseElection::TakeOrRenew() {
  const MonotonicTime started = clock_.Monotonic();
  if (record_ &&
      DecideClaim(*record_, unchanged_since_, started, options_.identity) == Claim::kWait) {
    return Attempt::kHeldByOther;
  }
  const LeaseRecord claim =
      MakeClaim(record_, options_.identity, options_.lease_duration, clock_.Now());
  if (lease_) {
    return Written(WriteRecord(claim), started);
  }
  const Json lease = {
      {"apiVersion", "coordination.k8s.io/v1"},
      {"kind", "Lease"},
      {"metadata", {{"namespace", options_.ns.value()}, {"name", options_.name.value()}}},
      {"spec", EncodeLeaseSpec(claim)}};
  return Written(client_.Create(kLeases, options_.ns, lease), started);
}

// The lease counts as renewed from before the request, which is when the others saw it at the
// earliest.
LeaseElection::Attempt LeaseElection::Written(Result<Json> lease, MonotonicTime started) {
  if (!lease) {
    return Failed(lease.error());
  }
  Remember(std::move(lease).value());
  MutexLock lock(mutex_);
  renewed_at_ = started;
  return Attempt::kHeld;
}

LeaseElection::Attempt LeaseElection::Failed(const Error& error) {
  lease_.reset();  // whatever happened, it is to be read again before the next write
  if (error.code != ErrorCode::kConflict) {
    log::Warn("cannot read or write the lease",
              {{"lease", options_.name.value()}, {"error", error.message}});
  }
  return Attempt::kFailed;
}

// Keeps what others wrote beside the spec, and the resourceVersion that makes the write fail when
// somebody was faster.
Result<Json> LeaseElection::WriteRecord(const LeaseRecord& record) {
  Json lease = *lease_;
  Json& spec = lease["spec"];
  if (!spec.is_object()) {
    spec = Json::object();
  }
  spec.update(EncodeLeaseSpec(record));
  return client_.Replace(kLeases, options_.ns, lease);
}

void LeaseElection::Remember(Json lease) {
  LeaseRecord record = DecodeLease(lease);
  if (!record_ || record != *record_) {
    record_ = std::move(record);
    unchanged_since_ = clock_.Monotonic();
  }
  lease_ = std::move(lease);
}

void LeaseElection::Release() {
  SetLeading(false);
  if (!lease_) {
    Result<Json> lease = client_.Get(kLeases, options_.ns, options_.name);
    if (lease) {
      Remember(std::move(lease).value());
    }
  }
  if (!lease_ || !record_ || record_->holder != options_.identity) {
    return;
  }
  const Result<Json> released = WriteRecord(MakeRelease(*record_, clock_.Now()));
  if (!released) {
    log::Warn("cannot release the lease; the next leader waits until it ends",
              {{"lease", options_.name.value()}, {"error", released.error().message}});
  }
  Tell("stopped leading");
  lease_.reset();
}

// In the log, and to whoever else wants to know.
void LeaseElection::Tell(const std::string& what) {
  log::Info(what, {{"lease", options_.name.value()}, {"identity", options_.identity}});
  if (options_.on_change) {
    options_.on_change(options_.identity + " " + what, *lease_);
  }
}

void LeaseElection::SetLeading(bool leading) {
  is_leader_.Set(leading ? 1 : 0);
  MutexLock lock(mutex_);
  leading_ = leading;
}

bool LeaseElection::leading() const {
  MutexLock lock(mutex_);
  return leading_;
}

MonotonicTime LeaseElection::give_up_at() const {
  MutexLock lock(mutex_);
  return renewed_at_ + options_.renew_deadline;
}

}  // namespace tenantry::kube
