#include <malloc.h>
#include <signal.h>

#include <cstdlib>
#include <exception>
#include <iostream>
#include <stop_token>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "cli/command_line.h"
#include "cli/console.h"
#include "cli/exit_code.h"
#include "cli/inspect.h"
#include "cli/load.h"
#include "cli/store_url.h"
#include "cli/tenant.h"
#include "common/base/clock.h"

namespace tenantry::cli {
namespace {

// Everybody on this machine can read a process's arguments: passwords in them are overwritten.
// True: there were some.
bool HidePasswords(int argc, char** argv) {
  bool found = false;
  for (int i = 1; i < argc; ++i) {
    for (const PasswordSpan& span : FindPasswords(argv[i])) {
      for (std::size_t at = span.offset; at < span.offset + span.size; ++at) {
        argv[i][at] = 'x';
      }
      found = true;
    }
  }
  return found;
}

// Turns the first SIGINT or SIGTERM into a stop request; a second one ends the process at once.
void WaitForSignals(sigset_t signals, std::stop_source stop) {
  int signal = 0;
  sigwait(&signals, &signal);
  stop.request_stop();
  sigwait(&signals, &signal);
  std::_Exit(kExitCancelled);
}

std::stop_token StopOnSignals() {
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  const std::stop_source stop;
  std::thread(WaitForSignals, signals, stop).detach();
  return stop.get_token();
}

// Runs a command; told what to print instead, it prints that.
class Runner {
 public:
  Runner(std::vector<std::string> words, std::stop_token stop)
      : words_(std::move(words)), stop_(std::move(stop)) {}

  int operator()(const EarlyExit& exit) const {
    (exit.exit_code == kExitOk ? std::cout : std::cerr) << exit.text;
    return exit.exit_code;
  }
  int operator()(const LoadOptions& options) const {
    return RunLoad(options, words_, StandardConsole(options.output), SystemClock(), stop_);
  }
  int operator()(const InspectOptions& options) const {
    return RunInspect(options, std::cout, std::cerr);
  }
  int operator()(const TenantInitOptions& options) const {
    return RunTenantInit(options, StandardConsole(options.output), stop_);
  }
  int operator()(const TenantShowOptions& options) const {
    return RunTenantShow(options, StandardConsole(options.output), stop_);
  }

 private:
  std::vector<std::string> words_;
  std::stop_token stop_;
};

int Main(int argc, char** argv) {
  std::vector<std::string> words(argv, argv + argc);
  if (HidePasswords(argc, argv)) {
    std::cerr << "tenantry: a password in a URL can be seen by others; better give it by "
                 "--password-file, PGPASSWORD, ~/.pgpass or a prompt.\n";
  }
  // Loading threads hand buffers to each other: an arena each would keep what the others need.
  mallopt(M_ARENA_MAX, 2);
  const Command command =
      ParseCommandLine(std::vector<std::string>(words.begin() + (argc > 0 ? 1 : 0), words.end()));
  if (const auto* exit = std::get_if<EarlyExit>(&command)) {
    return Runner({}, {})(*exit);
  }
  const int exit_code = std::visit(Runner(words, StopOnSignals()), command);
  return exit_code == kExitOk && !std::cout.flush() ? kExitFailed : exit_code;
}

}  // namespace
}  // namespace tenantry::cli

int main(int argc, char** argv) {
  try {
    return tenantry::cli::Main(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "tenantry: ended with a bug: " << error.what() << "\n";
    return tenantry::cli::kExitFailed;
  }
}
