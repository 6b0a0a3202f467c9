#include "operator/kube/lease_record.h"

#include <algorithm>

#include "operator/kube/decode.h"

namespace tenantry::kube {
namespace {

int NumberAt(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_integer() ? found->get<int>() : 0;
}

}  // namespace

LeaseRecord DecodeLease(const Json& lease) {
  const auto spec = lease.find("spec");
  if (spec == lease.end() || !spec->is_object()) {
    return {};
  }
  return {.holder = StringAt(*spec, {"holderIdentity"}),
          .duration = std::chrono::seconds(NumberAt(*spec, "leaseDurationSeconds")),
          .acquire_time = StringAt(*spec, {"acquireTime"}),
          .renew_time = StringAt(*spec, {"renewTime"}),
          .transitions = NumberAt(*spec, "leaseTransitions")};
}

Json EncodeLeaseSpec(const LeaseRecord& record) {
  return {{"holderIdentity", record.holder},
          {"leaseDurationSeconds", record.duration.count()},
          {"acquireTime", record.acquire_time},
          {"renewTime", record.renew_time},
          {"leaseTransitions", record.transitions}};
}

Claim DecideClaim(const LeaseRecord& record, MonotonicTime unchanged_since, MonotonicTime now,
                  const std::string& identity) {
  if (record.holder == identity) {
    return Claim::kRenew;
  }
  const bool valid = !record.holder.empty() && now < unchanged_since + record.duration;
  return valid ? Claim::kWait : Claim::kTake;
}

LeaseRecord MakeClaim(const std::optional<LeaseRecord>& old, const std::string& identity,
                      std::chrono::milliseconds duration, WallTime now) {
  const std::string time = FormatMicroTime(now);
  LeaseRecord claim{.holder = identity,
                    .duration = std::max(std::chrono::ceil<std::chrono::seconds>(duration),
                                         std::chrono::seconds(1)),
                    .acquire_time = time,
                    .renew_time = time};
  if (!old) {
    return claim;
  }
  if (old->holder == identity) {
    claim.acquire_time = old->acquire_time.empty() ? time : old->acquire_time;
    claim.transitions = old->transitions;
  } else {
    claim.transitions = old->transitions + 1;
  }
  return claim;
}

LeaseRecord MakeRelease(const LeaseRecord& old, WallTime now) {
  const std::string time = FormatMicroTime(now);
  return {.duration = std::chrono::seconds(1),
          .acquire_time = time,
          .renew_time = time,
          .transitions = old.transitions};
}

}  // namespace tenantry::kube
