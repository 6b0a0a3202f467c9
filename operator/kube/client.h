#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "common/api/meta.h"
#include "common/base/result.h"
#include "operator/kube/config.h"

namespace tenantry::telemetry {
class Registry;
}

namespace tenantry::kube {

using Json = nlohmann::json;

// A resource type: {"tenantry.dev", "v1alpha1", "tenants"}; the core group is "".
struct Resource {
  std::string group;
  std::string version;
  std::string plural;

  friend bool operator==(const Resource&, const Resource&) = default;
};
inline const Resource kDataStores{"tenantry.dev", "v1alpha1", "datastores"};
inline const Resource kTenants{"tenantry.dev", "v1alpha1", "tenants"};
inline const Resource kFixtureSets{"tenantry.dev", "v1alpha1", "fixturesets"};
inline const Resource kSecrets{"", "v1", "secrets"};
inline const Resource kConfigMaps{"", "v1", "configmaps"};
inline const Resource kPods{"", "v1", "pods"};
inline const Resource kNamespaces{"", "v1", "namespaces"};
inline const Resource kEvents{"events.k8s.io", "v1", "events"};
inline const Resource kLeases{"coordination.k8s.io", "v1", "leases"};

// "/api/v1/namespaces/x/secrets/name", "/apis/tenantry.dev/v1alpha1/tenants" (ns empty: all or
// cluster-scoped), with an optional subresource.
std::string ResourcePath(const Resource& resource, const api::Namespace& ns,
                         const api::Name& name = {}, const std::string& subresource = "");

struct ListOptions {
  api::Namespace ns;  // empty: all
  std::string label_selector;
  std::string field_selector;
  int page_size = 500;
  bool metadata_only = false;  // PartialObjectMetadata instead of the whole object
};

struct DeleteOptions {
  std::string uid;  // preconditions; empty: none
  std::string resource_version;
};

// Sends one object of a list or watch on. false: stop.
using ObjectSink = std::function<bool(Json object)>;

enum class WatchEventType { kAdded, kModified, kDeleted, kBookmark };
struct WatchEvent {
  WatchEventType type;
  Json object;
  std::string resource_version;
};

struct WatchOptions {
  ListOptions list;
  std::string resource_version;      // resume after this; with send_initial_events: ""
  bool send_initial_events = false;  // ends with a bookmark annotated k8s.io/initial-events-end
  std::chrono::milliseconds idle_timeout{
      90'000};  // silent for longer: broken (bookmarks come each minute)
};

// Client of the Kubernetes API. Thread-safe. Every call has a deadline; 429 and 503 with
// Retry-After are waited for and retried within it (at most three times). Errors by status: 404 →
// kNotFound · 409 → kConflict · 410 → kConflict with reason "Expired" · 400, 401, 403, 405, 413,
// 415, 422 → kInvalid (reason as the server says, e.g. "Forbidden") · 408, 429, 500, 502, 503, 504
// and no connection → kUnavailable · lost answer to a write → kOutcomeUnknown. Messages hold the
// server's own message, never a body that we sent.
class Client {
 public:
  static Result<std::unique_ptr<Client>> Make(const Config& config, telemetry::Registry& metrics);
  virtual ~Client() = default;

  virtual Result<Json> Get(const Resource& resource, const api::Namespace& ns,
                           const api::Name& name) = 0;
  // Pages through the list, one object in memory at a time. Returns the list's resourceVersion.
  // 410 in the middle of it: kConflict "Expired" (start again). `stop`: kCancelled.
  virtual Result<std::string> List(const Resource& resource, const ListOptions& options,
                                   const ObjectSink& sink, std::stop_token stop = {}) = 0;
  virtual Result<Json> Create(const Resource& resource, const api::Namespace& ns,
                              const Json& object) = 0;
  // Server-side apply. `object` has apiVersion, kind and metadata.name. force: take fields over.
  virtual Result<Json> Apply(const Resource& resource, const api::Namespace& ns, const Json& object,
                             const std::string& field_manager, bool force) = 0;
  // A patch with a `test` that does not fit the object: kConflict.
  virtual Result<Json> JsonPatch(const Resource& resource, const api::Namespace& ns,
                                 const api::Name& name, const Json& patch) = 0;
  // Merge patch of the status subresource: {"status": …}, no resourceVersion precondition.
  virtual Result<Json> PatchStatus(const Resource& resource, const api::Namespace& ns,
                                   const api::Name& name, const Json& patch) = 0;
  virtual Result<Json> Replace(const Resource& resource, const api::Namespace& ns,
                               const Json& object) = 0;
  virtual Result<void> Delete(const Resource& resource, const api::Namespace& ns,
                              const api::Name& name, const DeleteOptions& options = {}) = 0;

  // Runs one watch until it ends: well (server's timeout), or with an error as above (410 →
  // kConflict "Expired"; silent or broken → kUnavailable; `stop` → kCancelled).
  virtual Result<void> Watch(const Resource& resource, const WatchOptions& options,
                             std::stop_token stop,
                             const std::function<bool(WatchEvent)>& on_event) = 0;
};

}  // namespace tenantry::kube
