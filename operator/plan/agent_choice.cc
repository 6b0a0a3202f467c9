#include "operator/plan/agent_choice.h"

#include <algorithm>
#include <utility>

#include "common/base/fingerprint.h"

namespace tenantry::plan {

std::vector<AgentCandidate> RankAgents(std::vector<AgentCandidate> candidates,
                                       const api::Name& tenant, const api::Uid& uid) {
  std::erase_if(candidates, [&](const AgentCandidate& candidate) {
    return !candidate.bound_tenant.empty() && candidate.bound_tenant != tenant.value();
  });
  const auto rank = [&](const AgentCandidate& candidate) {
    return std::pair(candidate.bound_tenant.empty(),
                     Fingerprint(uid.value() + "/" + candidate.url));
  };
  std::sort(candidates.begin(), candidates.end(),
            [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  return candidates;
}

}  // namespace tenantry::plan
