#include "operator/reconcile/tenant_observe.h"

#include <algorithm>
#include <utility>

#include "common/api/reasons.h"
#include "common/base/fingerprint.h"
#include "operator/plan/fixture_plan.h"

namespace tenantry::reconcile {
namespace {

namespace reason = api::reason;
using api::Tenant;
using plan::TenantObserved;

Error StoreDeleting(const Tenant& tenant) {
  return {ErrorCode::kUnavailable,
          "DataStore " + ToString(StoreKey(tenant)) +
              " is being deleted. spec.dataStoreRef refers to it.",
          reason::kDependencyNotReady};
}

Error StoreMissing(const Tenant& tenant, const Scope& scope) {
  return {ErrorCode::kUnavailable,
          "DataStore " + ToString(StoreKey(tenant)) +
              (scope.is_whole_cluster() ? " does not exist. Create it."
                                        : " does not exist, or this operator does not watch it "
                                          "(--watch-namespaces, --watch-label-selector). Create "
                                          "it there.") +
              " spec.dataStoreRef refers to it.",
          reason::kDependencyNotReady};
}

Error AcrossNamespaces(const Tenant& tenant) {
  return {ErrorCode::kInvalid,
          "spec.dataStoreRef refers to namespace " + tenant.spec.data_store_namespace.value() +
              ", and this operator runs with --no-cross-namespace-refs. Create this Tenant anew "
              "with a DataStore of its own namespace.",
          reason::kInvalidSpec};
}

Error NotAllowed(const Tenant& tenant) {
  return {ErrorCode::kInvalid,
          "DataStore " + ToString(StoreKey(tenant)) + " does not take tenants from namespace " +
              tenant.meta.ns.value() + ". Extend its spec.allowedNamespaces.",
          reason::kDependencyNotReady};
}

Error Rival(const Tenant& tenant, const api::ObjectKey& rival) {
  return {ErrorCode::kInvalid,
          "tenantID \"" + api::EffectiveTenantId(tenant).value() + "\" belongs to Tenant " +
              ToString(rival) + " in DataStore " + ToString(StoreKey(tenant)) +
              ". Create this Tenant anew with another spec.tenantID.",
          reason::kOwnershipConflict};
}

Error InvalidId(const Tenant& tenant) {
  return {
      ErrorCode::kInvalid,
      "\"" + api::EffectiveTenantId(tenant).value() +
          "\" is not a tenant ID (a letter, then letters, digits or _; at most 40, lower case). "
          "Set spec.tenantID.",
      reason::kInvalidSpec};
}

Result<bool> IsAllowed(References& references, const api::DataStore& store, const Tenant& tenant) {
  switch (store.spec.allowed_from) {
    case api::AllowedNamespaces::kAll:
      return true;
    case api::AllowedNamespaces::kSame:
      return store.meta.ns == tenant.meta.ns;
    case api::AllowedNamespaces::kSelector:
      break;
  }
  const auto labels = TRY(references.ReadNamespaceLabels(tenant.meta.ns));
  return std::all_of(store.spec.allowed_labels.begin(), store.spec.allowed_labels.end(),
                     [&](const auto& wanted) {
                       const auto found = labels.find(wanted.first);
                       return found != labels.end() && found->second == wanted.second;
                     });
}

// An error that is about this Tenant's spec and its surroundings stands in its way; an API server
// that does not answer ends the pass.
bool StandsInTheWay(const Error& error) { return error.code == ErrorCode::kInvalid; }

Result<void> ObserveStore(const Services& services, TenantObserved* observed) {
  const Tenant& tenant = observed->tenant;
  const auto store = services.world.stores.Get(StoreKey(tenant));
  observed->store_exists = store != nullptr;
  if (services.scope.store_refs == Scope::StoreRefs::kOwnNamespace && !tenant.meta.deleting() &&
      StoreKey(tenant).ns != tenant.meta.ns) {
    observed->blocked = AcrossNamespaces(tenant);
    return {};
  }
  if (!store) {
    observed->blocked = StoreMissing(tenant, services.scope);
    return {};
  }
  if (store->meta.deleting() && !tenant.meta.deleting()) {
    observed->blocked = StoreDeleting(tenant);
    return {};
  }
  if (!tenant.meta.deleting()) {
    if (!TRY(IsAllowed(services.references, *store, tenant))) {
      observed->blocked = NotAllowed(tenant);
      return {};
    }
    if (const auto rival = RivalOf(services.world, tenant)) {
      observed->blocked = Rival(tenant, *rival);
      return {};
    }
  }
  Result<References::StoreCredentials> credentials = services.references.ReadStore(*store);
  if (!credentials && StandsInTheWay(credentials.error())) {
    observed->blocked = std::move(credentials).error();
    return {};
  }
  observed->store = TRY(std::move(credentials)).access;
  return {};
}

}  // namespace

Result<TenantObserved> ObserveTenant(const Services& services, const Tenant& tenant) {
  TenantObserved observed{.tenant = tenant};
  if (!api::IsValidTenantId(api::EffectiveTenantId(tenant))) {
    observed.blocked = InvalidId(tenant);
    return observed;
  }
  TRY(ObserveStore(services, &observed));
  const api::Namespace& ns = tenant.meta.ns;
  References& references = services.references;
  observed.binding = TRY(references.FindOwnSecret({ns, plan::BindingName(tenant)}));
  observed.cache_binding = TRY(references.FindOwnSecret({ns, plan::CacheBindingName(tenant)}));
  observed.config = TRY(references.FindOwnConfigMap({ns, plan::ConfigName(tenant)}));
  observed.running_load = services.running_loads.AnyFor(tenant.meta.key());
  if (tenant.meta.deleting() || observed.blocked) {
    return observed;
  }
  Result<api::EffectiveTenant> effective = api::MakeEffectiveTenant(services.tiers, tenant);
  if (!effective) {
    observed.blocked = std::move(effective).error();
    observed.blocked->reason = reason::kInvalidSpec;
    return observed;
  }
  observed.effective = *std::move(effective);
  if (!tenant.spec.schema.config_map.empty()) {
    Result<std::vector<api::MigrationFile>> migrations =
        services.references.ReadMigrations(ns, tenant.spec.schema.config_map);
    if (!migrations && StandsInTheWay(migrations.error())) {
      observed.blocked = std::move(migrations).error();
      return observed;
    }
    observed.migrations = TRY(std::move(migrations));
  }
  for (const auto& set : SetsOf(services.world, tenant.meta)) {
    if (!set->meta.deleting()) {
      ++observed.fixture_sets;
      observed.fixture_sets_loaded += plan::IsLoaded(*set, tenant.meta.name) ? 1 : 0;
    }
  }
  return observed;
}

std::string PassInputs(const Services& services, const Tenant& tenant) {
  const auto store = services.world.stores.Get(StoreKey(tenant));
  const bool tells_by_itself = tenant.spec.schema.config_map.empty() && store != nullptr &&
                               store->spec.allowed_from != api::AllowedNamespaces::kSelector;
  if (!tells_by_itself || tenant.meta.deleting() || store->meta.deleting() ||
      RivalOf(services.world, tenant)) {
    return "";
  }
  const auto credentials = services.references.ReadStore(*store);
  if (!credentials) {
    return "";
  }
  std::string inputs = tenant.meta.resource_version + "/" + store->meta.uid.value() + "/" +
                       std::to_string(store->meta.generation) + "/" + credentials->versions;
  const auto add = [&](Reference reference, const api::Name& name) {
    inputs += "/" + services.index.VersionOf(reference, {tenant.meta.ns, name}).value_or("-");
  };
  add(Reference::kSecret, plan::BindingName(tenant));
  add(Reference::kSecret, plan::CacheBindingName(tenant));
  add(Reference::kConfigMap, plan::ConfigName(tenant));
  for (const auto& set : SetsOf(services.world, tenant.meta)) {
    inputs += "/" + set->meta.uid.value() + (set->meta.deleting() ? "-" : "+") +
              (plan::IsLoaded(*set, tenant.meta.name) ? "loaded" : "");
  }
  return Fingerprint(inputs);
}

}  // namespace tenantry::reconcile
