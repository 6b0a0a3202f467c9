#include "tests/adapter/cli/command.h"

#include <sstream>
#include <utility>
#include <variant>

#include "cli/command_line.h"
#include "cli/inspect.h"
#include "cli/load.h"
#include "cli/tenant.h"
#include "common/api/connection_uri.h"
#include "common/base/clock.h"

namespace tenantry::cli {
namespace {

class Runner {
 public:
  Runner(const std::vector<std::string>& words, std::stop_token stop)
      : words_(words), stop_(std::move(stop)) {}

  int operator()(const EarlyExit& exit) {
    err_ << exit.text;
    return exit.exit_code;
  }
  int operator()(const LoadOptions& options) {
    std::vector<std::string> words = {"tenantry"};
    words.insert(words.end(), words_.begin(), words_.end());
    return RunLoad(options, words, MakeConsole(options.output), SystemClock(), stop_);
  }
  int operator()(const InspectOptions& options) { return RunInspect(options, out_, err_); }
  int operator()(const TenantInitOptions& options) {
    return RunTenantInit(options, MakeConsole(options.output), stop_);
  }
  int operator()(const TenantShowOptions& options) {
    return RunTenantShow(options, MakeConsole(options.output), stop_);
  }

  Ended Take(int exit_code) const { return {exit_code, out_.str(), err_.str()}; }

 private:
  Console MakeConsole(const OutputOptions& output) {
    return {.out = out_, .err = err_, .quiet = output.quiet};
  }

  const std::vector<std::string>& words_;
  std::stop_token stop_;
  std::ostringstream out_, err_;
};

}  // namespace

Ended RunTool(const std::vector<std::string>& words, std::stop_token stop) {
  Runner runner(words, std::move(stop));
  const int exit_code = std::visit(runner, ParseCommandLine(words));
  return runner.Take(exit_code);
}

std::string UrlOf(const api::PostgresAccess& access) {
  api::PostgresAccess plain = access;
  plain.ssl_mode = api::SslMode::kRequire;
  return api::PostgresUri(plain);
}

}  // namespace tenantry::cli
