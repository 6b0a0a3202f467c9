// Puts load on a Kubernetes API for the benchmarks, cheaply enough not to be what is measured. Each
// command prints one line of JSON.

#include <signal.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <exception>
#include <iostream>
#include <memory>
#include <thread>

#include "common/telemetry/metrics.h"
#include "operator/kube/client.h"
#include "operator/kube/reflector.h"
#include "tests/bench/load/objects.h"
#include "tests/bench/load/parallel.h"
#include "tests/bench/load/settle.h"

namespace tenantry::bench {
namespace {

using std::chrono::steady_clock;

struct Settings {
  std::string kubeconfig;
  api::Namespace ns{"default"};
  std::string prefix = "t";
  int count = 1000;
  int connections = 4;
  std::size_t bytes = 2048;
  int patience_seconds = 600;
  double per_second = 20;
  int changes = 1000;
};

class Load {
 public:
  Load(Settings settings, kube::Client& kube, telemetry::Registry& metrics)
      : settings_(std::move(settings)), kube_(kube), metrics_(metrics) {}

  // Creates the Tenants and no more.
  Result<Json> Create() {
    const auto begin = steady_clock::now();
    TRY(CreateTenants());
    return Json{{"seconds", Since(begin)}};
  }

  // Creates the Tenants and waits until some operator has made all of them Ready.
  Result<Json> Settle() {
    ReadyCount ready;
    kube::Reflector reflector(kube_, {.resource = kube::kTenants, .list = {.ns = settings_.ns}},
                              ready, metrics_);
    const std::jthread watch([&](std::stop_token stop) { reflector.Run(stop); });
    while (!reflector.synced()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    const std::size_t wanted = ready.count() + static_cast<std::size_t>(settings_.count);
    const auto begin = steady_clock::now();
    TRY(CreateTenants());
    const double created = Since(begin);
    if (!ready.WaitFor(wanted, std::chrono::seconds(settings_.patience_seconds))) {
      return Error{ErrorCode::kUnavailable, std::to_string(ready.count()) + " of " +
                                                std::to_string(wanted) + " Tenants became Ready"};
    }
    return Json{{"seconds", Since(begin)}, {"createdAfter", created}};
  }

  // The writes of Settle, user's and operator's, with nobody there but the API server.
  Result<Json> Writes() {
    const auto begin = steady_clock::now();
    TRY(RunParallel(settings_.count, settings_.connections, [&](int i) { return WriteAll(i); }));
    return Json{{"seconds", Since(begin)}};
  }

  Result<Json> Secrets() {
    const auto begin = steady_clock::now();
    TRY(RunParallel(settings_.count, settings_.connections,
                    [&](int i) { return CreateSecret(i); }));
    return Json{{"seconds", Since(begin)}};
  }

  // Edits one Tenant after the other, as people do. For each: its UID, its new generation, and when
  // the edit was sent, in nanoseconds of the system's clock.
  Result<Json> Edit() {
    Json edits = Json::array();
    const std::chrono::duration<double> pause(1 / settings_.per_second);
    for (int i = 0; i < settings_.count; ++i) {
      const auto due = steady_clock::now() + pause;
      const auto sent = std::chrono::system_clock::now().time_since_epoch();
      const Json patch = Json::array(
          {{{"op", "add"}, {"path", "/spec/config/locale"}, {"value", "l" + std::to_string(i)}}});
      const Json tenant =
          TRY(kube_.JsonPatch(kube::kTenants, settings_.ns, api::Name(NameOf(i)), patch));
      edits.push_back({{"uid", tenant["metadata"]["uid"]},
                       {"generation", tenant["metadata"]["generation"]},
                       {"sent", std::chrono::nanoseconds(sent).count()}});
      std::this_thread::sleep_until(due);
    }
    return Json{{"edits", std::move(edits)}};
  }

  // Changes the Tenants in turn, evenly over time; one of twenty is deleted, and made anew when it
  // is its turn again.
  Result<Json> Churn() {
    const auto begin = steady_clock::now();
    const std::chrono::duration<double> pause(1 / settings_.per_second);
    for (int i = 0; i < settings_.changes; ++i) {
      const Result<void> changed = ChangeTenant(i);
      // Still going: the next turn will do.
      if (!changed && changed.error().code != ErrorCode::kConflict) {
        return changed.error();
      }
      std::this_thread::sleep_until(begin +
                                    std::chrono::duration_cast<steady_clock::duration>(pause * i));
    }
    return Json{{"seconds", Since(begin)}};
  }

 private:
  std::string NameOf(int i) const { return settings_.prefix + std::to_string(i); }

  static double Since(steady_clock::time_point begin) {
    return std::chrono::duration<double>(steady_clock::now() - begin).count();
  }

  Result<void> CreateTenants() {
    return RunParallel(settings_.count, settings_.connections,
                       [&](int i) { return CreateTenant(i); });
  }

  Result<void> CreateTenant(int i) {
    TRY(kube_.Create(kube::kTenants, settings_.ns,
                     MakeTenant(settings_.ns, NameOf(i), settings_.bytes)));
    return {};
  }

  Result<void> ChangeTenant(int i) {
    constexpr int kOneIsDeletedOf = 20;
    const int number = i % settings_.count;
    const api::Name name(NameOf(number));
    if ((i + i / settings_.count) % kOneIsDeletedOf == 0) {
      const Result<void> deleted = kube_.Delete(kube::kTenants, settings_.ns, name);
      return deleted || deleted.error().code == ErrorCode::kNotFound ? Result<void>() : deleted;
    }
    const Json patch = Json::array(
        {{{"op", "add"}, {"path", "/spec/config/locale"}, {"value", "c" + std::to_string(i)}}});
    const Result<Json> patched = kube_.JsonPatch(kube::kTenants, settings_.ns, name, patch);
    if (patched) {
      return {};
    }
    return patched.error().code == ErrorCode::kNotFound ? CreateTenant(number)
                                                        : Result<void>(patched.error());
  }

  Result<void> CreateSecret(int i) {
    TRY(kube_.Create(kube::kSecrets, settings_.ns,
                     MakeUnrelatedSecret(settings_.ns, NameOf(i), settings_.bytes)));
    return {};
  }

  Result<void> WriteAll(int i) {
    const std::string name = NameOf(i);
    const Json tenant = MakeTenant(settings_.ns, name, settings_.bytes);
    TRY(kube_.Create(kube::kTenants, settings_.ns, tenant));
    TRY(kube_.JsonPatch(kube::kTenants, settings_.ns, api::Name(name), FinalizerPatch()));
    TRY(kube_.Create(kube::kSecrets, settings_.ns, MakeBinding(settings_.ns, name)));
    TRY(kube_.Create(kube::kConfigMaps, settings_.ns, MakeConfig(settings_.ns, tenant)));
    TRY(kube_.PatchStatus(kube::kTenants, settings_.ns, api::Name(name), ReadyPatch(name)));
    return {};
  }

  const Settings settings_;
  kube::Client& kube_;
  telemetry::Registry& metrics_;
};

struct Command {
  const char* name;
  const char* help;
  Result<Json> (Load::*run)();
};
constexpr Command kCommands[] = {
    {"create", "create Tenants", &Load::Create},
    {"settle", "create Tenants and wait until all are Ready", &Load::Settle},
    {"writes", "do an operator's writes for Tenants, and their creation", &Load::Writes},
    {"secrets", "create Secrets that are nobody's", &Load::Secrets},
    {"edit", "edit one Tenant after the other", &Load::Edit},
    {"churn", "edit, delete and create Tenants in turn", &Load::Churn},
};

Result<Json> Run(const Command& command, const Settings& settings) {
  const auto metrics = telemetry::Registry::Make();
  const kube::Config config = TRY(kube::LoadConfig(settings.kubeconfig, ""));
  const auto kube = TRY(kube::Client::Make(config, *metrics));
  Load load(settings, *kube, *metrics);
  return (load.*command.run)();
}

int Main(int argc, char** argv) {
  ::signal(SIGPIPE, SIG_IGN);
  Settings settings;
  std::string ns = settings.ns.value();
  CLI::App app("Puts load on a Kubernetes API.");
  app.require_subcommand(1);
  for (const Command& command : kCommands) {
    CLI::App* sub = app.add_subcommand(command.name, command.help);
    sub->add_option("--kubeconfig", settings.kubeconfig);
    sub->add_option("--namespace", ns);
    sub->add_option("--prefix", settings.prefix, "of the objects' names");
    sub->add_option("--count", settings.count);
    sub->add_option("--connections", settings.connections, "requests side by side");
    sub->add_option("--bytes", settings.bytes, "of each object");
    sub->add_option("--patience", settings.patience_seconds, "seconds");
    sub->add_option("--per-second", settings.per_second, "edits or changes");
    sub->add_option("--changes", settings.changes, "of churn, in all");
  }
  CLI11_PARSE(app, argc, argv);
  settings.ns = api::Namespace(ns);
  for (const Command& command : kCommands) {
    if (!app.got_subcommand(command.name)) {
      continue;
    }
    const Result<Json> outcome = Run(command, settings);
    if (!outcome) {
      std::cerr << "bench-load " << command.name << ": " << outcome.error().message << '\n';
      return 1;
    }
    std::cout << outcome->dump() << '\n';
  }
  return 0;
}

}  // namespace
}  // namespace tenantry::bench

int main(int argc, char** argv) {
  try {
    return tenantry::bench::Main(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "bench-load: " << error.what() << '\n';
    return 1;
  }
}
