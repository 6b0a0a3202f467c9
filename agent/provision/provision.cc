#include "agent/provision/provision.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "agent/provision/apply.h"
#include "agent/provision/catalogue.h"
#include "agent/provision/observe.h"
#include "agent/provision/ownership.h"
#include "agent/provision/plan.h"
#include "agent/provision/redis_tenant.h"
#include "agent/provision/usage.h"
#include "common/api/reasons.h"

namespace tenantry::agent {
namespace {

// A plan brings the next one into sight: roles and database; schema and migrations; tables. The
// fourth is empty, the rest is for what changes meanwhile.
constexpr int kMostRounds = 6;

std::string HostPort(const api::PostgresAccess& access) {
  return access.host + ":" + std::to_string(access.port);
}

std::string NewestVersion(const ObservedStorage& observed) {
  int newest = 0;
  for (const AppliedMigration& applied : observed.applied) {
    newest = std::max(newest, applied.version);
  }
  return newest == 0 ? "" : std::to_string(newest);
}

// A storage that is as it should be, with what was done for it.
struct Settled {
  ObservedStorage observed;
  std::unique_ptr<postgres::Connection> login;
  std::vector<std::string> changes;
};

// Tells everything, but of a schema that was just made only the outlines.
std::vector<std::string> Summarize(const std::vector<Step>& steps,
                                   const std::vector<Migration>& migrations, bool made_anew) {
  std::vector<std::string> changes;
  for (const Step& step : steps) {
    if (!made_anew || step.weight == Weight::kMajor) {
      changes.push_back(step.change);
    }
  }
  for (const Migration& migration : migrations) {
    changes.push_back("Applied migration " + migration.name + ".");
  }
  return changes;
}

Error NotSettled(const StoragePlan& plan, const ObservedStorage& observed) {
  for (const auto& [role, state] : observed.logins) {
    if (state == LoginState::kRefused) {
      return {ErrorCode::kInvalid,
              "Role " + role +
                  " has its password, but cannot log in: " + observed.login_refusals.at(role),
              api::reason::kCredentialsRefused};
    }
  }
  return {ErrorCode::kInvalid,
          DescribeDrift(plan).front() +
              " It was put right, but does not stay so. Check that the DataStore's admin owns the "
              "database and that nobody else changes the tenant's objects.",
          api::reason::kFailed};
}

Result<Settled> Settle(AdminSessions& sessions, const DesiredStorage& desired,
                       TaskContext& context) {
  std::vector<Step> done;
  std::vector<Migration> migrated;
  bool made_anew = false;
  for (int round = 0;; ++round) {
    TRY(sessions.OpenTables(desired.names));
    if (sessions.tables() != nullptr && desired.names.has_own_database()) {
      TRY(EnsureCatalogue(*sessions.tables()));
    }
    ObservedStorage observed = TRY(ObserveStorage(sessions, desired));
    CheckedLogins logins = TRY(CheckLogins(sessions, desired, observed));
    observed.logins = std::move(logins.states);
    observed.login_refusals = std::move(logins.refusals);
    const StoragePlan plan = TRY(MakePlan(desired, observed));
    if (plan.empty()) {
      return Settled{std::move(observed), std::move(logins.session),
                     Summarize(done, migrated, made_anew)};
    }
    if (round == kMostRounds) {
      return NotSettled(plan, observed);
    }
    made_anew = made_anew || (observed.database && !observed.schema_owner);
    TRY(ApplyPlan(sessions, desired.names, plan));
    done.insert(done.end(), plan.steps.begin(), plan.steps.end());
    migrated.insert(migrated.end(), plan.migrations.begin(), plan.migrations.end());
    context.ReportProgress(
        {.done = static_cast<std::int64_t>(done.size() + migrated.size()), .unit = "steps"});
  }
}

Result<void> ClaimTenant(AdminSessions& sessions, const DesiredStorage& desired,
                         const ObservedStorage& observed, const api::TenantStorageSpec& spec) {
  const Claim claim =
      TRY(DecideClaim(desired, observed, spec.adopt ? Adoption::kAllowed : Adoption::kRefused));
  if (claim == Claim::kOurs) {
    return {};
  }
  TRY(EnterTenant(sessions.store(), desired));
  if (claim == Claim::kNew) {
    return {};
  }
  const std::string before = observed.row ? "Tenant " + observed.row->owner : "nobody";
  return WriteAudit(sessions.store(), desired.names.id, "Adopt",
                    {desired.owner + " took the tenant over from " + before + "."});
}

// Remembers that a Provision has come to its end, and what it did. Writes nothing for nothing.
Result<void> Remember(AdminSessions& sessions, const DesiredStorage& desired,
                      const Settled& settled) {
  const bool was_provisioned = settled.observed.row && settled.observed.row->provisioned;
  if (was_provisioned && settled.changes.empty()) {
    return {};
  }
  TRY(sessions.store().Execute(
      "UPDATE tenantry.tenants SET provisioned_at = now() WHERE tenant_id = $1",
      {desired.names.id.value()}));
  return WriteAudit(sessions.store(), desired.names.id, "Provision", settled.changes);
}

Result<std::vector<std::string>> ProvisionCache(AdminSessions& sessions,
                                                const DesiredStorage& desired,
                                                const api::TenantStorageSpec& spec,
                                                const ObservedStorage& observed) {
  if (!spec.redis) {
    return std::vector<std::string>();
  }
  const auto redis = TRY(redis::Connection::Open(*spec.redis));
  const RedisMemory memory = {observed.row->redis_rules, observed.row->redis_commands};
  RedisChange change = TRY(ProvisionRedis(*redis, desired.names.id, spec.redis_passwords, memory));
  if (change.memory != memory) {
    TRY(sessions.store().Execute(
        "UPDATE tenantry.tenants SET redis_rules = $2, redis_commands = $3 WHERE tenant_id = $1",
        {desired.names.id.value(), change.memory.rules, change.memory.commands}));
  }
  TRY(WriteAudit(sessions.store(), desired.names.id, "Provision", change.changes));
  return std::move(change.changes);
}

struct Provisioned {
  api::ProvisionResult result;
  std::optional<Error> cache_error;
};

Result<Provisioned> ProvisionOrFail(const api::TenantId& id, const api::TenantStorageSpec& spec,
                                    const ProvisionOptions& options, TaskContext& context) {
  DesiredStorage desired = TRY(MakeDesired(id, spec));
  for (const auto& [role, password] : desired.logins) {
    if (password) {
      desired.verifiers[role] = postgres::ScramVerifier(*password);
    }
  }
  AdminSessions sessions =
      TRY(AdminSessions::Open(spec.postgres, options.application, context.stop()));
  TRY(LockTenant(sessions.store(), id));
  if (desired.names.is_shared()) {
    TRY(LockSharedSchema(sessions.store(), desired.names.schema));
  }
  const ObservedStorage first = TRY(ObserveStorage(sessions, desired));
  TRY(CheckAdminRights(desired.names, first, HostPort(spec.postgres)));
  TRY(EnsureCatalogue(sessions.store()));
  TRY(ClaimTenant(sessions, desired, first, spec));
  Settled settled = TRY(Settle(sessions, desired, context));
  TRY(Remember(sessions, desired, settled));

  Provisioned provisioned;
  api::ProvisionResult& result = provisioned.result;
  result.database = desired.names.database;
  result.schema = desired.names.schema;
  result.schema_version = NewestVersion(settled.observed);
  result.incarnation = settled.observed.tables_row->incarnation;
  result.changes = std::move(settled.changes);
  result.usage = MeasureUsage(sessions, desired.names, settled.login.get());
  auto cache = ProvisionCache(sessions, desired, spec, settled.observed);
  if (!cache) {
    provisioned.cache_error = std::move(cache).error();
    return provisioned;
  }
  result.changes.insert(result.changes.end(), cache->begin(), cache->end());
  return provisioned;
}

struct Compared {
  api::ObserveResult result;
  std::optional<Error> cache_error;
};

Result<std::vector<std::string>> CompareCache(const api::TenantId& id,
                                              const api::TenantStorageSpec& spec,
                                              const ObservedStorage& observed) {
  if (!spec.redis) {
    return std::vector<std::string>();
  }
  const auto redis = TRY(redis::Connection::Open(*spec.redis));
  const RedisUserState state = TRY(ObserveRedisUser(*redis, id));
  const RedisMemory memory =
      observed.row ? RedisMemory{observed.row->redis_rules, observed.row->redis_commands}
                   : RedisMemory{};
  return CompareRedisUser(id, state, spec.redis_passwords, memory);
}

Result<Compared> CompareOrFail(const api::TenantId& id, const api::TenantStorageSpec& spec,
                               const ProvisionOptions& options, TaskContext& context) {
  const DesiredStorage desired = TRY(MakeDesired(id, spec));
  AdminSessions sessions =
      TRY(AdminSessions::Open(spec.postgres, options.application, context.stop()));
  ObservedStorage observed = TRY(ObserveStorage(sessions, desired));
  TRY(DecideClaim(desired, observed, spec.adopt ? Adoption::kAllowed : Adoption::kRefused));
  CheckedLogins logins = TRY(CheckLogins(sessions, desired, observed));
  observed.logins = std::move(logins.states);
  observed.login_refusals = std::move(logins.refusals);

  Compared compared;
  const StoragePlan plan = TRY(MakePlan(desired, observed));
  compared.result.drift = DescribeDrift(plan);
  compared.result.schema_version = NewestVersion(observed);
  compared.result.incarnation = observed.tables_row ? observed.tables_row->incarnation : "";
  compared.result.usage = MeasureUsage(sessions, desired.names, logins.session.get());
  const auto cache = CompareCache(id, spec, observed);
  if (!cache) {
    compared.cache_error = cache.error();
    return compared;
  }
  compared.result.drift.insert(compared.result.drift.end(), cache->begin(), cache->end());
  return compared;
}

}  // namespace

Partial<api::ProvisionResult> Provision(const api::TenantId& id, const api::TenantStorageSpec& spec,
                                        const ProvisionOptions& options, TaskContext& context) {
  Result<Provisioned> done = ProvisionOrFail(id, spec, options, context);
  if (!done) {
    return {{}, std::move(done).error()};
  }
  return {std::move(done->result), std::move(done->cache_error)};
}

Partial<api::ObserveResult> Observe(const api::TenantId& id, const api::TenantStorageSpec& spec,
                                    const ProvisionOptions& options, TaskContext& context) {
  Result<Compared> done = CompareOrFail(id, spec, options, context);
  if (!done) {
    return {{}, std::move(done).error()};
  }
  return {std::move(done->result), std::move(done->cache_error)};
}

}  // namespace tenantry::agent
