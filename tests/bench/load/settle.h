#pragma once

#include <chrono>
#include <functional>
#include <set>
#include <string>

#include "common/base/mutex.h"
#include "operator/kube/reflector.h"

namespace tenantry::bench {

// Watches the Tenants of one namespace and knows which of them are Ready.
class ReadyCount final : public kube::ReflectorSink {
 public:
  void Upsert(kube::Json object) override;
  void Remove(const api::ObjectKey& key) override;
  void BeginReplace() override {}
  void EndReplace() override {}

  // False when fewer are Ready after `patience`.
  bool WaitFor(std::size_t count, std::chrono::milliseconds patience);
  std::size_t count() const;

 private:
  mutable Mutex mutex_;
  ConditionVariable changed_;
  std::set<std::string> ready_ GUARDED_BY(mutex_);
};

}  // namespace tenantry::bench
