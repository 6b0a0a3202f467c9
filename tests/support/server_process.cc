#include "tests/support/server_process.h"

namespace tenantry::testing {
namespace {

constexpr int kAttempts = 5;  // another process may take the free port first
constexpr std::chrono::seconds kPatience{60};

}  // namespace

Result<std::unique_ptr<ServerProcess>> ServerProcess::Start(const TemporaryFolder& folder,
                                                            const Options& options) {
  auto started = TryStart(folder, options);
  for (int attempt = 1; attempt < kAttempts && !started; ++attempt) {
    started = TryStart(folder, options);
  }
  return started;
}

Result<std::unique_ptr<ServerProcess>> ServerProcess::TryStart(const TemporaryFolder& folder,
                                                               const Options& options) {
  const int port = TRY(FreePort());
  auto process = TRY(ChildProcess::Start({.arguments = options.arguments(port),
                                          .log_file = folder.path() + "/log",
                                          .user = options.user,
                                          .death_signal = options.end_signal}));
  bool answers = false;
  (void)WaitUntil(kPatience, [&] {
    answers = options.answers(port);
    return answers || !process->Running();
  });
  std::unique_ptr<ServerProcess> server(
      new ServerProcess(std::move(process), port, options.end_signal));
  if (!answers) {
    return Error{.code = ErrorCode::kInternal,
                 .message = options.name + " does not answer: " + server->process_->Log()};
  }
  return server;
}

void ServerProcess::Stop() {
  process_->Signal(end_signal_);
  (void)process_->Wait(kPatience);
}

}  // namespace tenantry::testing
