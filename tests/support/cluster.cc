#include "tests/support/cluster.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>
#include <thread>

namespace tenantry::testing {
namespace {

// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() {
    if (value_ >= 0) {
      ::close(value_);
    }
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return value_; }

 private:
  int value_;
};

Error Failure(const std::string& what) {
  return {.code = ErrorCode::kInternal, .message = what + ": " + std::strerror(errno)};
}

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

Result<std::string> Variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing sets it
  if (value == nullptr || *value == '\0') {
    return Error{.code = ErrorCode::kInvalid,
                 .message = std::string(name) +
                            " is not set: run the tests by hack/run_tests.sh, or first " +
                            "eval \"$(hack/local_cluster.sh env)\""};
  }
  return std::string(value);
}

Result<Secret> SecretFile(const char* name) {
  std::string text = ReadFile(TRY(Variable(name)));
  if (!text.empty() && text.back() == '\n') {
    text.pop_back();
  }
  return Secret(std::move(text));
}

// The arguments of posix_spawn for one child: environment, signals, process group, descriptors.
class SpawnPlan {
 public:
  SpawnPlan() {
    ::posix_spawnattr_init(&attributes_);
    ::posix_spawn_file_actions_init(&actions_);
    sigset_t defaults;
    sigset_t none;
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    ::posix_spawnattr_setsigdefault(&attributes_, &defaults);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ::posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  }
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  void Redirect(int descriptor, int from) {
    ::posix_spawn_file_actions_adddup2(&actions_, from, descriptor);
  }

  Result<pid_t> Run(std::vector<std::string> arguments, std::vector<std::string> variables) {
    const std::size_t own = variables.size();
    for (char** inherited = environ; *inherited != nullptr; ++inherited) {
      const std::string text = *inherited;
      const std::string name = text.substr(0, text.find('=') + 1);
      const bool overridden =
          std::any_of(variables.begin(), variables.begin() + static_cast<std::ptrdiff_t>(own),
                      [&](const std::string& variable) { return variable.starts_with(name); });
      if (!overridden) {
        variables.push_back(text);
      }
    }
    pid_t pid = 0;
    const int code = ::posix_spawnp(&pid, arguments.front().c_str(), &actions_, &attributes_,
                                    Pointers(arguments).data(), Pointers(variables).data());
    if (code != 0) {
      return Error{.code = code == ENOENT ? ErrorCode::kNotFound : ErrorCode::kInternal,
                   .message = arguments.front() + ": " + std::strerror(code)};
    }
    return pid;
  }

 private:
  static std::vector<char*> Pointers(std::vector<std::string>& words) {
    std::vector<char*> pointers;
    pointers.reserve(words.size() + 1);
    for (std::string& word : words) {
      pointers.push_back(word.data());
    }
    pointers.push_back(nullptr);
    return pointers;
  }

  posix_spawnattr_t attributes_{};
  posix_spawn_file_actions_t actions_{};
};

// A file in memory with this text, to be read or written from its start.
int MemoryFile(const std::string& text) {
  const int file = ::memfd_create("tenantry-test", MFD_CLOEXEC);
  std::size_t written = 0;
  while (file >= 0 && written < text.size()) {
    const ssize_t size = ::write(file, text.data() + written, text.size() - written);
    if (size <= 0) {
      break;
    }
    written += static_cast<std::size_t>(size);
  }
  ::lseek(file, 0, SEEK_SET);
  return file;
}

std::string TextOf(const Descriptor& file) {
  return ReadFile("/proc/self/fd/" + std::to_string(file.get()));
}

int ExitCode(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// Waits for the child's end and reaps it; none when it is not over by then.
std::optional<int> Reap(pid_t pid, std::chrono::milliseconds patience) {
  const Descriptor watched(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  pollfd poll_entry{.fd = watched.get(), .events = POLLIN, .revents = 0};
  const auto deadline = std::chrono::steady_clock::now() + patience;
  int status = 0;
  while (::waitpid(pid, &status, WNOHANG) != pid) {
    const auto rest = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (rest.count() <= 0) {
      return std::nullopt;
    }
    ::poll(&poll_entry, 1, static_cast<int>(rest.count()));
  }
  return ExitCode(status);
}

void KillGroup(pid_t pid) {
  ::kill(-pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
}

}  // namespace

Result<ClusterEnvironment> ReadClusterEnvironment() {
  ClusterEnvironment cluster;
  cluster.directory = TRY(Variable("TENANTRY_CLUSTER_DIR"));
  cluster.kubeconfig = TRY(Variable("KUBECONFIG"));
  cluster.operator_kubeconfig = TRY(Variable("TENANTRY_OPERATOR_KUBECONFIG"));
  cluster.audit_log = TRY(Variable("TENANTRY_AUDIT_LOG"));
  cluster.pki = TRY(Variable("TENANTRY_PKI_DIR"));
  const std::string postgres_port = TRY(Variable("TENANTRY_POSTGRES_PORT"));
  cluster.postgres = {.host = TRY(Variable("TENANTRY_POSTGRES_HOST")),
                      .port = std::atoi(postgres_port.c_str()),
                      .database = TRY(Variable("TENANTRY_POSTGRES_DATABASE")),
                      .ssl_mode = api::SslMode::kVerifyFull,
                      .ca_pem = ReadFile(TRY(Variable("TENANTRY_POSTGRES_CA_FILE"))),
                      .user = TRY(Variable("TENANTRY_POSTGRES_ADMIN_USER")),
                      .password = TRY(SecretFile("TENANTRY_POSTGRES_ADMIN_PASSWORD_FILE"))};
  const std::string redis_port = TRY(Variable("TENANTRY_REDIS_PORT"));
  cluster.redis = {.host = TRY(Variable("TENANTRY_REDIS_HOST")),
                   .port = std::atoi(redis_port.c_str()),
                   .user = "",
                   .password = TRY(SecretFile("TENANTRY_REDIS_PASSWORD_FILE"))};
  return cluster;
}

std::string ProgramPath(const std::string& name) {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / name;
}

Result<int> FreePort() {
  const Descriptor probe(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(probe.get(), generic, size) != 0 || ::getsockname(probe.get(), generic, &size) != 0) {
    return Failure("no free port on 127.0.0.1");
  }
  return static_cast<int>(ntohs(address.sin_port));
}

bool WaitUntil(std::chrono::milliseconds patience, const std::function<bool()>& condition,
               std::chrono::milliseconds interval) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline) {
      return false;
    }
    std::this_thread::sleep_for(interval);
  }
  return true;
}

Result<CommandResult> RunCommand(const Command& command) {
  const Descriptor input(MemoryFile(command.input));
  const Descriptor output(MemoryFile(""));
  const Descriptor errors(MemoryFile(""));
  if (input.get() < 0 || output.get() < 0 || errors.get() < 0) {
    return Failure("memfd_create");
  }
  SpawnPlan plan;
  plan.Redirect(STDIN_FILENO, input.get());
  plan.Redirect(STDOUT_FILENO, output.get());
  plan.Redirect(STDERR_FILENO, errors.get());
  const pid_t pid = TRY(plan.Run(command.arguments, {}));
  const std::optional<int> code = Reap(pid, command.patience);
  if (!code) {
    KillGroup(pid);
    return Error{.code = ErrorCode::kUnavailable,
                 .message = command.arguments.front() + " did not end within " +
                            std::to_string(command.patience.count()) + " ms: " + TextOf(errors)};
  }
  return CommandResult{.exit_code = *code, .output = TextOf(output), .errors = TextOf(errors)};
}

Result<std::string> Kubectl(std::vector<std::string> arguments, std::string input) {
  arguments.insert(arguments.begin(), "kubectl");
  CommandResult result =
      TRY(RunCommand({.arguments = std::move(arguments), .input = std::move(input)}));
  if (result.exit_code != 0) {
    return Error{.code = ErrorCode::kInvalid, .message = std::move(result.errors)};
  }
  return std::move(result.output);
}

std::vector<std::string> RunAs(const std::string& user, const std::vector<std::string>& options) {
  std::vector<std::string> words = {"setpriv"};  // it becomes the program
  words.insert(words.end(), options.begin(), options.end());
  if (::geteuid() == 0 && !user.empty()) {
    words.insert(words.end(), {"--reuid", user, "--regid", user, "--clear-groups"});
  }
  words.emplace_back("--");
  return words;
}

Result<std::unique_ptr<ChildProcess>> ChildProcess::Start(const ProcessOptions& options) {
  const Descriptor nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const Descriptor log(
      ::open(options.log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (log.get() < 0) {
    return Failure(options.log_file);
  }
  // A test that is killed leaves no process behind.
  std::vector<std::string> arguments =
      RunAs(options.user, {"--pdeathsig", ::sigabbrev_np(options.death_signal)});
  arguments.insert(arguments.end(), options.arguments.begin(), options.arguments.end());
  std::vector<std::string> variables;
  variables.reserve(options.environment.size());
  for (const auto& [name, value] : options.environment) {
    variables.push_back(name + "=" + value);
  }
  SpawnPlan plan;
  plan.Redirect(STDIN_FILENO, nothing.get());
  plan.Redirect(STDOUT_FILENO, log.get());
  plan.Redirect(STDERR_FILENO, log.get());
  const pid_t pid = TRY(plan.Run(std::move(arguments), std::move(variables)));
  return std::unique_ptr<ChildProcess>(new ChildProcess(pid, options.log_file));
}

ChildProcess::~ChildProcess() {
  if (Running()) {
    KillGroup(pid_);
  }
}

bool ChildProcess::Running() { return !Wait(std::chrono::milliseconds(0)); }

void ChildProcess::Signal(int signal) {
  if (Running()) {
    ::kill(pid_, signal);
  }
}

Result<int> ChildProcess::Wait(std::chrono::milliseconds patience) {
  if (!ended_) {
    const std::optional<int> code = Reap(pid_, patience);
    if (!code) {
      return Error{.code = ErrorCode::kUnavailable,
                   .message = "process " + std::to_string(pid_) + " does not end"};
    }
    ended_ = true;
    exit_code_ = *code;
  }
  return exit_code_;
}

Result<int> ChildProcess::Stop(std::chrono::milliseconds patience) {
  Signal(SIGTERM);
  return Wait(patience);
}

std::string ChildProcess::Log() const { return ReadFile(log_file_); }

}  // namespace tenantry::testing
