#include <malloc.h>
#include <signal.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <stop_token>
#include <thread>
#include <variant>

#include "agent/app.h"
#include "agent/config.h"
#include "agent/load/handlers.h"
#include "agent/provision/handlers.h"
#include "common/flags/flags.h"
#include "common/telemetry/log.h"
#include "common/telemetry/profiles.h"

namespace tenantry::agent {
namespace {

// Turns the first SIGTERM or SIGINT into a stop request. A second one, or the end of the patience
// for a clean stop, ends the process at once.
void WaitForSignals(sigset_t signals, std::stop_source stop, std::chrono::milliseconds patience) {
  int signal = 0;
  sigwait(&signals, &signal);
  log::Info("stopping", {{"signal", signal}});
  stop.request_stop();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(patience);
  const auto rest = std::chrono::nanoseconds(patience - seconds);
  const timespec timeout{.tv_sec = seconds.count(), .tv_nsec = rest.count()};
  do {
    signal = sigtimedwait(&signals, nullptr, &timeout);
  } while (signal < 0 && errno == EINTR);
  if (signal < 0) {
    log::Error("tasks did not reach a safe point in time; they are cut off");
  }
  std::_Exit(1);
}

TaskHandlers MakeHandlers(const AgentConfig& config) {
  TaskHandlers handlers = MakeProvisionHandlers({});
  handlers.merge(MakeLoadHandlers(
      {.fixtures_dir = config.fixtures_dir,
       .limits = {.connections = config.connections,
                  .memory_bytes = config.memory_limit_bytes / config.max_concurrent_tasks}}));
  return handlers;
}

int Main(int argc, const char* const* argv) {
  const auto parsed = flags::Parse(AgentFlags(), argc, argv);
  if (const auto* early = std::get_if<flags::EarlyExit>(&parsed)) {
    (early->exit_code == 0 ? std::cout : std::cerr) << early->text;
    return early->exit_code;
  }
  const Result<AgentConfig> config = MakeAgentConfig(std::get<flags::Values>(parsed));
  if (!config) {
    std::cerr << "tenantry-agent: " << config.error().message << "\nSee tenantry-agent --help.\n";
    return 2;
  }
  log::Configure(config->log_level, config->log_encoding);
  if (!config->debug_bind_address.empty()) {
    telemetry::RestartForHeapProfiles(argv);
  }
  // Connections and tasks are threads that do little: an arena each would cost megabytes.
  mallopt(M_ARENA_MAX, 2);
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  const std::stop_source stop;
  std::thread(WaitForSignals, signals, stop, config->graceful_shutdown_timeout).detach();
  return RunAgent(*config, MakeHandlers(*config), stop.get_token());
}

}  // namespace
}  // namespace tenantry::agent

int main(int argc, char** argv) {
  try {
    return tenantry::agent::Main(argc, argv);
  } catch (const std::exception& error) {
    tenantry::log::Error("the agent ends with a bug", {{"error", error.what()}});
    return 1;
  }
}
