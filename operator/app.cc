#include "operator/app.h"

#include <malloc.h>
#include <unistd.h>

#include <array>
#include <condition_variable>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <memory>
#include <mutex>
#include <sstream>
#include <thread>
#include <utility>
#include <vector>

#include "common/base/unused_code.h"
#include "common/telemetry/log.h"
#include "common/telemetry/metrics.h"
#include "operator/agents/client.h"
#include "operator/informers.h"
#include "operator/kube/client.h"
#include "operator/kube/events.h"
#include "operator/kube/lease.h"
#include "operator/kube/wait.h"
#include "operator/reconcile/cache_bytes.h"
#include "operator/reconcile/controller.h"
#include "operator/reconcile/random.h"
#include "operator/reconcile/tenant_gauges.h"
#include "operator/servers.h"

namespace tenantry {
namespace {

constexpr std::chrono::seconds kTrimPeriod{30};

int Fail(const Error& error) {
  log::Error("the operator cannot run", {{"error", error.message}});
  return 1;
}

Result<api::TierCatalogue> LoadTiers(const std::string& path) {
  if (path.empty()) {
    return api::BuiltInTiers();
  }
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) {
    return Error{ErrorCode::kInvalid, "--tiers-file " + path + " cannot be read"};
  }
  Result<api::TierCatalogue> tiers = api::TierCatalogue::Parse(text.str());
  return tiers ? std::move(tiers) : WithContext(tiers.error(), "--tiers-file " + path);
}

std::string Identity() {
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  return std::string(host.data()) + "_" + reconcile::RandomToken();
}

// Ends the process when the passes do not end in time: they may hang in a peer that does not.
class ShutdownWatchdog {
 public:
  ShutdownWatchdog(std::stop_token stop, std::chrono::milliseconds patience)
      : thread_([this, stop, patience](const std::stop_token& done) {
          std::unique_lock lock(mutex_);
          changed_.wait(lock, stop, [&] { return done.stop_requested(); });
          if (!changed_.wait_for(lock, done, patience, [&] { return done.stop_requested(); }) &&
              !done.stop_requested()) {
            log::Error("running passes did not end in time; the operator ends without them");
            std::_Exit(1);
          }
        }) {}
  ~ShutdownWatchdog() {
    thread_.request_stop();
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::jthread thread_;
};

reconcile::Scope ScopeOf(const OperatorConfig& config) {
  using StoreRefs = reconcile::Scope::StoreRefs;
  return {.namespaces = config.watch_namespaces,
          .label_selector = config.watch_label_selector,
          .store_refs =
              config.no_cross_namespace_refs ? StoreRefs::kOwnNamespace : StoreRefs::kAnyNamespace};
}

std::string LeaseNamespace(const OperatorConfig& config, const kube::Config& kube) {
  return config.leader_election_namespace.empty() ? kube.default_namespace
                                                  : config.leader_election_namespace;
}

void CountCertificateReads(net::TlsIdentity& identity, telemetry::Registry& registry) {
  telemetry::Counter& reads = registry.GetCounter("certwatcher_read_certificate_total",
                                                  "Total number of certificate reads");
  telemetry::Counter& errors = registry.GetCounter("certwatcher_read_certificate_errors_total",
                                                   "Total number of certificate read errors");
  identity.OnReload([&](const Result<void>& reload) {
    reads.Increment();
    if (!reload) {
      errors.Increment();
    }
  });
}

int WorkAlone(const std::function<void()>& work) {
  log::Info("working without leader election");
  work();
  return 0;
}

int WorkAsLeader(kube::LeaseElection& election, const std::function<void()>& work,
                 const std::stop_token& stop) {
  if (!election.Acquire(stop)) {
    return 0;
  }
  std::stop_source done;
  // The lease is held until the last pass has ended, and only then given back.
  const std::jthread worker([&] {
    work();
    done.request_stop();
  });
  if (!election.Hold(done.get_token())) {
    log::Error("the lease is lost; the operator ends so that nobody works beside its new holder");
    std::_Exit(1);
  }
  log::Info("stopped");
  return 0;
}

}  // namespace

// Long because it builds every part once, in the order in which they need each other.
// NOLINTNEXTLINE(readability-function-size)
int RunOperator(const OperatorConfig& config, std::stop_token stop) {
  const SystemClock clock;
  const auto registry = telemetry::Registry::Make();
  const Result<api::TierCatalogue> tiers = LoadTiers(config.tiers_file);
  if (!tiers) {
    return Fail(tiers.error());
  }
  const Result<kube::Config> kube_config = kube::LoadConfig(config.kubeconfig, config.context);
  if (!kube_config) {
    return Fail(kube_config.error());
  }
  const auto kube = kube::Client::Make(
      *kube_config, *registry, {.qps = config.kube_api_qps, .burst = config.kube_api_burst});
  if (!kube) {
    return Fail(kube.error());
  }
  // The lease has a client of its own: unlimited, and with calls that end well before the deadline.
  kube::Config lease_config = *kube_config;
  lease_config.call_timeout = config.renew_deadline / 3;
  const auto lease_kube = kube::Client::Make(lease_config, *registry);
  if (!lease_kube) {
    return Fail(lease_kube.error());
  }
  auto identity = net::TlsIdentity::Load(config.agent_tls);
  if (!identity) {
    return Fail(identity.error());
  }
  CountCertificateReads(**identity, *registry);

  const std::string instance = Identity();
  const reconcile::Scope scope = ScopeOf(config);
  reconcile::World world;
  reconcile::Metrics metrics(*registry, config.max_concurrent_reconciles);
  reconcile::WorkQueue queue({config.min_retry_delay, config.max_retry_delay}, clock, *registry);
  reconcile::Router router(world, queue);
  reconcile::ReferenceIndex index;
  reconcile::References references(**kube, index, clock);
  reconcile::RunningLoads running_loads;
  reconcile::TaskBoard board(
      [&](const reconcile::WorkKey& key) { router.Wake(key, reconcile::Priority::kHigh); }, clock);
  const auto agents = agents::Client::Make(
      {.identity = *identity, .peer = {config.trust_domain, "agent"}}, *registry,
      [&](const api::TaskReport& report) { board.OnReport(report); });
  const auto events =
      kube::EventRecorder::Make(**kube, instance, clock, [&queue] { return queue.IsBusy(); });
  const reconcile::Services services{.kube = **kube,
                                     .agents = *agents,
                                     .events = *events,
                                     .world = world,
                                     .router = router,
                                     .board = board,
                                     .index = index,
                                     .references = references,
                                     .running_loads = running_loads,
                                     .metrics = metrics,
                                     .clock = clock,
                                     .tiers = *tiers,
                                     .scope = scope};
  const std::string process_id = reconcile::RandomToken();
  reconcile::StoreReconciler stores(services, {config.drift_interval, process_id});
  reconcile::TenantReconciler tenants(services,
                                      {config.drift_interval, config.rotation_overlap, process_id});
  reconcile::FixtureReconciler fixtures(services, {.drift_interval = config.drift_interval});
  reconcile::Controller controller(services, queue, stores, tenants, fixtures);

  kube::LeaseElection election(**lease_kube,
                               {.ns = api::Namespace(LeaseNamespace(config, *kube_config)),
                                .name = api::Name(config.leader_election_id),
                                .identity = instance,
                                .lease_duration = config.lease_duration,
                                .renew_deadline = config.renew_deadline,
                                .retry_period = config.retry_period,
                                .on_change = kube::RecordLeaderElection(*events)},
                               clock, *registry);
  Informers informers(**kube, *registry, {world, router, index, references, metrics}, scope,
                      config.feature_gates);

  const auto synced = [&]() -> Result<void> {
    return informers.synced() ? Result<void>()
                              : Error{ErrorCode::kUnavailable, "the first lists are not complete"};
  };
  const auto leading = [&]() -> Result<void> {
    return election.healthy() ? Result<void>()
                              : Error{ErrorCode::kUnavailable, "the lease was not renewed in time"};
  };
  kube::AccessReviewer reviewer(**kube, clock);
  reconcile::AddCacheGauges(*registry, world, index);
  const auto servers = Servers::Start(config,
                                      {.live = {{"leader-election", leading}},
                                       .ready = {{"informer-sync", synced}},
                                       .registry = *registry,
                                       .before_scrape = [&] { queue.RefreshMetrics(); },
                                       .reviewer = reviewer},
                                      clock);
  if (!servers) {
    return Fail(servers.error());
  }

  informers.Start();  // a standby keeps its cache warm
  if (!informers.WaitForSync(config.cache_sync_timeout, stop)) {
    return stop.stop_requested()
               ? 0
               : Fail({ErrorCode::kUnavailable,
                       "the first lists did not come in within --cache-sync-timeout. Are the CRDs "
                       "installed, and may the operator list them?"});
  }
  const std::jthread trim([](const std::stop_token& done) {
    do {
      malloc_trim(0);  // what lists and bursts have used goes back to the system
      ReleaseUnusedCode();
    } while (kube::WaitFor(done, kTrimPeriod) == kube::Waited::kWhole);
  });
  const std::jthread resync([&](const std::stop_token& done) {
    while (kube::WaitFor(done, config.resync_period) == kube::Waited::kWhole) {
      router.WakeAll();
    }
  });
  const ShutdownWatchdog watchdog(stop, config.graceful_shutdown_timeout);
  const auto work = [&] {
    reconcile::AddTenantGauges(*registry, world, *tiers);
    controller.Run(config.max_concurrent_reconciles, stop);
  };
  return config.leader_elect ? WorkAsLeader(election, work, stop) : WorkAlone(work);
}

}  // namespace tenantry
