#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/api/fixture_set.h"
#include "common/api/protocol.h"
#include "common/api/tenant.h"
#include "common/base/clock.h"
#include "operator/plan/requeue.h"
#include "operator/plan/tenant_status.h"

namespace tenantry::plan {

// One tenant that a FixtureSet covers, as far as loading is concerned.
struct CoveredTenant {
  api::Name name;
  api::Uid uid;
  api::TenantId id;
  std::string incarnation;         // of its storage
  std::optional<Error> waits_for;  // not ready, binding missing …: cannot be loaded now
  // It is being deleted, and waits for what runs: a load that has begun goes on to its end.
  bool leaving = false;
  api::PostgresAccess postgres;  // the tenant's own login; these three: unless it waits
  std::optional<api::RedisAccess> redis;
  std::string schema;
};

struct FixtureObserved {
  api::FixtureSet set;
  std::optional<Error> blocked;            // a ConfigMap or a key is missing, no such Tenant …
  std::vector<api::LoadDataset> datasets;  // with their content; unless `blocked`
  std::vector<CoveredTenant> tenants;      // by name
};

// What the process remembers of a FixtureSet. Losing it costs repeated (idempotent) loads.
struct FixtureMemory {
  struct Attempt {
    std::string hash;            // what was loaded, or tried
    std::string task_id;         // running; empty: ended
    std::optional<Error> error;  // how it, or the try before a running one, ended badly
    MonotonicTime ended;
    std::string request;  // tenantry.dev/requestedAt when it began
  };
  std::map<api::Name, Attempt> attempts;
};

struct FixtureSettings {
  std::chrono::seconds drift_interval{600};
  int max_parallel_loads = 8;  // of one FixtureSet
};

// One task for one tenant.
struct TenantTask {
  api::Name tenant;
  api::Uid tenant_uid;  // its agents are ranked by it
  api::TaskRequest request;
  std::string hash;

  friend bool operator==(const TenantTask&, const TenantTask&) = default;
};

struct FixturePlan {
  bool add_finalizer = false;
  std::vector<TenantTask> tasks;
  std::map<api::Name, std::string> hashes;  // of each covered tenant, as they should be loaded
  bool release = false;                     // deletion: drop the finalizer once all tasks succeeded
  int unloads = 0;                          // deletion: tenants whose rows are taken back
  std::optional<Error> refused;
};

// Pure.
FixturePlan MakeFixturePlan(const FixtureObserved& observed, const FixtureMemory& memory,
                            const FixtureSettings& settings, MonotonicTime monotonic);

// What became of one task, as last seen; `loaded` also holds the datasets before a failed one.
struct TenantTaskOutcome {
  std::optional<Error> error;
  std::optional<api::TaskReport> task;
  std::optional<api::LoadResult> loaded;
};

struct FixtureSummary {
  api::FixtureSetStatus status;
  std::vector<EventNote> events;
  Requeue requeue;
};

// Pure. `outcomes` has an entry for each task of the plan. `failed`: errors of earlier passes that
// still stand, by tenant.
FixtureSummary SummarizeFixtures(const FixtureObserved& observed, const FixtureMemory& memory,
                                 const FixturePlan& plan,
                                 const std::map<api::Name, TenantTaskOutcome>& outcomes,
                                 const FixtureSettings& settings, WallTime now);

// Whether the set covers that Tenant (of its own namespace).
bool Covers(const api::FixtureSetSpec& spec, const api::ObjectMeta& tenant);
// Whether the status says that the Tenant's data is in.
bool IsLoaded(const api::FixtureSet& set, const api::Name& tenant);

}  // namespace tenantry::plan
