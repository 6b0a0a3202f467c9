#include "operator/reconcile/reference_index.h"

#include "operator/reconcile/object_cache.h"

namespace tenantry::reconcile {

api::Name ReferenceIndex::OwnerOf(const api::ObjectMeta& meta) {
  const auto managed = meta.labels.find(api::kManagedLabel);
  const auto owner = meta.labels.find(api::kTenantLabel);
  return managed == meta.labels.end() || owner == meta.labels.end() ? api::Name()
                                                                    : api::Name(owner->second);
}

bool ReferenceIndex::Take(Known* known, const api::ObjectMeta& meta) {
  Entry& entry = known->entries[meta.key()];
  if (!IsOlder(entry.version, meta.resource_version)) {
    return false;
  }
  entry = {meta.resource_version, OwnerOf(meta)};
  return true;
}

bool ReferenceIndex::Update(Reference reference, const api::ObjectMeta& meta) {
  const MutexLock lock(mutex_);
  return Take(&Of(reference), meta);
}

ReferenceIndex::Mark ReferenceIndex::BeforeWrite(Reference reference) const {
  const MutexLock lock(mutex_);
  return Of(reference).removals;
}

bool ReferenceIndex::Written(Reference reference, const api::ObjectMeta& meta, Mark mark) {
  const MutexLock lock(mutex_);
  return Of(reference).removals == mark && Take(&Of(reference), meta);
}

std::optional<ReferenceIndex::Removed> ReferenceIndex::Remove(Reference reference,
                                                              const api::ObjectKey& key) {
  const MutexLock lock(mutex_);
  Known& known = Of(reference);
  ++known.removals;
  const auto found = known.entries.find(key);
  if (found == known.entries.end()) {
    return std::nullopt;
  }
  Removed removed{found->second.owner};
  known.entries.erase(found);
  return removed;
}

std::optional<std::string> ReferenceIndex::VersionOf(Reference reference,
                                                     const api::ObjectKey& key) const {
  const MutexLock lock(mutex_);
  const auto found = Of(reference).entries.find(key);
  return found == Of(reference).entries.end() ? std::nullopt : std::optional(found->second.version);
}

std::vector<api::ObjectKey> ReferenceIndex::Keys(Reference reference) const {
  std::vector<api::ObjectKey> keys;
  const MutexLock lock(mutex_);
  for (const auto& [key, entry] : Of(reference).entries) {
    keys.push_back(key);
  }
  return keys;
}

std::size_t ReferenceIndex::size(Reference reference) const {
  const MutexLock lock(mutex_);
  return Of(reference).entries.size();
}

std::size_t ReferenceIndex::Bytes(Reference reference) const {
  constexpr std::size_t kNodeBytes = 4 * sizeof(void*) + sizeof(api::ObjectKey) + sizeof(Entry);
  static const std::size_t inside = std::string().capacity();  // of a std::string itself
  std::size_t bytes = 0;
  const MutexLock lock(mutex_);
  for (const auto& [key, entry] : Of(reference).entries) {
    bytes += kNodeBytes;
    for (const std::string* text : {&key.ns.value(), &key.name.value(), &entry.owner.value()}) {
      bytes += text->capacity() > inside ? text->capacity() + 1 : 0;
    }
  }
  return bytes;
}

}  // namespace tenantry::reconcile
