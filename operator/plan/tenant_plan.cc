#include "operator/plan/tenant_plan.h"

#include <algorithm>
#include <utility>

#include "common/api/protocol_codec.h"
#include "common/api/reasons.h"
#include "common/base/fingerprint.h"

namespace tenantry::plan {
namespace {

namespace reason = api::reason;
using api::Tenant;

std::vector<api::Login> Logins(const TenantObserved& observed, const TenantMemory& memory,
                               const Credentials& current,
                               const std::optional<Rotation>& rotation) {
  const api::TenantId id = api::EffectiveTenantId(observed.tenant);
  std::vector<api::Login> logins{{.role = current.username, .password = current.password}};
  if (memory.rotation) {
    const Credentials& next = memory.rotation->credentials;
    logins.push_back({.role = next.username, .password = next.password});
  } else if (rotation && rotation->previous_username == OtherAppRole(id, current.username)) {
    logins.push_back({.role = rotation->previous_username, .password = std::nullopt});
  }
  return logins;
}

std::vector<Secret> CachePasswords(const TenantMemory& memory, const Credentials& current,
                                   const std::optional<Rotation>& rotation) {
  std::vector<Secret> passwords{current.cache_password};
  if (memory.rotation) {
    passwords.push_back(memory.rotation->credentials.cache_password);
  } else if (rotation && !rotation->previous_cache_password.empty()) {
    passwords.push_back(rotation->previous_cache_password);
  }
  return passwords;
}

api::TenantStorageSpec StorageSpec(const TenantObserved& observed, const TenantMemory& memory,
                                   const Credentials& current,
                                   const std::optional<Rotation>& rotation) {
  const Tenant& tenant = observed.tenant;
  const api::SchemaSource& schema = tenant.spec.schema;
  api::TenantStorageSpec spec{.postgres = observed.store->postgres,
                              .redis = observed.store->redis,
                              .owner_uid = tenant.meta.uid.value(),
                              .owner = ToString(tenant.meta.key()),
                              .adopt = tenant.meta.Annotation(api::kAdoptAnnotation) == "true",
                              .isolation = tenant.spec.isolation,
                              .template_name = schema.template_name,
                              .schema_name = api::SharedSchemaName(schema),
                              .migrations = observed.migrations,
                              .version = schema.version,
                              .logins = Logins(observed, memory, current, rotation),
                              .connection_limit = observed.effective.limits.connections,
                              .config_json = observed.effective.config_json};
  if (spec.redis) {
    spec.redis_passwords = CachePasswords(memory, current, rotation);
  }
  return spec;
}

// Everything that a Provision depends on but the passwords: those are checked by logging in.
// The order of logins does not matter, so that publishing a rotation changes nothing.
std::string ProvisionHash(api::TenantStorageSpec spec) {
  spec.postgres.password = Secret();
  if (spec.redis) {
    spec.redis->password = Secret();
  }
  for (api::Login& login : spec.logins) {
    login.password = std::nullopt;
  }
  std::sort(spec.logins.begin(), spec.logins.end(),
            [](const api::Login& a, const api::Login& b) { return a.role < b.role; });
  spec.redis_passwords.clear();
  return Fingerprint(api::Encode(spec));
}

template <class Object>
bool IsOurs(const std::optional<Existing<Object>>& existing, const Tenant& tenant) {
  return existing && existing->object.ownership.tenant == tenant.meta.name;
}

template <class Object>
std::optional<Error> ForeignObject(const std::optional<Existing<Object>>& existing,
                                   const Tenant& tenant, const std::string& kind) {
  if (!existing || IsOurs(existing, tenant)) {
    return std::nullopt;
  }
  const std::string name = existing->object.name.value();
  return Error{ErrorCode::kInvalid,
               kind + " " + name + " exists and was not made by Tenantry, but Tenant " +
                   tenant.meta.name.value() + " needs that name. Rename or delete it.",
               reason::kOwnershipConflict};
}

std::optional<Error> AnyForeignObject(const TenantObserved& observed) {
  if (auto error = ForeignObject(observed.binding, observed.tenant, "Secret")) {
    return error;
  }
  if (observed.store->redis) {
    if (auto error = ForeignObject(observed.cache_binding, observed.tenant, "Secret")) {
      return error;
    }
  }
  return ForeignObject(observed.config, observed.tenant, "ConfigMap");
}

template <class Object>
std::optional<Object> ObjectOf(const std::optional<Existing<Object>>& existing) {
  return existing ? std::optional(OurPart(existing->object)) : std::nullopt;
}

void AddFixes(const TenantObserved& observed, const Credentials& credentials,
              const std::optional<Rotation>& rotation, std::vector<Action>* actions) {
  const Tenant& tenant = observed.tenant;
  const BindingTarget target = TargetOf(tenant, *observed.store);
  const SecretObject binding = DesiredBinding(tenant, target, credentials, rotation);
  if (ObjectOf(observed.binding) != binding) {
    actions->push_back(ApplySecret{binding});
  }
  if (target.redis) {
    const SecretObject cache = DesiredCacheBinding(tenant, target, credentials, rotation);
    if (ObjectOf(observed.cache_binding) != cache) {
      actions->push_back(ApplySecret{cache});
    }
  } else if (IsOurs(observed.cache_binding, tenant)) {
    actions->push_back(DeleteSecret{CacheBindingName(tenant)});
  }
  const ConfigMapObject config = DesiredConfig(tenant, observed.effective.config_json);
  if (ObjectOf(observed.config) != config) {
    actions->push_back(ApplyConfigMap{config});
  }
}

api::TaskRequest MakeTask(const Tenant& tenant, api::TaskKind kind, const std::string& step,
                          std::string spec_json) {
  return {.id = TaskId(tenant.meta, step),
          .kind = kind,
          .tenant = api::EffectiveTenantId(tenant),
          .spec_json = std::move(spec_json)};
}

// Of this very Tenant: when the answer to the end of its release was lost, one of the same name may
// have taken its place before we know.
template <class Object>
bool IsOwn(const std::optional<Existing<Object>>& existing, const Tenant& tenant) {
  const auto is_owner = [&](const api::Uid& uid) {
    return uid.value().empty() || uid == tenant.meta.uid;
  };
  return IsOurs(existing, tenant) && is_owner(existing->object.ownership.tenant_uid);
}

std::vector<Action> ReleaseActions(const TenantObserved& observed) {
  std::vector<Action> actions;
  const Tenant& tenant = observed.tenant;
  if (IsOwn(observed.binding, tenant)) {
    actions.push_back(DeleteSecret{BindingName(tenant)});
  }
  if (IsOwn(observed.cache_binding, tenant)) {
    actions.push_back(DeleteSecret{CacheBindingName(tenant)});
  }
  if (IsOwn(observed.config, tenant)) {
    actions.push_back(DeleteConfigMap{ConfigName(tenant)});
  }
  actions.push_back(RemoveFinalizer{api::kTenantFinalizer});
  return actions;
}

Error Blocked(const std::string& why) {
  return {ErrorCode::kUnavailable,
          why + " To give the Tenant up without cleaning up, annotate it with " +
              api::kForceFinalizeAnnotation + "=true.",
          reason::kFinalizerBlocked};
}

TenantPlan MakeDeletionPlan(const TenantObserved& observed) {
  const Tenant& tenant = observed.tenant;
  TenantPlan plan;
  if (!tenant.meta.HasFinalizer(api::kTenantFinalizer)) {
    return plan;
  }
  const bool retain = tenant.spec.deletion_policy == api::DeletionPolicy::kRetain;
  const bool nothing_to_release =
      !observed.store_exists && (retain || tenant.status.provisioned_hash.empty());
  if (nothing_to_release || tenant.meta.Annotation(api::kForceFinalizeAnnotation) == "true") {
    plan.after = ReleaseActions(observed);
    return plan;
  }
  if (!observed.running_load.empty()) {
    plan.refused = Error{ErrorCode::kUnavailable,
                         "FixtureSet " + observed.running_load +
                             " is loading; the deletion goes on when that has ended.",
                         reason::kFinalizerBlocked};
    return plan;
  }
  if (observed.blocked) {
    plan.refused = Blocked("The tenant's data cannot be released: " + observed.blocked->message);
    return plan;
  }
  const api::DeprovisionSpec spec{.postgres = observed.store->postgres,
                                  .redis = observed.store->redis,
                                  .owner_uid = tenant.meta.uid.value(),
                                  .isolation = tenant.spec.isolation,
                                  .schema_name = api::SharedSchemaName(tenant.spec.schema),
                                  .policy = tenant.spec.deletion_policy};
  plan.task = MakeTask(tenant, api::TaskKind::kDeprovision, "deprovision", api::Encode(spec));
  plan.after = ReleaseActions(observed);
  return plan;
}

bool CheckIsDue(const TenantObserved& observed, const TenantMemory& memory,
                const TenantSettings& settings, MonotonicTime monotonic) {
  const Tenant& tenant = observed.tenant;
  return NextCheck(tenant, memory, settings, monotonic) <= monotonic ||
         memory.checked_inputs != CheckInputs(observed) ||
         tenant.meta.Annotation(api::kRequestedAtAnnotation) !=
             tenant.status.last_handled_reconcile_at;
}

}  // namespace

std::string TaskId(const api::ObjectMeta& meta, const std::string& step) {
  return meta.uid.value() + "-" + std::to_string(meta.generation) + "-" + step;
}

BindingTarget TargetOf(const Tenant& tenant, const StoreAccess& store) {
  const api::TenantId id = api::EffectiveTenantId(tenant);
  BindingTarget target{.postgres = store.postgres,
                       .schema = api::SchemaName(id, tenant.spec.isolation,
                                                 api::SharedSchemaName(tenant.spec.schema)),
                       .redis = store.redis};
  target.postgres.database = api::DatabaseName(id, tenant.spec.isolation, store.postgres.database);
  return target;
}

std::string CheckInputs(const TenantObserved& observed) {
  return (observed.binding ? observed.binding->resource_version : "-") + "/" +
         (observed.cache_binding ? observed.cache_binding->resource_version : "-") + "/" +
         std::to_string(observed.fixture_sets_loaded);
}

std::string WantedRotation(const Tenant& tenant) {
  const std::string token = tenant.meta.Annotation(api::kRotateAnnotation);
  return token == tenant.status.last_handled_rotation ? "" : token;
}

MonotonicTime NextCheck(const Tenant& tenant, const TenantMemory& memory,
                        const TenantSettings& settings, MonotonicTime monotonic) {
  const bool provisioned = !tenant.status.provisioned_hash.empty();
  if (!provisioned || !memory.last_check) {
    return monotonic;
  }
  return *memory.last_check + settings.drift_interval;
}

TenantPlan MakeTenantPlan(const TenantObserved& observed, const TenantMemory& memory,
                          const TenantSettings& settings, const Credentials& fresh, WallTime now,
                          MonotonicTime monotonic) {
  const Tenant& tenant = observed.tenant;
  if (tenant.meta.deleting()) {
    return MakeDeletionPlan(observed);
  }
  TenantPlan plan;
  if (!tenant.meta.HasFinalizer(api::kTenantFinalizer) && !tenant.spec.suspend) {
    plan.before.push_back(AddFinalizer{api::kTenantFinalizer});
  }
  plan.refused = observed.blocked ? observed.blocked : AnyForeignObject(observed);
  if (plan.refused) {
    plan.before.clear();
    return plan;
  }
  const auto binding = ObjectOf(observed.binding);
  const auto cache_binding = ObjectOf(observed.cache_binding);
  const Credentials current =
      CurrentCredentials(api::EffectiveTenantId(tenant), binding, cache_binding, fresh);
  const std::optional<Rotation> rotation =
      CurrentRotation(binding, cache_binding, now, settings.rotation_overlap);
  const api::TenantStorageSpec spec = StorageSpec(observed, memory, current, rotation);
  plan.provisioned_hash = ProvisionHash(spec);
  if (tenant.spec.suspend) {
    return plan;
  }
  AddFixes(observed, current, rotation, &plan.before);

  const bool new_password = current.password == fresh.password ||
                            (spec.redis && current.cache_password == fresh.cache_password);
  if (plan.provisioned_hash != tenant.status.provisioned_hash || !memory.drift.empty() ||
      memory.rotation || memory.provisioning || new_password) {
    plan.task = MakeTask(tenant, api::TaskKind::kProvision,
                         "provision-" + plan.provisioned_hash.substr(0, 12), api::Encode(spec));
  } else if (CheckIsDue(observed, memory, settings, monotonic)) {
    plan.task = MakeTask(tenant, api::TaskKind::kObserve,
                         "observe-" + settings.process_id + "-" + std::to_string(memory.checks),
                         api::Encode(spec));
  }
  if (memory.rotation) {
    plan.rotation_token = memory.rotation->token;
    AddFixes(observed, memory.rotation->credentials,
             Rotation{.at = now,
                      .previous_username = current.username,
                      .previous_cache_password = current.cache_password},
             &plan.after);
  }
  return plan;
}

}  // namespace tenantry::plan
