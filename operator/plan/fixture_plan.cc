#include "operator/plan/fixture_plan.h"

#include <algorithm>
#include <utility>

#include "common/api/protocol_codec.h"
#include "common/api/reasons.h"
#include "common/base/fingerprint.h"

namespace tenantry::plan {
namespace {

using api::FixtureSet;
using api::FixtureTenantStatus;

const FixtureTenantStatus* StatusOf(const FixtureSet& set, const api::Name& tenant) {
  const auto found = std::find_if(
      set.status.tenants.begin(), set.status.tenants.end(),
      [&](const FixtureTenantStatus& status) { return status.name == tenant.value(); });
  return found == set.status.tenants.end() ? nullptr : &*found;
}

api::LoadSpec MakeLoadSpec(const FixtureObserved& observed, const CoveredTenant& tenant) {
  return {.postgres = tenant.postgres,
          .redis = tenant.redis,
          .schema = tenant.schema,
          .fixture_set = observed.set.meta.uid.value(),
          .track_rows = observed.set.spec.deletion_policy == api::UnloadPolicy::kUnload,
          .datasets = observed.datasets};
}

// Everything a load depends on, but credentials and where the database is.
std::string ContentHash(const FixtureObserved& observed) {
  api::LoadSpec spec;
  spec.track_rows = observed.set.spec.deletion_policy == api::UnloadPolicy::kUnload;
  spec.datasets = observed.datasets;
  return Fingerprint(api::Encode(spec));
}

bool HasVolumes(const FixtureSet& set) {
  return std::any_of(set.spec.datasets.begin(), set.spec.datasets.end(),
                     [](const api::Dataset& d) { return !d.source.volume_path.empty(); });
}

// Who is loaded first when there is not room for all. Tries of what has failed before come last, so
// that they keep nobody waiting.
enum class Turn { kRunning, kFirst, kAgain };

// Data that is wrong stays wrong until it changes. Everything else may have been mended meanwhile.
bool MayTryAgain(const FixtureSet& set, const FixtureMemory::Attempt& failed,
                 MonotonicTime monotonic) {
  if (failed.error->code != ErrorCode::kInvalid) {
    return true;
  }
  const bool may_have_changed =
      HasVolumes(set) || failed.error->reason != api::reason::kInvalidData;
  return may_have_changed && monotonic - failed.ended >= kStalledPoll;
}

// None: there is nothing to load. Files of a volume change without telling anybody: they are looked
// at again from time to time. The agent compares their hash and touches nothing when it is the
// same.
std::optional<Turn> DecideTurn(const FixtureObserved& observed, const FixtureMemory& memory,
                               const FixtureSettings& settings, const CoveredTenant& tenant,
                               const std::string& hash, MonotonicTime monotonic) {
  const FixtureSet& set = observed.set;
  const auto found = memory.attempts.find(tenant.name);
  const bool tried = found != memory.attempts.end() && found->second.hash == hash;
  if (tried && !found->second.task_id.empty()) {
    return Turn::kRunning;  // ask for it again
  }
  const std::string request = set.meta.Annotation(api::kRequestedAtAnnotation);
  const bool answered = tried && found->second.request == request;
  if (request != set.status.last_handled_reconcile_at && !answered) {
    return Turn::kFirst;
  }
  if (tried && found->second.error) {
    return MayTryAgain(set, found->second, monotonic) ? std::optional(Turn::kAgain) : std::nullopt;
  }
  const FixtureTenantStatus* status = StatusOf(set, tenant.name);
  const bool recent = tried && monotonic - found->second.ended < settings.drift_interval;
  const bool loaded = status != nullptr && status->loaded_hash == hash;
  return loaded && (recent || !HasVolumes(set)) ? std::nullopt : std::optional(Turn::kFirst);
}

TenantTask MakeLoadTask(const FixtureObserved& observed, const CoveredTenant& tenant,
                        const std::string& hash) {
  const std::string step = "load-" + tenant.name.value() + "-" + hash.substr(0, 12);
  return {.tenant = tenant.name,
          .tenant_uid = tenant.uid,
          .request = {.id = TaskId(observed.set.meta, step),
                      .kind = api::TaskKind::kLoad,
                      .tenant = tenant.id,
                      .spec_json = api::Encode(MakeLoadSpec(observed, tenant))},
          .hash = hash};
}

// The tenant's rows were taken back, as far as this process remembers: it is not done again while
// others are still at it.
bool IsUnloaded(const FixtureMemory& memory, const CoveredTenant& tenant, const std::string& hash) {
  const auto attempt = memory.attempts.find(tenant.name);
  return attempt != memory.attempts.end() && attempt->second.hash == hash &&
         attempt->second.task_id.empty() && !attempt->second.error;
}

FixturePlan MakeDeletionPlan(const FixtureObserved& observed, const FixtureMemory& memory) {
  FixturePlan plan;
  const FixtureSet& set = observed.set;
  if (!set.meta.HasFinalizer(api::kFixtureSetFinalizer)) {
    return plan;
  }
  plan.release = true;
  const bool forced = set.meta.Annotation(api::kForceFinalizeAnnotation) == "true";
  if (set.spec.deletion_policy == api::UnloadPolicy::kRetain || forced) {
    return plan;
  }
  for (const CoveredTenant& tenant : observed.tenants) {
    ++plan.unloads;
    const std::string hash = "unload/" + tenant.uid.value() + "/" + tenant.incarnation;
    if (IsUnloaded(memory, tenant, hash)) {
      continue;
    }
    if (tenant.waits_for) {
      plan.refused = Error{ErrorCode::kUnavailable,
                           "Rows cannot be unloaded from Tenant " + tenant.name.value() + " (" +
                               tenant.waits_for->message +
                               "). To leave them there, annotate the FixtureSet with " +
                               api::kForceFinalizeAnnotation + "=true.",
                           api::reason::kFinalizerBlocked};
      continue;
    }
    const api::UnloadSpec spec{.postgres = tenant.postgres,
                               .redis = tenant.redis,
                               .schema = tenant.schema,
                               .fixture_set = set.meta.uid.value()};
    plan.tasks.push_back({.tenant = tenant.name,
                          .tenant_uid = tenant.uid,
                          .request = {.id = TaskId(set.meta, "unload-" + tenant.name.value()),
                                      .kind = api::TaskKind::kUnload,
                                      .tenant = tenant.id,
                                      .spec_json = api::Encode(spec)},
                          .hash = hash});
  }
  return plan;
}

}  // namespace

bool Covers(const api::FixtureSetSpec& spec, const api::ObjectMeta& tenant) {
  if (!spec.tenant_labels) {
    return spec.tenant == tenant.name.value();
  }
  return std::all_of(spec.tenant_labels->begin(), spec.tenant_labels->end(),
                     [&](const auto& label) {
                       const auto found = tenant.labels.find(label.first);
                       return found != tenant.labels.end() && found->second == label.second;
                     });
}

bool IsLoaded(const FixtureSet& set, const api::Name& tenant) {
  const FixtureTenantStatus* status = StatusOf(set, tenant);
  return status != nullptr && !status->loaded_hash.empty() && status->message.empty() &&
         set.status.observed_generation == set.meta.generation;
}

FixturePlan MakeFixturePlan(const FixtureObserved& observed, const FixtureMemory& memory,
                            const FixtureSettings& settings, MonotonicTime monotonic) {
  const FixtureSet& set = observed.set;
  if (set.meta.deleting()) {
    return MakeDeletionPlan(observed, memory);
  }
  FixturePlan plan;
  plan.refused = observed.blocked;
  if (plan.refused || set.spec.suspend) {
    return plan;
  }
  plan.add_finalizer = !set.meta.HasFinalizer(api::kFixtureSetFinalizer);
  const std::string content = ContentHash(observed);
  std::vector<std::pair<Turn, const CoveredTenant*>> turns;
  for (const CoveredTenant& tenant : observed.tenants) {
    const std::string hash =
        Fingerprint(content + "/" + tenant.uid.value() + "/" + tenant.incarnation);
    plan.hashes.emplace(tenant.name, hash);
    if (tenant.waits_for && !tenant.leaving) {
      continue;
    }
    const auto turn = DecideTurn(observed, memory, settings, tenant, hash, monotonic);
    if (turn && (!tenant.leaving || *turn == Turn::kRunning)) {
      turns.emplace_back(*turn, &tenant);
    }
  }
  std::stable_sort(turns.begin(), turns.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  turns.resize(std::min(turns.size(), static_cast<std::size_t>(settings.max_parallel_loads)));
  for (const auto& [turn, tenant] : turns) {
    plan.tasks.push_back(MakeLoadTask(observed, *tenant, plan.hashes.at(tenant->name)));
  }
  return plan;
}

}  // namespace tenantry::plan
