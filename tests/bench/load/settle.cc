#include "tests/bench/load/settle.h"

#include "tests/bench/load/objects.h"

namespace tenantry::bench {

void ReadyCount::Upsert(kube::Json object) {
  const std::string name = object["metadata"]["name"];
  const bool is_ready = IsReady(object);
  {
    const MutexLock lock(mutex_);
    if (is_ready) {
      ready_.insert(name);
    } else {
      ready_.erase(name);
    }
  }
  changed_.notify_all();
}

void ReadyCount::Remove(const api::ObjectKey& key) {
  const MutexLock lock(mutex_);
  ready_.erase(key.name.value());
}

bool ReadyCount::WaitFor(std::size_t count, std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  const MutexLock lock(mutex_);
  while (ready_.size() < count) {
    if (changed_.wait_until(mutex_, deadline) == std::cv_status::timeout) {
      return ready_.size() >= count;
    }
  }
  return true;
}

std::size_t ReadyCount::count() const {
  const MutexLock lock(mutex_);
  return ready_.size();
}

}  // namespace tenantry::bench
