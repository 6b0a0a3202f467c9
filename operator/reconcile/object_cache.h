#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/api/meta.h"
#include "common/base/mutex.h"

namespace tenantry::reconcile {

// resourceVersions of one object grow; "" is older than all. Source: KEP-5504 (comparable
// resourceVersions).
inline bool IsOlder(const std::string& a, const std::string& b) {
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

// What to do with an object that the cache does not have. The answer to our own write may arrive
// after the watch has told that the object is gone: it must not bring the object back.
enum class IfUnknown { kInsert, kIgnore };

// The newest known state of all objects of one kind. Filled by a watch, and by the answers to our
// own writes, so that a pass never works on a state older than what it wrote. Thread-safe; objects
// are published as immutable snapshots.
template <class T>
class ObjectCache {
 public:
  using Pointer = std::shared_ptr<const T>;
  struct Change {
    Pointer before;  // null: it is new
    Pointer after;   // null: it is gone
    bool any() const { return before != after; }
  };

  // An object older than the known one changes nothing.
  Change Upsert(T object, IfUnknown if_unknown = IfUnknown::kInsert) {
    auto after = std::make_shared<const T>(std::move(object));
    const MutexLock lock(mutex_);
    const auto found = objects_.find(after->meta.key());
    const bool known = found != objects_.end() && found->second->meta.uid == after->meta.uid;
    if (!known && if_unknown == IfUnknown::kIgnore) {
      return {};
    }
    Pointer& slot = objects_[after->meta.key()];
    if (slot && !IsOlder(slot->meta.resource_version, after->meta.resource_version)) {
      return {slot, slot};
    }
    Change change{slot, after};
    slot = std::move(after);
    return change;
  }

  Change Remove(const api::ObjectKey& key) {
    const MutexLock lock(mutex_);
    const auto found = objects_.find(key);
    if (found == objects_.end()) {
      return {};
    }
    Change change{found->second, nullptr};
    objects_.erase(found);
    return change;
  }

  Pointer Get(const api::ObjectKey& key) const {
    const MutexLock lock(mutex_);
    const auto found = objects_.find(key);
    return found == objects_.end() ? nullptr : found->second;
  }

  // Whether Upsert of that version would change nothing.
  bool Has(const api::ObjectMeta& meta) const {
    const Pointer known = Get(meta.key());
    return known && known->meta.uid == meta.uid &&
           !IsOlder(known->meta.resource_version, meta.resource_version);
  }

  std::vector<Pointer> Select(const std::function<bool(const T&)>& wanted) const {
    std::vector<Pointer> selected;
    const MutexLock lock(mutex_);
    for (const auto& [key, object] : objects_) {
      if (wanted(*object)) {
        selected.push_back(object);
      }
    }
    return selected;
  }

  // Looks at the objects of one namespace only.
  std::vector<Pointer> SelectIn(const api::Namespace& ns,
                                const std::function<bool(const T&)>& wanted) const {
    std::vector<Pointer> selected;
    const MutexLock lock(mutex_);
    for (auto entry = objects_.lower_bound({ns, api::Name()});
         entry != objects_.end() && entry->first.ns == ns; ++entry) {
      if (wanted(*entry->second)) {
        selected.push_back(entry->second);
      }
    }
    return selected;
  }

  // The lock is not held while `visit` runs: that may take long.
  void ForEach(const std::function<void(const T&)>& visit) const {
    for (const Pointer& object : Select([](const T&) { return true; })) {
      visit(*object);
    }
  }

  std::vector<api::ObjectKey> Keys() const {
    std::vector<api::ObjectKey> keys;
    const MutexLock lock(mutex_);
    for (const auto& [key, object] : objects_) {
      keys.push_back(key);
    }
    return keys;
  }

  std::size_t size() const {
    const MutexLock lock(mutex_);
    return objects_.size();
  }

 private:
  mutable Mutex mutex_;
  std::map<api::ObjectKey, Pointer> objects_ GUARDED_BY(mutex_);
};

}  // namespace tenantry::reconcile
