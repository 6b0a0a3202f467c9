// How many passes with nothing to do the operator manages on one core: each key is queued, taken,
// reconciled by the real reconciler and found to need nothing. Kubernetes and agent are pretended,
// and not asked. Prints one line of JSON, like tests/bench/run.py.

#include <ctime>
#include <exception>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "common/api/codec.h"
#include "common/api/tier.h"
#include "common/base/base64.h"
#include "common/telemetry/metrics.h"
#include "operator/reconcile/tenant_reconciler.h"
#include "operator/reconcile/work_queue.h"
#include "tests/bench/plan/pretend.h"

namespace tenantry::bench {
namespace {

using nlohmann::json;

constexpr int kTenants = 10'000;
constexpr int kRounds = 20;
constexpr int kMostPassesToSettle = 6;
constexpr double kPromised = 20'000;  // docs/limits.md

json Metadata(const std::string& name) {
  return {{"namespace", "bench"},
          {"name", name},
          {"uid", "uid-" + name},
          {"resourceVersion", "1"},
          {"generation", 1},
          {"creationTimestamp", "2026-01-01T00:00:00Z"},
          {"finalizers", {api::kTenantFinalizer}}};
}

json StoreManifest() {
  return {{"apiVersion", api::kApiVersion},
          {"kind", "DataStore"},
          {"metadata", Metadata("main")},
          {"spec",
           {{"postgres",
             {{"host", "postgres"}, {"database", "app"}, {"adminSecretRef", {{"name", "admin"}}}}},
            {"agents", {{"endpoints", {"https://agent:8443"}}}}}}};
}

json AdminSecret() {
  json metadata = Metadata("admin");
  metadata["labels"] = {{api::kWatchLabel, "true"}};
  return {{"apiVersion", "v1"},
          {"kind", "Secret"},
          {"metadata", std::move(metadata)},
          {"data", {{"username", EncodeBase64("admin")}, {"password", EncodeBase64("secret")}}}};
}

json TenantManifest(const std::string& name) {
  return {{"apiVersion", api::kApiVersion},
          {"kind", "Tenant"},
          {"metadata", Metadata(name)},
          {"spec",
           {{"tier", "Enterprise"},
            {"dataStoreRef", {{"name", "main"}}},
            {"config", {{"text", std::string(1600, 'x')}}}}}};
}

double CpuSeconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// The operator's passes for Tenants, with everything that they need.
class Bench {
 public:
  Bench() {
    kube_.Put(kube::kSecrets, AdminSecret());
    index_.Update(reconcile::Reference::kSecret, *api::DecodeObjectMeta(AdminSecret()));
    router_.Seen(*api::DecodeDataStore(StoreManifest()), reconcile::Origin::kInitialList);
    for (int i = 0; i < kTenants; ++i) {
      const json manifest = TenantManifest("tenant" + std::to_string(i));
      kube_.Put(kube::kTenants, manifest);
      router_.Seen(*api::DecodeTenant(manifest), reconcile::Origin::kInitialList);
    }
    keys_ = world_.tenants.Keys();
  }

  // Queues all Tenants and works them off. Returns how many requests that took.
  std::int64_t Round() {
    const std::int64_t before = kube_.requests();
    for (const api::ObjectKey& key : keys_) {
      queue_.Add({api::Kind::kTenant, key}, reconcile::Priority::kLow);
    }
    for (int done = 0; done < kTenants;) {
      const reconcile::WorkKey key = *queue_.Get({});
      if (key.kind == api::Kind::kTenant) {
        tenants_.Reconcile(key.object);
        ++done;
      }
      queue_.Forget(key);
      queue_.Done(key);
    }
    return kube_.requests() - before;
  }

 private:
  const SystemClock clock_;
  const api::TierCatalogue tiers_ = api::BuiltInTiers();
  const std::unique_ptr<telemetry::Registry> registry_ = telemetry::Registry::Make();
  PretendKube kube_;
  PretendAgent agent_;
  NoEvents events_;
  reconcile::World world_;
  reconcile::Metrics metrics_{*registry_, 1};
  reconcile::WorkQueue queue_{{}, clock_, *registry_};
  reconcile::Router router_{world_, queue_};
  reconcile::ReferenceIndex index_;
  reconcile::References references_{kube_, index_, clock_};
  reconcile::RunningLoads running_loads_;
  reconcile::TaskBoard board_{[](const reconcile::WorkKey&) {}, clock_};
  reconcile::Scope scope_;
  const reconcile::Services services_{.kube = kube_,
                                      .agents = agent_,
                                      .events = events_,
                                      .world = world_,
                                      .router = router_,
                                      .board = board_,
                                      .index = index_,
                                      .references = references_,
                                      .running_loads = running_loads_,
                                      .metrics = metrics_,
                                      .clock = clock_,
                                      .tiers = tiers_,
                                      .scope = scope_};
  reconcile::TenantReconciler tenants_{services_, {.process_id = "bench"}};
  std::vector<api::ObjectKey> keys_;
};

int Main() {
  Bench bench;
  int passes = 1;
  while (bench.Round() > 0) {
    if (++passes > kMostPassesToSettle) {
      std::cerr << "bench-plan: the Tenants do not settle\n";
      return 1;
    }
  }
  const double begin = CpuSeconds();
  for (int round = 0; round < kRounds; ++round) {
    if (bench.Round() > 1) {  // one look at the admin Secret, now and then
      std::cerr << "bench-plan: a settled Tenant's pass asks for something\n";
      return 1;
    }
  }
  const double per_second = kTenants * kRounds / (CpuSeconds() - begin);
  std::cout << json{{"name", "operator_idle_passes_per_core"},
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
