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

// A resource type: {"tenantry.dev", "v1alpha1", "tenants", "Tenant"}; the core group is "".
struct Resource {
  std::string group;
  std::string version;
  std::string plural;
  std::string kind;

  std::string api_version() const { return group.empty() ? version : group + "/" + version; }
  friend bool operator==(const Resource&, const Resource&) = default;
};
inline const Resource kDataStores{"tenantry.dev", "v1alpha1", "datastores", "DataStore"};
inline const Resource kTenants{"tenantry.dev", "v1alpha1", "tenants", "Tenant"};
inline const Resource kFixtureSets{"tenantry.dev", "v1alpha1", "fixturesets", "FixtureSet"};
inline const Resource kSecrets{"", "v1", "secrets", "Secret"};
inline const Resource kConfigMaps{"", "v1", "configmaps", "ConfigMap"};
inline const Resource kPods{"", "v1", "pods", "Pod"};
inline const Resource kNamespaces{"", "v1", "namespaces", "Namespace"};
inline const Resource kEvents{"events.k8s.io", "v1", "events", "Event"};
inline const Resource kLeases{"coordination.k8s.io", "v1", "leases", "Lease"};
inline const Resource kTokenReviews{"authentication.k8s.io", "v1", "tokenreviews", "TokenReview"};
inline const Resource kAccessReviews{"authorization.k8s.io", "v1", "subjectaccessreviews",
                                     "SubjectAccessReview"};

// "/api/v1/namespaces/x/secrets/name", "/apis/tenantry.dev/v1alpha1/tenants" (ns empty: all or
// cluster-scoped), with an optional subresource.
std::string ResourcePath(const Resource& resource, const api::Namespace& ns,
                         const api::Name& name = {}, const std::string& subresource = "");

struct ListOptions {
  api::Namespace ns;  // empty: all
  std::string label_selector;
  std::string field_selector;
  int page_size = 500;
  // kCached: as the API server's cache has it, whole and ten times as fast; perhaps a moment old.
  enum class Freshness { kLatest, kCached };
  Freshness freshness = Freshness::kLatest;
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

// A watch that brings nothing for so long is begun again where it was. kube-apiserver sends a
// bookmark each minute, but only when its own watch of etcd has brought anything since it started
// (an event, or a progress notice: etcd sends those each ten minutes, or each five seconds as
// kubeadm starts it). So the watch of a kind that nobody uses may well be silent, which is
// cheap; a server that died is found earlier by TCP's keep-alive probes, within a minute, and one
// that hangs, or is behind a proxy that lost it, by this.
inline constexpr std::chrono::milliseconds kIdleTimeout{90'000};

struct WatchOptions {
  ListOptions list;
  std::string resource_version;      // resume after this; with send_initial_events: ""
  bool send_initial_events = false;  // ends with a bookmark annotated k8s.io/initial-events-end
  std::chrono::milliseconds idle_timeout = kIdleTimeout;
};

struct ClientOptions {
  double qps = 0;  // calls per second, repetitions and starts of watches too; 0 or below: no limit
  int burst = 10;  // calls at once that this lets through
};

// Client of the Kubernetes API. Thread-safe. Every call has a deadline, within which it also waits
// for the client's own limit (kUnavailable when that takes too long); 429 and 503 with
// Retry-After are waited for and retried within it (at most three times). Errors by status: 404 →
// kNotFound · 409 → kConflict · 410 → kConflict with reason "Expired" · 400, 401, 403, 405, 413,
// 415, 422 → kInvalid (reason as the server says, e.g. "Forbidden") · 408, 429, 500, 502, 503, 504
// and no connection → kUnavailable · lost answer to a write → kOutcomeUnknown. Messages hold the
// server's own message, never a body that we sent.
class Client {
 public:
  static Result<std::unique_ptr<Client>> Make(const Config& config, telemetry::Registry& metrics,
                                              const ClientOptions& options = {});
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
  // JSON Patch of the status subresource; `test` as above.
  virtual Result<Json> PatchStatus(const Resource& resource, const api::Namespace& ns,
                                   const api::Name& name, const Json& patch) = 0;
  virtual Result<Json> Replace(const Resource& resource, const api::Namespace& ns,
                               const Json& object) = 0;
  virtual Result<void> Delete(const Resource& resource, const api::Namespace& ns,
                              const api::Name& name, const DeleteOptions& options = {}) = 0;

  // Runs one watch until it ends: well (server's timeout), or with an error as above (410 →
  // kConflict "Expired"; broken → kUnavailable; silent for the idle timeout → kUnavailable with
  // reason "Silent"; `stop` → kCancelled).
  virtual Result<void> Watch(const Resource& resource, const WatchOptions& options,
                             std::stop_token stop,
                             const std::function<bool(WatchEvent)>& on_event) = 0;
};

}  // namespace tenantry::kube
