#pragma once

#include <string>

#include "common/api/data_store.h"
#include "common/api/fixture_set.h"
#include "common/api/tenant.h"
#include "common/base/result.h"
#include "operator/plan/objects.h"
#include "operator/reconcile/services.h"

// Every write that the operator makes to the Kubernetes API. The answers go straight into the
// World, so that the next pass sees them even when the watch lags behind.
namespace tenantry::reconcile {

// Server-side apply fields of ours are taken over when somebody else changed them.
inline constexpr char kFieldManager[] = "tenantry-controller";

enum class FinalizerChange { kAdd, kRemove };

// kConflict when the object has changed in between. T: api::DataStore, api::Tenant,
// api::FixtureSet.
template <class T>
Result<void> ChangeFinalizer(const Services& services, const T& object,
                             const std::string& finalizer, FinalizerChange change);

// Writes the status if it differs from the object's; an object that is gone is success. kConflict
// when another one has its name by now.
template <class T, class Status>
Result<void> PatchStatus(const Services& services, const T& object, const Status& status);

// kCreate costs the API server half of kApply; where the object exists already it is a kConflict
// with kAlreadyExists, and the next pass will see that object.
enum class WriteMode { kCreate, kApply };
inline constexpr char kAlreadyExists[] = "AlreadyExists";

Result<plan::Existing<plan::SecretObject>> Write(const Services& services,
                                                 const plan::SecretObject& secret, WriteMode mode);
Result<plan::Existing<plan::ConfigMapObject>> Write(const Services& services,
                                                    const plan::ConfigMapObject& config_map,
                                                    WriteMode mode);
// Gone already is success.
Result<void> DeleteSecret(const Services& services, const api::ObjectKey& key);
Result<void> DeleteConfigMap(const Services& services, const api::ObjectKey& key);

}  // namespace tenantry::reconcile
