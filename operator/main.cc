#include <malloc.h>
#include <signal.h>

#include <atomic>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <stop_token>
#include <thread>
#include <variant>

#include "common/flags/flags.h"
#include "common/telemetry/log.h"
#include "common/telemetry/profiles.h"
#include "operator/app.h"
#include "operator/config.h"

namespace tenantry {
namespace {

// Turns the first SIGTERM or SIGINT into a stop request; the second one ends the process at once.
void WaitForSignals(sigset_t signals, std::stop_source stop) {
  int signal = 0;
  sigwait(&signals, &signal);
  log::Info("stopping", {{"signal", signal}});
  stop.request_stop();
  sigwait(&signals, &signal);
  std::_Exit(1);
}

int Main(int argc, const char* const* argv) {
  const auto parsed = flags::Parse(OperatorFlags(), argc, argv);
  if (const auto* early = std::get_if<flags::EarlyExit>(&parsed)) {
    (early->exit_code == 0 ? std::cout : std::cerr) << early->text;
    return early->exit_code;
  }
  const Result<OperatorConfig> config = MakeOperatorConfig(std::get<flags::Values>(parsed));
  if (!config) {
    std::cerr << "tenantry-operator: " << config.error().message
              << "\nSee tenantry-operator --help.\n";
    return 2;
  }
  log::Configure(config->log_level, config->log_encoding);
  if (!config->debug_bind_address.empty()) {
    telemetry::RestartForHeapProfiles(argv);
  }
  // Workers and watches are many threads that do little: an arena each would cost megabytes.
  mallopt(M_ARENA_MAX, 2);
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  const std::stop_source stop;
  std::thread(WaitForSignals, signals, stop).detach();
  return RunOperator(*config, stop.get_token());
}

}  // namespace
}  // namespace tenantry

int main(int argc, char** argv) {
  try {
    return tenantry::Main(argc, argv);
  } catch (const std::exception& error) {
    tenantry::log::Error("the operator ends with a bug", {{"error", error.what()}});
    return 1;
  }
}
