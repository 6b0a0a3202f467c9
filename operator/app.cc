#include "operator/app.h"

#include <unistd.h>

#include <array>
#include <condition_variable>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <mutex>
#include <sstream>
#include <thread>
#include <utility>
#include <vector>

#include "common/net/http_server.h"
#include "common/telemetry/log.h"
#include "common/telemetry/metrics.h"
#include "common/telemetry/probes.h"
#include "operator/agents/client.h"
#include "operator/kube/client.h"
#include "operator/kube/events.h"
#include "operator/kube/lease.h"
#include "operator/kube/reflector.h"
#include "operator/reconcile/controller.h"
#include "operator/reconcile/random.h"
#include "operator/reconcile/sinks.h"

namespace tenantry {
namespace {

using reconcile::Router;

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

// One watch of the cluster: a sink, its reflector and the thread that runs it.
struct Informer {
  std::unique_ptr<kube::ReflectorSink> sink;
  std::unique_ptr<kube::Reflector> reflector;
  std::jthread thread;
};

// All watches. Synced when each has seen its first whole list.
class Informers {
 public:
  Informers(kube::Client& kube, telemetry::Registry& registry) : kube_(kube), registry_(registry) {}

  void Add(kube::ReflectorOptions options, std::unique_ptr<kube::ReflectorSink> sink) {
    Informer informer{.sink = std::move(sink)};
    informer.reflector =
        std::make_unique<kube::Reflector>(kube_, std::move(options), *informer.sink, registry_);
    informers_.push_back(std::move(informer));
  }

  void Start() {
    for (Informer& informer : informers_) {
      informer.thread = std::jthread(
          [&reflector = *informer.reflector](std::stop_token stop) { reflector.Run(stop); });
    }
  }

  bool synced() const {
    for (const Informer& informer : informers_) {
      if (!informer.reflector->synced()) {
        return false;
      }
    }
    return true;
  }

  // False when `stop` came first, or the time was over.
  bool WaitForSync(std::chrono::milliseconds patience, const std::stop_token& stop) const {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!synced()) {
      if (stop.stop_requested() || std::chrono::steady_clock::now() >= deadline) {
        return false;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return true;
  }

 private:
  kube::Client& kube_;
  telemetry::Registry& registry_;
  std::vector<Informer> informers_;
};

void AddWatches(Informers& informers, reconcile::World& world, Router& router,
                reconcile::References& references, reconcile::Metrics& metrics) {
  using api::Kind;
  for (const auto& [kind, resource] :
       {std::pair(Kind::kDataStore, kube::kDataStores), std::pair(Kind::kTenant, kube::kTenants),
        std::pair(Kind::kFixtureSet, kube::kFixtureSets)}) {
    informers.Add({.resource = resource}, reconcile::MakeKindSink(kind, world, router, metrics));
  }
  informers.Add({.resource = kube::kPods, .list = {.label_selector = api::kAgentLabel}},
                reconcile::MakeAgentSink(world, router, metrics));
  const std::string watched = std::string(api::kWatchLabel) + "=true";
  for (const auto& [reference, resource] :
       {std::pair(Router::Reference::kSecret, kube::kSecrets),
        std::pair(Router::Reference::kConfigMap, kube::kConfigMaps)}) {
    informers.Add(
        {.resource = resource, .list = {.label_selector = watched, .metadata_only = true}},
        reconcile::MakeReferenceSink(reference, router, references));
  }
}

// Probes and metrics; one server when both have the same address.
class PlainServers {
 public:
  static Result<PlainServers> Start(const OperatorConfig& config,
                                    const telemetry::Registry& registry,
                                    std::vector<telemetry::ProbeCheck> live,
                                    std::vector<telemetry::ProbeCheck> ready) {
    PlainServers servers;
    servers.probes_ = TRY(net::HttpServer::Make(
        {.bind_address = config.health_probe_bind_address, .max_threads = 4}));
    telemetry::AddProbe(*servers.probes_, "/livez", live);
    telemetry::AddProbe(*servers.probes_, "/healthz", std::move(live));
    telemetry::AddProbe(*servers.probes_, "/readyz", std::move(ready));
    net::HttpServer* metrics = servers.probes_.get();
    if (config.metrics_bind_address != config.health_probe_bind_address) {
      servers.metrics_ = TRY(
          net::HttpServer::Make({.bind_address = config.metrics_bind_address, .max_threads = 4}));
      metrics = servers.metrics_.get();
    }
    telemetry::AddMetrics(*metrics, registry);
    TRY(servers.probes_->Start());
    if (servers.metrics_) {
      TRY(servers.metrics_->Start());
    }
    return servers;
  }

 private:
  std::unique_ptr<net::HttpServer> probes_;
  std::unique_ptr<net::HttpServer> metrics_;
};

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

int WorkAlone(const OperatorConfig& config, reconcile::Controller& controller,
              const std::stop_token& stop) {
  log::Info("working without leader election");
  controller.Run(config.max_concurrent_reconciles, stop);
  return 0;
}

int WorkAsLeader(const OperatorConfig& config, kube::LeaseElection& election,
                 reconcile::Controller& controller, const std::stop_token& stop) {
  if (!election.Acquire(stop)) {
    return 0;
  }
  std::stop_source done;
  // The lease is held until the last pass has ended, and only then given back.
  const std::jthread work([&] {
    controller.Run(config.max_concurrent_reconciles, stop);
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
  auto kube = kube::Client::Make(*kube_config, *registry);
  if (!kube) {
    return Fail(kube.error());
  }
  auto identity = net::TlsIdentity::Load(config.agent_tls);
  if (!identity) {
    return Fail(identity.error());
  }
  CountCertificateReads(**identity, *registry);

  const std::string instance = Identity();
  reconcile::World world;
  reconcile::Metrics metrics(*registry, config.max_concurrent_reconciles);
  reconcile::WorkQueue queue({config.min_retry_delay, config.max_retry_delay}, clock, *registry);
  Router router(world, queue);
  reconcile::References references(**kube, clock);
  reconcile::RunningLoads running_loads;
  reconcile::TaskBoard board([&](const reconcile::WorkKey& key) { router.Wake(key); });
  const auto agents = agents::Client::Make(
      {.identity = *identity, .peer = {config.trust_domain, "agent"}}, *registry,
      [&](const api::TaskReport& report) { board.OnReport(report); });
  const auto events = kube::EventRecorder::Make(**kube, instance, clock);
  const reconcile::Services services{.kube = **kube,
                                     .agents = *agents,
                                     .events = *events,
                                     .world = world,
                                     .router = router,
                                     .board = board,
                                     .references = references,
                                     .running_loads = running_loads,
                                     .metrics = metrics,
                                     .clock = clock,
                                     .tiers = *tiers};
  const std::string process_id = reconcile::RandomToken();
  reconcile::StoreReconciler stores(services, {config.drift_interval, process_id});
  reconcile::TenantReconciler tenants(services,
                                      {config.drift_interval, config.rotation_overlap, process_id});
  reconcile::FixtureReconciler fixtures(services, {.drift_interval = config.drift_interval});
  reconcile::Controller controller(services, queue, stores, tenants, fixtures);

  kube::LeaseElection election(**kube,
                               {.ns = api::Namespace(LeaseNamespace(config, *kube_config)),
                                .name = api::Name(config.leader_election_id),
                                .identity = instance,
                                .lease_duration = config.lease_duration,
                                .renew_deadline = config.renew_deadline,
                                .retry_period = config.retry_period},
                               clock, *registry);
  Informers informers(**kube, *registry);
  AddWatches(informers, world, router, references, metrics);

  const auto synced = [&]() -> Result<void> {
    return informers.synced() ? Result<void>()
                              : Error{ErrorCode::kUnavailable, "the first lists are not complete"};
  };
  const auto leading = [&]() -> Result<void> {
    return election.healthy() ? Result<void>()
                              : Error{ErrorCode::kUnavailable, "the lease was not renewed in time"};
  };
  const auto servers = PlainServers::Start(config, *registry, {{"leader-election", leading}},
                                           {{"informer-sync", synced}});
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
  const ShutdownWatchdog watchdog(stop, config.graceful_shutdown_timeout);
  return config.leader_elect ? WorkAsLeader(config, election, controller, stop)
                             : WorkAlone(config, controller, stop);
}

}  // namespace tenantry
