#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/shared_text.h"
#include "common/base/strong_id.h"

namespace tenantry::api {

inline constexpr char kGroup[] = "tenantry.dev";
inline constexpr char kVersion[] = "v1alpha1";
inline constexpr char kApiVersion[] = "tenantry.dev/v1alpha1";

using Namespace = StrongId<struct NamespaceTag>;
using Name = StrongId<struct NameTag>;
using Uid = StrongId<struct UidTag>;
using TenantId = StrongId<struct TenantIdTag>;

// Labels and annotations that we read or write.
inline constexpr char kTenantLabel[] = "tenantry.dev/tenant";  // name of the Tenant it belongs to
inline constexpr char kComponentLabel[] =
    "tenantry.dev/component";                                    // binding | cache-binding | config
inline constexpr char kManagedLabel[] = "tenantry.dev/managed";  // "true": created by the operator
inline constexpr char kWatchLabel[] =
    "tenantry.dev/watch";  // "true": a change wakes its users at once
inline constexpr char kAgentLabel[] =
    "tenantry.dev/agent";  // on Pods: name of the DataStore it serves
inline constexpr char kAdoptAnnotation[] = "tenantry.dev/adopt";
inline constexpr char kRequestedAtAnnotation[] = "tenantry.dev/requestedAt";
inline constexpr char kRotateAnnotation[] = "tenantry.dev/rotate-credentials";
inline constexpr char kForceFinalizeAnnotation[] = "tenantry.dev/force-finalize";

inline constexpr char kTenantFinalizer[] = "tenantry.dev/release-tenant";
inline constexpr char kDataStoreFinalizer[] = "tenantry.dev/release-data-store";
inline constexpr char kFixtureSetFinalizer[] = "tenantry.dev/release-fixtures";

enum class Kind { kDataStore, kTenant, kFixtureSet };
const char* ToString(Kind kind);  // "Tenant"
const char* PluralOf(Kind kind);  // "tenants"

// Identifies one of our objects in the cluster.
struct ObjectKey {
  Namespace ns;
  Name name;

  friend auto operator<=>(const ObjectKey&, const ObjectKey&) = default;
};
std::string ToString(const ObjectKey& key);  // "namespace/name"

// The part of metav1.ObjectMeta that we use. Owner references and managed fields are not kept.
struct ObjectMeta {
  Namespace ns;
  Name name;
  Uid uid;
  std::string resource_version;
  std::int64_t generation = 0;
  std::string creation_timestamp;                 // RFC 3339
  std::optional<std::string> deletion_timestamp;  // RFC 3339; set: being deleted
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> annotations;
  std::vector<SharedText> finalizers;

  ObjectKey key() const { return {ns, name}; }
  bool deleting() const { return deletion_timestamp.has_value(); }
  bool HasFinalizer(const std::string& finalizer) const;
  std::string Annotation(const std::string& key) const;  // empty when absent

  friend bool operator==(const ObjectMeta&, const ObjectMeta&) = default;
};

// metav1.Condition. `last_transition_time` changes only with `status`.
enum class ConditionStatus { kTrue, kFalse, kUnknown };
// Its texts are much the same in all objects.
struct Condition {
  SharedText type;
  ConditionStatus status = ConditionStatus::kUnknown;
  std::int64_t observed_generation = 0;
  SharedText last_transition_time;  // RFC 3339
  SharedText reason;                // CamelCase, never empty
  SharedText message;               // at most 32768 bytes

  friend bool operator==(const Condition&, const Condition&) = default;
};
const char* ToString(ConditionStatus status);
// The condition of that type, or nullptr.
const Condition* FindCondition(const std::vector<Condition>& conditions, const std::string& type);
bool IsTrue(const std::vector<Condition>& conditions, const std::string& type);

}  // namespace tenantry::api
