#pragma once

#include <cstdint>
#include <string>

// What a history is made of. Pure: a seed and a position give an action, whatever came of the ones
// before.
namespace tenantry::testing {

inline constexpr int kTenantSlots = 12;
inline constexpr int kSetSlots = 12;

enum class Verb {
  // Edits of a Tenant; of one that is not there, they create it.
  kTenantConfig,
  kTenantLimits,
  kTenantName,
  kTenantTier,
  kTenantFeatures,
  kTenantPolicy,
  kTenantGroup,
  kTenantSuspend,
  kTenantRotate,
  kTenantRequest,
  kTenantAdopt,
  kTenantDelete,
  // Edits of a FixtureSet, in the same way.
  kSetData,
  kSetSource,
  kSetTarget,
  kSetPolicy,
  kSetSuspend,
  kSetRequest,
  kSetDelete,
  // Of the ConfigMap that a FixtureSet may load.
  kFileEdit,
  kFileDelete,
  // Behind the operator's back.
  kDamagePostgres,
  kDamageRedis,
  kDamageKubernetes,
  // To the programs and the links between them.
  kKillOperator,
  kKillAgent,
  kCutLink,
  kShutLink,
};

struct Action {
  Verb verb = Verb::kTenantConfig;
  int slot = 0;              // of a Tenant, or of a FixtureSet and its ConfigMap
  std::uint64_t number = 0;  // for everything else that is to be chosen
};

Action MakeAction(std::uint64_t seed, int position);
std::string ToString(const Action& action);

bool IsOfTenant(Verb verb);  // an edit of a Tenant
bool IsOfSet(Verb verb);     // of a FixtureSet

}  // namespace tenantry::testing
