#pragma once

#include <chrono>
#include <map>
#include <optional>
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

namespace tenantry::reconcile {

// Reads the Secrets and ConfigMaps that our objects refer to. Errors name the object, the key and
// who needs it. The Secrets of a DataStore are remembered for two seconds, because a thousand of
// its tenants may ask within one. Thread-safe.
class References {
 public:
  References(kube::Client& kube, const Clock& clock) : kube_(kube), clock_(clock) {}

  struct StoreCredentials {
    plan::StoreAccess access;
    std::string versions;  // resourceVersions of all that was read
  };
  Result<StoreCredentials> ReadStore(const api::DataStore& store);

  Result<std::optional<plan::Existing<plan::SecretObject>>> FindSecret(const api::Namespace& ns,
                                                                       const api::Name& name);
  Result<std::optional<plan::Existing<plan::ConfigMapObject>>> FindConfigMap(
      const api::Namespace& ns, const api::Name& name);
  // kInvalid with reason ConfigMapNotFound when there is none.
  Result<std::vector<api::MigrationFile>> ReadMigrations(const api::Namespace& ns,
                                                         const std::string& config_map);
  // The datasets with the text of their ConfigMaps in place of the reference.
  Result<std::vector<api::LoadDataset>> ReadDatasets(const api::FixtureSet& set);
  // The Secret has changed: the next reader asks for it.
  void Forget(const api::ObjectKey& secret);

  // Labels of a namespace.
  Result<std::map<std::string, std::string>> ReadNamespaceLabels(const api::Namespace& ns);

 private:
  struct Remembered {
    plan::Existing<plan::SecretObject> secret;
    MonotonicTime until;
  };

  Result<plan::Existing<plan::SecretObject>> ReadSecret(const api::ObjectKey& key,
                                                        const std::string& needed_by);

  kube::Client& kube_;
  const Clock& clock_;
  Mutex mutex_;
  std::map<api::ObjectKey, Remembered> remembered_ GUARDED_BY(mutex_);
};

}  // namespace tenantry::reconcile
