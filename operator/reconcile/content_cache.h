#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "common/api/meta.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "operator/plan/objects.h"
#include "operator/reconcile/object_cache.h"

namespace tenantry::reconcile {

// The objects that were read or written last, for the next pass that needs them. Bounded.
// Thread-safe.
template <class Object>
class ContentCache {
 public:
  using Content = plan::Existing<Object>;

  // `newest` is the version that a watch knows of, if one watches it: an older content is not given
  // out. None when there is nothing that is fresh enough.
  std::optional<Content> Find(const api::ObjectKey& key, const std::optional<std::string>& newest,
                              MonotonicTime now) const {
    const MutexLock lock(mutex_);
    const auto found = entries_.find(key);
    if (found == entries_.end() || found->second.until <= now) {
      return std::nullopt;
    }
    const Content& content = found->second.content;
    const bool outdated = newest && IsOlder(content.resource_version, *newest);
    return outdated ? std::nullopt : std::optional(content);
  }

  // Given out until `until`; what is older than `now` is freed by the way.
  void Put(const api::ObjectKey& key, Content content, MonotonicTime now, MonotonicTime until) {
    const MutexLock lock(mutex_);
    Sweep(now);
    if (!entries_.contains(key)) {
      order_.push_back(key);
    }
    entries_.insert_or_assign(key, Entry{std::move(content), until});
    while (order_.size() > kMostEntries) {
      entries_.erase(order_.front());
      order_.pop_front();
    }
  }

  void Forget(const api::ObjectKey& key) {
    const MutexLock lock(mutex_);
    entries_.erase(key);
  }

 private:
  static constexpr std::size_t kMostEntries = 512;

  struct Entry {
    Content content;
    MonotonicTime until;
  };

  void Sweep(MonotonicTime now) REQUIRES(mutex_) {
    while (!order_.empty()) {
      const auto oldest = entries_.find(order_.front());
      if (oldest != entries_.end() && oldest->second.until > now) {
        return;
      }
      if (oldest != entries_.end()) {
        entries_.erase(oldest);
      }
      order_.pop_front();
    }
  }

  mutable Mutex mutex_;
  std::map<api::ObjectKey, Entry> entries_ GUARDED_BY(mutex_);
  std::deque<api::ObjectKey> order_
      GUARDED_BY(mutex_);  // by first Put; a key that was forgotten may still be in it
};

}  // namespace tenantry::reconcile
