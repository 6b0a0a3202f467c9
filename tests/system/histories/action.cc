#include "tests/system/histories/action.h"

#include <array>

namespace tenantry::testing {
namespace {

struct Weighted {
  Verb verb;
  const char* name;
  std::uint64_t weight;
};

constexpr std::array kVerbs = {
    Weighted{Verb::kTenantConfig, "Tenant config", 240},
    Weighted{Verb::kTenantLimits, "Tenant limits", 50},
    Weighted{Verb::kTenantName, "Tenant displayName", 30},
    Weighted{Verb::kTenantTier, "Tenant tier", 40},
    Weighted{Verb::kTenantFeatures, "Tenant features", 30},
    Weighted{Verb::kTenantPolicy, "Tenant deletionPolicy", 20},
    Weighted{Verb::kTenantGroup, "Tenant label", 20},
    Weighted{Verb::kTenantSuspend, "Tenant suspend", 50},
    Weighted{Verb::kTenantRotate, "Tenant rotate-credentials", 15},
    Weighted{Verb::kTenantRequest, "Tenant requestedAt", 15},
    Weighted{Verb::kTenantAdopt, "Tenant adopt", 40},
    Weighted{Verb::kTenantDelete, "Tenant delete", 60},
    Weighted{Verb::kSetData, "FixtureSet data", 150},
    Weighted{Verb::kSetSource, "FixtureSet source", 30},
    Weighted{Verb::kSetTarget, "FixtureSet target", 25},
    Weighted{Verb::kSetPolicy, "FixtureSet deletionPolicy", 10},
    Weighted{Verb::kSetSuspend, "FixtureSet suspend", 25},
    Weighted{Verb::kSetRequest, "FixtureSet requestedAt", 10},
    Weighted{Verb::kSetDelete, "FixtureSet delete", 45},
    Weighted{Verb::kFileEdit, "ConfigMap edit", 35},
    Weighted{Verb::kFileDelete, "ConfigMap delete", 8},
    Weighted{Verb::kDamagePostgres, "damage PostgreSQL", 35},
    Weighted{Verb::kDamageRedis, "damage Redis", 12},
    Weighted{Verb::kDamageKubernetes, "damage Kubernetes", 20},
    Weighted{Verb::kKillOperator, "kill the operator", 2},
    Weighted{Verb::kKillAgent, "kill the agent", 4},
    Weighted{Verb::kCutLink, "cut a link", 12},
    Weighted{Verb::kShutLink, "shut a link", 4},
};

// SplitMix64: neighbouring inputs give unlike outputs.
std::uint64_t Mix(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15U;
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31U);
}

const Weighted& Choose(std::uint64_t number) {
  std::uint64_t all = 0;
  for (const Weighted& verb : kVerbs) {
    all += verb.weight;
  }
  std::uint64_t rest = number % all;
  for (const Weighted& verb : kVerbs) {
    if (rest < verb.weight) {
      return verb;
    }
    rest -= verb.weight;
  }
  return kVerbs.front();
}

}  // namespace

Action MakeAction(std::uint64_t seed, int position) {
  const std::uint64_t first = Mix(seed ^ Mix(static_cast<std::uint64_t>(position)));
  const std::uint64_t second = Mix(first);
  static_assert(kTenantSlots == kSetSlots);
  return {.verb = Choose(first).verb,
          .slot = static_cast<int>(second % kTenantSlots),
          .number = Mix(second)};
}

std::string ToString(const Action& action) {
  for (const Weighted& verb : kVerbs) {
    if (verb.verb == action.verb) {
      return std::string(verb.name) + " (slot " + std::to_string(action.slot) + ")";
    }
  }
  return "?";
}

bool IsOfTenant(Verb verb) { return verb <= Verb::kTenantDelete; }

bool IsOfSet(Verb verb) { return verb >= Verb::kSetData && verb <= Verb::kSetDelete; }

}  // namespace tenantry::testing
