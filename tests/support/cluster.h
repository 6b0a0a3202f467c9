#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/api/protocol.h"
#include "common/base/result.h"

// What system tests need: the local cluster that they run against, processes and commands.
namespace tenantry::testing {

// The local cluster as hack/local_cluster.sh env describes it.
struct ClusterEnvironment {
  std::filesystem::path directory;  // of the cluster's files, for scratch files that go with it
  std::string kubeconfig;           // of a cluster administrator
  std::string operator_kubeconfig;  // of an account with exactly the operator's rights
  std::string audit_log;            // of the API server: each write, as JSON lines
  std::filesystem::path pki;        // ca.crt, operator.{crt,key}, agent.{crt,key}
  api::PostgresAccess postgres;     // the admin role (CREATEROLE CREATEDB), in database app
  api::RedisAccess redis;           // the admin user
};

// kInvalid, naming the variable and hack/run_tests.sh, when this process has no such environment.
Result<ClusterEnvironment> ReadClusterEnvironment();

// The path of a program of the same build as this test: "tenantry-operator".
std::string ProgramPath(const std::string& name);

// A TCP port of 127.0.0.1 that was free a moment ago.
Result<int> FreePort();

// Asks `condition` again and again until it holds (true) or `patience` is over (false).
bool WaitUntil(std::chrono::milliseconds patience, const std::function<bool()>& condition,
               std::chrono::milliseconds interval = std::chrono::milliseconds(20));

struct Command {
  std::vector<std::string> arguments;  // the program first, found by PATH
  std::string input;                   // its standard input
  std::chrono::milliseconds patience{60'000};
};

struct CommandResult {
  int exit_code = 0;   // 128 + the signal that ended it
  std::string output;  // standard output
  std::string errors;  // standard error
};

// Runs a command to its end. kUnavailable when it takes too long (then it is killed); kNotFound
// when there is no such program. A failing command is no error here.
Result<CommandResult> RunCommand(const Command& command);

// kubectl with these arguments: its standard output, or its standard error as the error's message.
Result<std::string> Kubectl(std::vector<std::string> arguments, std::string input = {});

struct ProcessOptions {
  std::vector<std::string> arguments;  // the program first, found by PATH
  std::filesystem::path log_file;      // standard output and error are appended to it
  std::vector<std::pair<std::string, std::string>> environment = {};  // beside this process' own
  std::string user = {};  // as whom it runs when we are root; empty: as root
  int death_signal = 9;   // what it gets when the thread that started it ends
};

// The words that make a command run as `user` when we are root: what comes before it.
std::vector<std::string> RunAs(const std::string& user,
                               const std::vector<std::string>& options = {});

// A process in the background, in a process group of its own. It dies with this object, and with
// the thread that started it.
class ChildProcess {
 public:
  static Result<std::unique_ptr<ChildProcess>> Start(const ProcessOptions& options);
  ~ChildProcess();  // SIGKILL to the whole group
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }
  bool Running();
  void Signal(int signal);  // nothing when it has ended
  // Its exit code, or 128 + the signal that ended it; kUnavailable when it does not end in time.
  Result<int> Wait(std::chrono::milliseconds patience);
  // SIGTERM, then as Wait.
  Result<int> Stop(std::chrono::milliseconds patience = std::chrono::seconds(30));
  std::string Log() const;  // the log file's text

 private:
  ChildProcess(pid_t pid, std::filesystem::path log_file)
      : pid_(pid), log_file_(std::move(log_file)) {}

  pid_t pid_;
  std::filesystem::path log_file_;
  bool ended_ = false;
  int exit_code_ = 0;
};

}  // namespace tenantry::testing
