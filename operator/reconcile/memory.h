#pragma once

#include <cstddef>
#include <functional>
#include <map>

#include "common/api/meta.h"
#include "common/base/mutex.h"

namespace tenantry::reconcile {

// What the process remembers of each object from pass to pass. The queue never gives one key to two
// workers, so the entry itself needs no lock; the map has one.
template <class T>
class Memory {
 public:
  // A new object of the same name starts with nothing.
  T& Of(const api::ObjectMeta& meta) {
    const MutexLock lock(mutex_);
    Entry& entry = entries_[meta.key()];
    if (const std::size_t uid = std::hash<api::Uid>()(meta.uid); entry.uid_hash != uid) {
      entry = Entry{uid, T{}};
    }
    return entry.value;
  }

  void Forget(const api::ObjectKey& key) {
    const MutexLock lock(mutex_);
    entries_.erase(key);
  }

 private:
  struct Entry {
    std::size_t uid_hash = 0;  // thousands of UIDs are worth shortening
    T value;
  };
  Mutex mutex_;
  std::map<api::ObjectKey, Entry> entries_ GUARDED_BY(mutex_);  // entries never move
};

}  // namespace tenantry::reconcile
