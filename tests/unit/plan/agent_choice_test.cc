#include "operator/plan/agent_choice.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace tenantry::plan {
namespace {

const api::Name kAcme("acme");

AgentCandidate Pool(const std::string& name) {
  return {.name = name, .url = "https://" + name + ":8443", .bound_tenant = ""};
}

AgentCandidate SidecarOf(const std::string& tenant) {
  return {
      .name = tenant + "-app", .url = "https://" + tenant + "-app:8443", .bound_tenant = tenant};
}

TEST(RankAgents, PutsTheTenantsOwnAgentsBeforeThePool) {
  const auto ranked =
      RankAgents({Pool("pool-0"), SidecarOf("acme"), Pool("pool-1")}, kAcme, api::Uid("uid-1"));

  ASSERT_EQ(ranked.size(), 3U);
  EXPECT_EQ(ranked.front(), SidecarOf("acme"));
}

TEST(RankAgents, NeverLetsAnotherTenantsAgentServe) {
  EXPECT_TRUE(RankAgents({SidecarOf("globex")}, kAcme, api::Uid("uid-1")).empty());
}

TEST(RankAgents, DoesNotDependOnTheOrderOfCandidates) {
  const std::vector<AgentCandidate> forward = {Pool("a"), Pool("b"), Pool("c"), Pool("d")};
  const std::vector<AgentCandidate> backward(forward.rbegin(), forward.rend());

  EXPECT_EQ(RankAgents(forward, kAcme, api::Uid("uid-1")),
            RankAgents(backward, kAcme, api::Uid("uid-1")));
}

TEST(RankAgents, SpreadsTenantsAndMovesOnlyThoseOfALostAgent) {
  constexpr int kTenants = 600;
  const std::vector<AgentCandidate> all = {Pool("10.0.0.1"), Pool("10.0.0.2"), Pool("10.0.0.3")};
  const std::vector<AgentCandidate> left = {all[0], all[1]};
  std::map<std::string, int> load;
  for (int i = 0; i < kTenants; ++i) {
    const api::Uid uid("6f1c1d2e-0000-4000-8000-" + std::to_string(100'000'000'000 + i));
    const AgentCandidate before = RankAgents(all, kAcme, uid).front();
    ++load[before.name];

    if (before != all[2]) {
      EXPECT_EQ(RankAgents(left, kAcme, uid).front(), before);
    }
  }

  for (const auto& [agent, tenants] : load) {
    EXPECT_GT(tenants, kTenants / 5) << agent;
  }
  EXPECT_EQ(load.size(), 3U);
}

}  // namespace
}  // namespace tenantry::plan
