#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/api/protocol.h"
#include "common/api/tenant.h"
#include "common/api/tier.h"
#include "common/base/boxed.h"
#include "common/base/clock.h"
#include "common/base/error.h"
#include "operator/plan/binding.h"
#include "operator/plan/objects.h"

namespace tenantry::plan {

// ---- what a pass looks at ----

// The DataStore that a Tenant refers to, with the credentials of its admins.
struct StoreAccess {
  api::PostgresAccess postgres;           // admin
  std::optional<api::RedisAccess> redis;  // admin
  std::string postgres_secret;            // names of the admin Secrets, for messages
  std::string redis_secret;
};

// Everything about one Tenant, read once at the start of a pass.
struct TenantObserved {
  api::Tenant tenant;
  // The first thing that stands in the way before any agent is asked: no such DataStore, namespace
  // not allowed, Secret or ConfigMap missing, another Tenant with the same ID, no such tier.
  std::optional<Error> blocked;
  bool store_exists = false;
  std::optional<StoreAccess> store;  // set unless `blocked`
  api::EffectiveTenant effective;
  std::vector<api::MigrationFile> migrations;  // of schema.configMapRef
  std::optional<Existing<SecretObject>> binding;
  std::optional<Existing<SecretObject>> cache_binding;
  std::optional<Existing<ConfigMapObject>> config;
  int fixture_sets = 0;         // that cover this tenant
  int fixture_sets_loaded = 0;  // of these, the ones whose data is in
  std::string running_load;     // name of a FixtureSet that loads right now; empty: none
};

// What the process remembers of a Tenant from pass to pass. Losing it costs one check of the
// database, never correctness.
struct TenantMemory {
  std::optional<MonotonicTime> last_check;  // of the database against the spec
  std::string checked_inputs;               // CheckInputs() at that time
  std::int64_t checks = 0;                  // numbers the Observe tasks
  std::vector<std::string> drift;           // found by the last check, not yet put right
  struct NextCredentials {
    std::string token;  // of the annotation that asked for them
    Credentials credentials;
  };
  Boxed<NextCredentials> rotation;                // running, not yet published
  bool provisioning = false;                      // a Provision was begun and has not succeeded yet
  std::optional<MonotonicTime> tell_progress_at;  // see IsSelfEvident
  std::string settled_inputs;  // PassInputs of the last pass that found nothing to do; else empty
};

struct TenantSettings {
  std::chrono::seconds drift_interval{600};
  std::chrono::seconds rotation_overlap{600};
  std::string process_id;  // of this process's run, in the IDs of Observe tasks
};

// ---- what it decides ----

struct AddFinalizer {
  std::string finalizer;
  friend bool operator==(const AddFinalizer&, const AddFinalizer&) = default;
};
struct RemoveFinalizer {
  std::string finalizer;
  friend bool operator==(const RemoveFinalizer&, const RemoveFinalizer&) = default;
};
struct ApplySecret {
  SecretObject object;
  friend bool operator==(const ApplySecret&, const ApplySecret&) = default;
};
struct ApplyConfigMap {
  ConfigMapObject object;
  friend bool operator==(const ApplyConfigMap&, const ApplyConfigMap&) = default;
};
struct DeleteSecret {
  api::Name name;
  friend bool operator==(const DeleteSecret&, const DeleteSecret&) = default;
};
struct DeleteConfigMap {
  api::Name name;
  friend bool operator==(const DeleteConfigMap&, const DeleteConfigMap&) = default;
};
using Action = std::variant<AddFinalizer, RemoveFinalizer, ApplySecret, ApplyConfigMap,
                            DeleteSecret, DeleteConfigMap>;

// What one pass does, in this order. `task` may take longer than the pass: then the pass ends, and
// another one makes the same plan when the task has ended.
struct TenantPlan {
  std::vector<Action> before;
  std::optional<api::TaskRequest> task;
  std::vector<Action> after;     // once the task has succeeded, or at once without one
  std::string provisioned_hash;  // of what a Provision task is given
  std::string rotation_token;    // handled when `after` is done; empty: no rotation
  std::optional<Error> refused;  // nothing is done, for this reason
};

// Pure. `fresh` are new random credentials, used where none exist yet.
TenantPlan MakeTenantPlan(const TenantObserved& observed, const TenantMemory& memory,
                          const TenantSettings& settings, const Credentials& fresh, WallTime now,
                          MonotonicTime monotonic);

// When the database is to be compared with the spec again.
MonotonicTime NextCheck(const api::Tenant& tenant, const TenantMemory& memory,
                        const TenantSettings& settings, MonotonicTime monotonic);

// What makes a check due when it changes: the binding Secrets (the logins are tried again) and the
// loads (the usage is measured again).
std::string CheckInputs(const TenantObserved& observed);

// The rotation that the user asks for and that is not handled yet; empty: none.
std::string WantedRotation(const api::Tenant& tenant);

// Where the tenant's own data is: the store's access with the tenant's database.
BindingTarget TargetOf(const api::Tenant& tenant, const StoreAccess& store);

// "<uid>-<generation>-<step>"
std::string TaskId(const api::ObjectMeta& meta, const std::string& step);

}  // namespace tenantry::plan
