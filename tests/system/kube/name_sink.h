#pragma once

#include <chrono>
#include <functional>
#include <set>
#include <string>

#include "common/base/mutex.h"
#include "operator/kube/decode.h"
#include "operator/kube/reflector.h"
#include "tests/support/cluster.h"

namespace tenantry::kube {

inline constexpr std::chrono::seconds kPatience{60};

// The names that exist.
class NameSink final : public ReflectorSink {
 public:
  void Upsert(Json object) override {
    MutexLock lock(mutex_);
    names_.insert(KeyOf(object).name.value());
    listed_.insert(KeyOf(object).name.value());
  }
  void Remove(const api::ObjectKey& key) override {
    MutexLock lock(mutex_);
    names_.erase(key.name.value());
  }
  void BeginReplace() override {
    MutexLock lock(mutex_);
    listed_.clear();
  }
  void EndReplace() override {
    MutexLock lock(mutex_);
    names_ = listed_;
  }
  bool WaitFor(const std::set<std::string>& names) {
    return testing::WaitUntil(kPatience, [&] {
      MutexLock lock(mutex_);
      return names_ == names;
    });
  }

 private:
  Mutex mutex_;
  std::set<std::string> names_ GUARDED_BY(mutex_);
  std::set<std::string> listed_ GUARDED_BY(mutex_);
};

}  // namespace tenantry::kube
