#pragma once

#include <map>
#include <set>
#include <string>

#include "common/api/meta.h"
#include "common/base/mutex.h"

namespace tenantry::reconcile {

// Which FixtureSets load into which Tenant right now: a Tenant is not released under a load.
// Thread-safe.
class RunningLoads {
 public:
  void Begin(const api::ObjectKey& tenant, const api::Name& fixture_set) {
    const MutexLock lock(mutex_);
    loads_[tenant].insert(fixture_set);
  }

  // Whether it was running, and was the tenant's last one.
  bool End(const api::ObjectKey& tenant, const api::Name& fixture_set) {
    const MutexLock lock(mutex_);
    const auto found = loads_.find(tenant);
    if (found == loads_.end() || found->second.erase(fixture_set) == 0 || !found->second.empty()) {
      return false;
    }
    loads_.erase(found);
    return true;
  }

  // The name of one of them; empty when nothing loads.
  std::string AnyFor(const api::ObjectKey& tenant) const {
    const MutexLock lock(mutex_);
    const auto found = loads_.find(tenant);
    return found == loads_.end() ? "" : found->second.begin()->value();
  }

 private:
  mutable Mutex mutex_;
  std::map<api::ObjectKey, std::set<api::Name>> loads_ GUARDED_BY(mutex_);
};

}  // namespace tenantry::reconcile
