#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "common/api/data_store.h"
#include "common/api/protocol.h"
#include "common/base/clock.h"
#include "operator/plan/requeue.h"
#include "operator/plan/tenant_status.h"

namespace tenantry::plan {

struct StoreObserved {
  api::DataStore store;
  std::optional<Error> blocked;          // a Secret or a key of it is missing
  std::optional<api::StoreSpec> access;  // unless `blocked`
  std::int64_t tenants = 0;              // that refer to it
};

struct StoreMemory {
  std::optional<MonotonicTime> last_check;
  std::string checked;  // fingerprint of spec and Secrets' versions
  std::int64_t checks = 0;
};

// What the agents said in this pass.
struct StoreOutcome {
  std::optional<Error> error;  // of the check
  std::optional<api::TaskReport> task;
  std::optional<api::StoreResult> result;
  bool agents_asked = false;
  std::int64_t agents_ready = 0;
  std::optional<Error> agent_error;  // of an agent that does not answer
};

struct StorePlan {
  bool add_finalizer = false;
  bool remove_finalizer = false;
  std::optional<api::TaskRequest> task;
  std::optional<Error> refused;
};

struct StoreSettings {
  std::chrono::seconds drift_interval{600};
  std::string process_id;
};

// Pure. `versions`: what the check depends on beside the spec (resourceVersions of Secrets).
StorePlan MakeStorePlan(const StoreObserved& observed, const StoreMemory& memory,
                        const StoreSettings& settings, const std::string& versions,
                        MonotonicTime monotonic);
std::string StoreFingerprint(const StoreObserved& observed, const std::string& versions);

struct StoreSummary {
  api::DataStoreStatus status;
  std::vector<EventNote> events;
  Requeue requeue;
};

// Pure.
StoreSummary SummarizeStore(const StoreObserved& observed, const StorePlan& plan,
                            const StoreOutcome& outcome, const StoreSettings& settings,
                            WallTime now);

}  // namespace tenantry::plan
