#include "tests/support/postgres_server.h"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <utility>

namespace tenantry::testing {
namespace {

constexpr char kUser[] = "postgres";  // PostgreSQL refuses to run as root
constexpr char kSuperuserPassword[] = "superuser-secret";
constexpr char kAdminPassword[] = "admin-secret";

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

Result<void> Run(const std::string& user, const std::vector<std::string>& words) {
  std::vector<std::string> arguments = RunAs(user);
  arguments.insert(arguments.end(), words.begin(), words.end());
  const CommandResult ended = TRY(RunCommand({.arguments = std::move(arguments)}));
  if (ended.exit_code != 0) {
    return Error{ErrorCode::kInternal, words.front() + ": " + ended.output + ended.errors};
  }
  return {};
}

constexpr char kSettings[] =
    "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\nssl = on\n"
    "ssl_cert_file = '../server.crt'\nssl_key_file = '../server.key'\nmax_connections = 60\n"
    "shared_buffers = 32MB\npassword_encryption = scram-sha-256\nautovacuum = off\n"
    "log_statement = 'ddl'\n";

// The words that run a command with a disk of its own at `folder`: nobody else sees it, and it is
// gone when the command ends.
std::vector<std::string> WithDisk(const std::string& size, const std::string& folder) {
  constexpr char kScript[] =
      R"(uid=$(id -u "$2") && mount -t tmpfs -o "size=$0,mode=0700,uid=$uid" tmpfs "$1" && )"
      R"(shift 2 && exec "$@")";
  const bool is_root = ::geteuid() == 0;
  std::vector<std::string> words = {"unshare", "--mount"};
  if (!is_root) {
    words.insert(words.end(), {"--user", "--map-current-user", "--keep-caps"});
  }
  const std::string owner = is_root ? kUser : std::to_string(::geteuid());
  words.insert(words.end(), {"sh", "-c", kScript, size, folder, owner});
  const std::vector<std::string> as_user = RunAs(kUser, {"--pdeathsig", "QUIT"});
  words.insert(words.end(), as_user.begin(), as_user.end());
  return words;
}

}  // namespace

Result<std::unique_ptr<PostgresServer>> PostgresServer::Start() { return StartWithDisk(""); }

Result<std::unique_ptr<PostgresServer>> PostgresServer::StartWithDisk(const std::string& size) {
  std::unique_ptr<PostgresServer> server(new PostgresServer);
  server->disk_size_ = size;
  TRY(server->Prepare());
  TRY(server->Launch());
  TRY(server->MakeDatabase());
  return server;
}

Result<void> PostgresServer::MakeDatabase() {
  TRY(Script("postgres", "CREATE ROLE tenantry_admin LOGIN CREATEROLE CREATEDB PASSWORD '" +
                             std::string(kAdminPassword) + "'"));
  if (disk_size_.empty()) {
    return Script("postgres", "CREATE DATABASE app OWNER tenantry_admin");
  }
  TRY(Script("postgres", "CREATE TABLESPACE disk LOCATION '" + folder_.path() + "/disk'"));
  return Script("postgres", "CREATE DATABASE app OWNER tenantry_admin TABLESPACE disk");
}

Result<void> PostgresServer::Launch() {
  const auto arguments = [this](int port) {
    std::vector<std::string> words;
    if (!disk_size_.empty()) {
      words = WithDisk(disk_size_, folder_.path() + "/disk");
    }
    words.insert(words.end(),
                 {Program("postgres"), "-D", folder_.path() + "/data", "-p", std::to_string(port),
                  "-c", "listen_addresses=127.0.0.1,127.0.0.2", "-k", folder_.path()});
    return words;
  };
  const auto answers = [this](int port) {
    const auto login = access(kUser, kSuperuserPassword, "postgres", port);
    return postgres::Connection::Open(login, "test").has_value();
  };
  process_ = TRY(ServerProcess::Start(
      folder_,
      {.name = "PostgreSQL",
       .arguments = arguments,
       .answers = answers,
       .user = disk_size_.empty() ? kUser : "",  // who mounts is not yet the server's user
       .end_signal = SIGQUIT}));  // the immediate shutdown, which still removes shared memory
  return {};
}

Result<void> PostgresServer::RestartAsStandby() {
  process_->Stop();
  TRY(Run(kUser, {"touch", folder_.path() + "/data/standby.signal"}));
  return Launch();
}

Result<void> PostgresServer::Promote() const { return Script("postgres", "SELECT pg_promote()"); }

Result<void> PostgresServer::Prepare() {
  const std::string& folder = folder_.path();
  const std::string password_file = folder_.Write("password", kSuperuserPassword);
  const KeyPair authority = MakeAuthority("tenantry test");
  const KeyPair leaf = MakeLeaf(authority, {.dns = "localhost", .ip = "127.0.0.1"});
  ca_pem_ = authority.certificate_pem;
  folder_.Write("server.crt", leaf.certificate_pem);
  std::filesystem::permissions(folder_.Write("server.key", leaf.key_pem),
                               std::filesystem::perms::owner_read);
  std::filesystem::create_directory(folder + "/disk");
  TRY(Run("", {"chown", "-R", kUser, folder}));
  TRY(Run(kUser, {Program("initdb"), "--pgdata=" + folder + "/data", "--username=postgres",
                  "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync",
                  "--pwfile=" + password_file}));
  folder_.Write("data/postgresql.auto.conf", kSettings);
  return {};
}

api::PostgresAccess PostgresServer::admin(const std::string& database) const {
  return access("tenantry_admin", kAdminPassword, database);
}

api::PostgresAccess PostgresServer::superuser(const std::string& database) const {
  return access(kUser, kSuperuserPassword, database);
}

api::PostgresAccess PostgresServer::access(const std::string& user, const std::string& password,
                                           const std::string& database) const {
  return access(user, password, database, port());
}

api::PostgresAccess PostgresServer::access(const std::string& user, const std::string& password,
                                           const std::string& database, int port) const {
  return {.host = "127.0.0.1",
          .port = port,
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

}  // namespace tenantry::testing
