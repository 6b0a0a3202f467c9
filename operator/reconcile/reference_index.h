#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/api/meta.h"
#include "common/base/mutex.h"

namespace tenantry::reconcile {

enum class Reference { kSecret, kConfigMap };

// Which Secrets and ConfigMaps labelled tenantry.dev/watch exist, in which version, and whose they
// are. Filled by their watches, and by the answers to our own writes: their echo is no news then.
// Thread-safe.
class ReferenceIndex {
 public:
  // False: nothing new, the version is known already or older.
  bool Update(Reference reference, const api::ObjectMeta& meta);

  // An own write: take the mark before it, and hand it back with the answer. When anything was
  // removed in between, the answer may be of an object that is gone already: it is ignored then.
  using Mark = std::uint64_t;
  Mark BeforeWrite(Reference reference) const;
  bool Written(Reference reference, const api::ObjectMeta& meta, Mark mark);

  struct Removed {
    api::Name owner;  // the Tenant that it was made for; empty: somebody else's object
  };
  std::optional<Removed> Remove(Reference reference, const api::ObjectKey& key);

  std::optional<std::string> VersionOf(Reference reference, const api::ObjectKey& key) const;
  std::vector<api::ObjectKey> Keys(Reference reference) const;
  std::size_t size(Reference reference) const;
  std::size_t Bytes(Reference reference) const;  // what it takes in memory, about

  // The Tenant that a managed object was made for; empty: it is somebody else's.
  static api::Name OwnerOf(const api::ObjectMeta& meta);

 private:
  struct Entry {
    std::string version;
    api::Name owner;
  };
  struct Known {
    std::map<api::ObjectKey, Entry> entries;
    Mark removals = 0;
  };
  const Known& Of(Reference reference) const REQUIRES(mutex_) {
    return known_.at(static_cast<std::size_t>(reference));
  }
  Known& Of(Reference reference) REQUIRES(mutex_) {
    return known_.at(static_cast<std::size_t>(reference));
  }
  static bool Take(Known* known, const api::ObjectMeta& meta);

  mutable Mutex mutex_;
  std::array<Known, 2> known_ GUARDED_BY(mutex_);
};

}  // namespace tenantry::reconcile
