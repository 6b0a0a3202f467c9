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
  void Set(const api::ObjectKey& tenant, const api::Name& fixture_set, bool running) {
    const MutexLock lock(mutex_);
    if (running) {
      loads_[tenant].insert(fixture_set);
      return;
    }
    const auto found = loads_.find(tenant);
    if (found != loads_.end() && found->second.erase(fixture_set) > 0 && found->second.empty()) {
      loads_.erase(found);
    }
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
