#pragma once

#include <string>
#include <vector>

#include "common/api/meta.h"

namespace tenantry::plan {

// An agent that could do a task.
struct AgentCandidate {
  std::string name;          // of the Pod, or host:port of an endpoint
  std::string url;           // https://host:port
  std::string bound_tenant;  // name of the Tenant whose sidecar it is; empty: a pool agent

  friend bool operator==(const AgentCandidate&, const AgentCandidate&) = default;
};

// The agents for one tenant, best first: those bound to it, then the pool by rendezvous hashing of
// the Tenant's UID, so that a lost agent moves only its own tenants. Agents bound to other tenants
// never serve it. Source: Thaler, Ravishankar: Using name-based mappings to increase hit rates,
// 1998.
std::vector<AgentCandidate> RankAgents(std::vector<AgentCandidate> candidates,
                                       const api::Name& tenant, const api::Uid& uid);

}  // namespace tenantry::plan
