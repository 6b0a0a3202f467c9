#include "operator/kube/access_cache.h"

#include <algorithm>

namespace tenantry::kube {

std::optional<Access> AccessCache::Find(const Question& question, MonotonicTime now) const {
  const auto known = answers_.find(question);
  return known == answers_.end() || known->second.until <= now
             ? std::nullopt
             : std::optional(known->second.access);
}

void AccessCache::Remember(const Question& question, Access access, MonotonicTime now) {
  if (answers_.size() >= kMaxRemembered) {
    std::erase_if(answers_, [&](const auto& entry) { return entry.second.until <= now; });
  }
  if (answers_.size() >= kMaxRemembered && !answers_.contains(question)) {
    // Refusals end first: a flood of wrong tokens does not push out the right ones.
    answers_.erase(std::ranges::min_element(answers_, {},
                                            [](const auto& entry) { return entry.second.until; }));
  }
  const auto lifetime = access == Access::kAllowed
                            ? std::chrono::steady_clock::duration(kAllowedFor)
                            : std::chrono::steady_clock::duration(kRefusedFor);
  answers_.insert_or_assign(question, Answer{.access = access, .until = now + lifetime});
}

}  // namespace tenantry::kube
