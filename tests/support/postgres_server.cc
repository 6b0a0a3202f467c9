#include "tests/support/postgres_server.h"

#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>

namespace tenantry::testing {
namespace {

constexpr int kAttempts = 5;  // another process may take the free port first
constexpr std::chrono::seconds kPatience{60};
constexpr std::chrono::milliseconds kPollInterval{10};
constexpr char kSuperuserPassword[] = "superuser-secret";
constexpr char kAdminPassword[] = "admin-secret";

Error Failure(const std::string& why) { return {ErrorCode::kInternal, "PostgreSQL: " + why}; }

// The user that a server may run as: PostgreSQL refuses root.
struct Account {
  uid_t user = ::getuid();
  gid_t group = ::getgid();
};

Result<Account> ServerAccount() {
  if (::geteuid() != 0) {
    return Account{};
  }
  const passwd* entry = ::getpwnam("postgres");
  if (entry == nullptr) {
    return Failure("root needs the user postgres to run it as");
  }
  return Account{entry->pw_uid, entry->pw_gid};
}

// The newest installed server's programs, or those on PATH.
std::string Program(const std::string& name) {
  int newest = 0;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/usr/lib/postgresql", ignored)) {
    if (std::filesystem::exists(entry.path() / "bin" / name, ignored)) {
      newest = std::max(newest, std::atoi(entry.path().filename().c_str()));
    }
  }
  return newest == 0 ? name : "/usr/lib/postgresql/" + std::to_string(newest) + "/bin/" + name;
}

Result<int> FreePort() {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  const bool found =
      ::bind(descriptor, generic, size) == 0 && ::getsockname(descriptor, generic, &size) == 0;
  ::close(descriptor);
  if (!found) {
    return Failure("no free port");
  }
  return static_cast<int>(ntohs(address.sin_port));
}

// Runs in the child between fork and exec: system calls only.
[[noreturn]] void Become(const Account& account, std::vector<char*>& arguments,
                         const char* log_path, pid_t parent) {
  const int log = ::open(log_path, O_WRONLY | O_CREAT | O_APPEND, 0644);
  const bool is_root = ::geteuid() == 0;
  if (is_root && (::setgroups(0, nullptr) != 0 || ::setgid(account.group) != 0 ||
                  ::setuid(account.user) != 0)) {
    ::_exit(126);
  }
  ::prctl(PR_SET_PDEATHSIG,
          SIGQUIT);  // PostgreSQL's immediate shutdown; after setuid, which clears it
  if (::getppid() != parent || log < 0) {
    ::_exit(126);
  }
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  ::execvp(arguments[0], arguments.data());
  ::_exit(127);
}

Result<pid_t> Spawn(std::vector<std::string> words, const std::string& log_path) {
  const Account account = TRY(ServerAccount());
  std::vector<char*> arguments;
  for (std::string& word : words) {
    arguments.push_back(word.data());
  }
  arguments.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child == 0) {
    Become(account, arguments, log_path.c_str(), parent);
  }
  if (child < 0) {
    return Failure("fork failed");
  }
  return child;
}

Result<void> Run(const std::vector<std::string>& words, const std::string& log_path) {
  const pid_t child = TRY(Spawn(words, log_path));
  int status = 0;
  if (::waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return Failure(words.front() + " failed");
  }
  return {};
}

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

constexpr char kSettings[] =
    "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\nssl = on\n"
    "ssl_cert_file = '../server.crt'\nssl_key_file = '../server.key'\nmax_connections = 60\n"
    "shared_buffers = 32MB\npassword_encryption = scram-sha-256\nautovacuum = off\n"
    "log_statement = 'ddl'\n";

}  // namespace

PostgresServer::PostgresServer(std::filesystem::path folder) : folder_(std::move(folder)) {}

PostgresServer::~PostgresServer() {
  Stop();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

Result<std::unique_ptr<PostgresServer>> PostgresServer::Start() {
  std::string pattern =
      (std::filesystem::temp_directory_path() / "tenantry-postgres-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) {
    return Failure("no folder for it");
  }
  std::unique_ptr<PostgresServer> server(new PostgresServer(pattern));
  TRY(server->Prepare());
  Result<void> ready = Failure("not tried");
  for (int attempt = 0; attempt < kAttempts && !ready; ++attempt) {
    TRY(server->Launch());
    ready = server->AwaitReady();
  }
  if (!ready) {
    return std::move(ready).error();
  }
  TRY(server->Script("postgres", "CREATE ROLE tenantry_admin LOGIN CREATEROLE CREATEDB PASSWORD '" +
                                     std::string(kAdminPassword) + "'"));
  TRY(server->Script("postgres", "CREATE DATABASE app OWNER tenantry_admin"));
  return server;
}

Result<void> PostgresServer::Prepare() {
  const Account account = TRY(ServerAccount());
  if (::chown(folder_.c_str(), account.user, account.group) != 0) {
    return Failure("its folder cannot be given to its user");
  }
  const std::string log = folder_ / "log";
  const std::string password_file = folder_ / "password";
  std::ofstream(password_file) << kSuperuserPassword;
  Result<void> made = Run({Program("initdb"), "--pgdata=" + (folder_ / "data").string(),
                           "--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8",
                           "--locale=C.UTF-8", "--no-sync", "--pwfile=" + password_file},
                          log);
  if (made) {
    made = Run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                "-nodes", "-days", "2", "-subj", "/CN=tenantry test", "-addext",
                "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", folder_ / "server.key",
                "-out", folder_ / "server.crt"},
               log);
  }
  if (!made) {
    return Failure(made.error().message + ": " + Log());
  }
  ca_pem_ = ReadFile(folder_ / "server.crt");
  std::ofstream(folder_ / "data" / "postgresql.auto.conf") << kSettings;
  return {};
}

Result<void> PostgresServer::Launch() {
  Stop();
  port_ = TRY(FreePort());
  pid_ = TRY(Spawn({Program("postgres"), "-D", folder_ / "data", "-p", std::to_string(port_), "-c",
                    "listen_addresses=127.0.0.1,127.0.0.2", "-k", folder_},
                   folder_ / "log"));
  return {};
}

Result<void> PostgresServer::AwaitReady() {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (std::chrono::steady_clock::now() < deadline) {
    if (::waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = -1;
      return Failure("ended at once: " + Log());
    }
    if (Query("postgres", "SELECT 1")) {
      return {};
    }
    std::this_thread::sleep_for(kPollInterval);
  }
  return Failure("does not answer: " + Log());
}

std::string PostgresServer::Log() const { return ReadFile(folder_ / "log"); }

api::PostgresAccess PostgresServer::admin(const std::string& database) const {
  return access("tenantry_admin", kAdminPassword, database);
}

api::PostgresAccess PostgresServer::superuser(const std::string& database) const {
  return access("postgres", kSuperuserPassword, database);
}

api::PostgresAccess PostgresServer::access(const std::string& user, const std::string& password,
                                           const std::string& database) const {
  return {.host = "127.0.0.1",
          .port = port_,
          .database = database,
          .ssl_mode = api::SslMode::kVerifyFull,
          .ca_pem = ca_pem_,
          .user = user,
          .password = Secret(password)};
}

Result<postgres::Rows> PostgresServer::Query(
    const std::string& database, const std::string& sql,
    const std::vector<postgres::Parameter>& parameters) const {
  const auto connection = TRY(postgres::Connection::Open(superuser(database), "test"));
  return connection->Execute(sql, parameters);
}

Result<void> PostgresServer::Script(const std::string& database, const std::string& sql) const {
  const auto connection = TRY(postgres::Connection::Open(superuser(database), "test"));
  return connection->ExecuteScript(sql);
}

std::string PostgresServer::Value(const std::string& database, const std::string& sql) const {
  const Result<postgres::Rows> rows = Query(database, sql);
  if (!rows) {
    return "error: " + rows.error().message;
  }
  return rows->empty() ? "" : rows->Text(0);
}

void PostgresServer::Stop() {
  if (pid_ <= 0) {
    return;
  }
  ::kill(pid_, SIGQUIT);  // at once: nothing is kept, so nothing is to be saved
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

}  // namespace tenantry::testing
