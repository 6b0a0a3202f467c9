// How many passes with nothing to do the queue and the pure part of a pass manage on one core,
// without any I/O: each key is queued, taken, planned, summarised and found to need no write.
// Prints one line of JSON, like tests/bench/run.py.

#include <ctime>
#include <exception>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "common/api/tier.h"
#include "common/base/clock.h"
#include "common/telemetry/metrics.h"
#include "operator/plan/tenant_plan.h"
#include "operator/plan/tenant_status.h"
#include "operator/reconcile/work_queue.h"

namespace tenantry::bench {
namespace {

constexpr int kTenants = 10'000;
constexpr int kRounds = 10;
constexpr double kPromised = 20'000;  // docs/limits.md

struct Known {
  plan::TenantObserved observed;
  plan::TenantMemory memory;
};

plan::Credentials Fresh(const char* password) {
  return {.username = "", .password = Secret(password), .cache_password = Secret()};
}

plan::TenantObserved Unprovisioned(const std::string& name) {
  plan::TenantObserved observed{.store_exists = true, .store = plan::StoreAccess{}};
  api::Tenant& tenant = observed.tenant;
  tenant.meta.ns = api::Namespace("bench");
  tenant.meta.name = api::Name(name);
  tenant.meta.uid = api::Uid("uid-" + name);
  tenant.meta.resource_version = "1";
  tenant.meta.generation = 1;
  tenant.meta.finalizers = {api::kTenantFinalizer};
  tenant.spec.tier = "Enterprise";
  tenant.spec.data_store = api::Name("main");
  tenant.spec.config_json = nlohmann::json{{"text", std::string(1600, 'x')}}.dump();
  observed.store->postgres = {.host = "postgres", .database = "app", .user = "admin"};
  return observed;
}

// Does what the plan says, in memory.
void Provision(const api::TierCatalogue& tiers, const SystemClock& clock, Known* known) {
  plan::TenantObserved& observed = known->observed;
  observed.effective = *api::MakeEffectiveTenant(tiers, observed.tenant);
  const plan::TenantPlan plan = plan::MakeTenantPlan(
      observed, known->memory, {}, Fresh("first-password"), clock.Now(), clock.Monotonic());
  for (const plan::Action& action : plan.before) {
    if (const auto* secret = std::get_if<plan::ApplySecret>(&action)) {
      observed.binding = {secret->object, "1"};
    } else if (const auto* config = std::get_if<plan::ApplyConfigMap>(&action)) {
      observed.config = {config->object, "1"};
    }
  }
  const plan::TenantOutcome outcome{.task = api::TaskReport{.id = plan.task->id,
                                                            .kind = plan.task->kind,
                                                            .state = api::TaskState::kSucceeded},
                                    .provisioned = api::ProvisionResult{},
                                    .agent_name = "agent",
                                    .agent_version = "1"};
  observed.tenant.status =
      plan::SummarizeTenant(observed, known->memory, plan, outcome, clock.Now()).status;
  known->memory.last_check = clock.Monotonic();
  known->memory.checked_inputs = plan::CheckInputs(observed);
}

// False: the pass wants to write something, so that this would measure something else.
bool PassWithNothingToDo(const api::TierCatalogue& tiers, const SystemClock& clock,
                         const Known& known) {
  plan::TenantObserved observed = known.observed;  // as each pass reads it anew
  observed.effective = *api::MakeEffectiveTenant(tiers, observed.tenant);
  const plan::TenantPlan plan = plan::MakeTenantPlan(
      observed, known.memory, {}, Fresh("unused-password"), clock.Now(), clock.Monotonic());
  const plan::TenantSummary summary =
      plan::SummarizeTenant(observed, known.memory, plan, {}, clock.Now());
  return plan.before.empty() && !plan.task && plan.after.empty() &&
         summary.status == observed.tenant.status;
}

double CpuSeconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

int Main() {
  const SystemClock clock;
  const api::TierCatalogue tiers = api::BuiltInTiers();
  const auto registry = telemetry::Registry::Make();
  reconcile::WorkQueue queue({}, clock, *registry);
  std::map<reconcile::WorkKey, Known> tenants;
  for (int i = 0; i < kTenants; ++i) {
    Known known{.observed = Unprovisioned("tenant" + std::to_string(i)), .memory = {}};
    Provision(tiers, clock, &known);
    const reconcile::WorkKey key{api::Kind::kTenant, known.observed.tenant.meta.key()};
    tenants.emplace(key, std::move(known));
  }
  const double begin = CpuSeconds();
  for (int round = 0; round < kRounds; ++round) {
    for (const auto& [key, known] : tenants) {
      queue.Add(key, reconcile::Priority::kLow);
    }
    for (int i = 0; i < kTenants; ++i) {
      const reconcile::WorkKey key = *queue.Get({});
      if (!PassWithNothingToDo(tiers, clock, tenants.at(key))) {
        std::cerr << "bench-plan: a settled Tenant's pass wants to write\n";
        return 1;
      }
      queue.Forget(key);
      queue.Done(key);
    }
  }
  const double per_second = kTenants * kRounds / (CpuSeconds() - begin);
  std::cout << nlohmann::json{{"name", "operator_idle_passes_per_core"},
                              {"value", static_cast<int>(per_second)},
                              {"unit", "1/s"},
                              {"peer", kPromised},
                              {"ratio", per_second / kPromised}}
                   .dump()
            << '\n';
  return 0;
}

}  // namespace
}  // namespace tenantry::bench

int main() {
  try {
    return tenantry::bench::Main();
  } catch (const std::exception& error) {
    std::cerr << "bench-plan: " << error.what() << '\n';
    return 1;
  }
}
