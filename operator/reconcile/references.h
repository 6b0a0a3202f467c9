#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/api/data_store.h"
#include "common/api/fixture_set.h"
#include "common/api/protocol.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "operator/kube/client.h"
#include "operator/plan/objects.h"
#include "operator/plan/tenant_plan.h"
#include "operator/reconcile/content_cache.h"
#include "operator/reconcile/reference_index.h"

namespace tenantry::reconcile {

// Reads the Secrets and ConfigMaps that our objects refer to. Errors name the object, the key and
// who needs it. What was read or written is remembered for a short while, unless the watch has told
// of a newer version: a thousand tenants of a DataStore may ask for its Secret within a second, and
// a tenant's own objects are looked at in each of its passes. Thread-safe.
class References {
 public:
  References(kube::Client& kube, ReferenceIndex& index, const Clock& clock)
      : kube_(kube), index_(index), clock_(clock) {}

  struct StoreCredentials {
    plan::StoreAccess access;
    std::string versions;  // resourceVersions of all that was read
  };
  Result<StoreCredentials> ReadStore(const api::DataStore& store);

  using Secret = plan::Existing<plan::SecretObject>;
  using ConfigMap = plan::Existing<plan::ConfigMapObject>;

  // What the operator makes for a Tenant. When its watch knows of none, there is none: the API
  // server is not asked, and a foreign object of that name shows when ours is created.
  Result<std::optional<Secret>> FindOwnSecret(const api::ObjectKey& key);
  Result<std::optional<ConfigMap>> FindOwnConfigMap(const api::ObjectKey& key);
  // What an own write came to. `mark` is of before the write.
  void Written(const api::ObjectMeta& meta, const Secret& secret, ReferenceIndex::Mark mark);
  void Written(const api::ObjectMeta& meta, const ConfigMap& map, ReferenceIndex::Mark mark);
  // An object of that name exists that its watch does not know of: it is asked for from now on.
  void FoundForeign(Reference reference, const api::ObjectKey& key);

  // kInvalid with reason ConfigMapNotFound when there is none.
  Result<std::vector<api::MigrationFile>> ReadMigrations(const api::Namespace& ns,
                                                         const std::string& config_map);
  // The datasets with the text of their ConfigMaps in place of the reference.
  Result<std::vector<api::LoadDataset>> ReadDatasets(const api::FixtureSet& set);
  // The object has changed: the next reader asks for it.
  void Forget(Reference reference, const api::ObjectKey& key);

  // Labels of a namespace.
  Result<std::map<std::string, std::string>> ReadNamespaceLabels(const api::Namespace& ns);

 private:
  template <class Object>
  using Found = Result<std::optional<plan::Existing<Object>>>;

  Found<plan::SecretObject> GetSecret(const api::ObjectKey& key);
  Found<plan::ConfigMapObject> GetConfigMap(const api::ObjectKey& key);
  Result<Secret> ReadSecret(const api::ObjectKey& key, const std::string& needed_by);
  // `get` asks the API server.
  template <class Object>
  Found<Object> FindOwn(Reference reference, const api::ObjectKey& key, ContentCache<Object>& cache,
                        Found<Object> (References::*get)(const api::ObjectKey&));
  bool IsForeign(Reference reference, const api::ObjectKey& key);

  kube::Client& kube_;
  ReferenceIndex& index_;
  const Clock& clock_;
  ContentCache<plan::SecretObject> secrets_;
  ContentCache<plan::ConfigMapObject> config_maps_;
  Mutex mutex_;
  std::set<std::pair<Reference, api::ObjectKey>> foreign_ GUARDED_BY(mutex_);
};

}  // namespace tenantry::reconcile
