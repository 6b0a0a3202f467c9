#include "agent/postgres/connect.h"

#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <chrono>
#include <map>
#include <utility>
#include <vector>

#include "agent/postgres/errors.h"

namespace tenantry::postgres {
namespace {

constexpr char kSystemRoots[] = "/etc/ssl/certs/ca-certificates.crt";

// Everything that a role, a database or the environment could have set otherwise and that our
// statements rely on. Sent with the login, so it wins over ALTER ROLE … SET.
constexpr char kSessionOptions[] =
    "-c search_path=pg_catalog,pg_temp -c client_min_messages=warning -c statement_timeout=0 "
    "-c lock_timeout=0 -c idle_in_transaction_session_timeout=0 -c row_security=on "
    "-c standard_conforming_strings=on -c default_transaction_read_only=off "
    "-c default_transaction_isolation=read\\ committed -c DateStyle=ISO -c IntervalStyle=postgres "
    "-c extra_float_digits=1 -c TimeZone=UTC -c bytea_output=hex";

// A file in memory: libpq reads certificates from files only.
class MemoryFile {
 public:
  static Result<MemoryFile> Make(const std::string& content) {
    MemoryFile file(memfd_create("tenantry-ca", MFD_CLOEXEC));
    if (file.descriptor_ < 0) {
      return Error{ErrorCode::kInternal, "No memory file could be made for the CA certificate."};
    }
    std::size_t done = 0;
    while (done < content.size()) {
      const ssize_t written = write(file.descriptor_, content.data() + done, content.size() - done);
      if (written <= 0) {
        return Error{ErrorCode::kInternal, "The CA certificate could not be kept in memory."};
      }
      done += static_cast<std::size_t>(written);
    }
    return file;
  }
  MemoryFile(MemoryFile&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  MemoryFile& operator=(MemoryFile&&) = delete;
  ~MemoryFile() {
    if (descriptor_ >= 0) {
      close(descriptor_);
    }
  }

  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  explicit MemoryFile(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

std::map<std::string, std::string> MakeParameters(const api::PostgresAccess& access,
                                                  const std::string& application,
                                                  const std::string& ca_path) {
  std::map<std::string, std::string> parameters = {
      {"host", access.host},
      {"port", std::to_string(access.port)},
      {"dbname", access.database},
      {"user", access.user},
      {"password", access.password.reveal()},
      {"passfile", "/nonexistent"},
      {"sslmode", api::ToLibpq(access.ssl_mode)},
      {"gssencmode", "disable"},
      {"application_name", access.application.empty() ? application : access.application},
      {"client_encoding", "UTF8"},
      {"options", kSessionOptions},
      {"keepalives", "1"},
      {"keepalives_idle", "30"},
      {"keepalives_interval", "10"},
      {"keepalives_count", "3"},
      {"tcp_user_timeout", "60000"},
  };
  if (access.ssl_mode != api::SslMode::kDisable) {
    parameters["sslrootcert"] = ca_path;
  }
  return parameters;
}

// Which file vouches for the server. Modes that verify nothing must not trip over a missing file.
std::string CaPath(const api::PostgresAccess& access, const std::optional<MemoryFile>& file) {
  if (file) {
    return file->path();
  }
  const bool verifies =
      access.ssl_mode == api::SslMode::kVerifyCa || access.ssl_mode == api::SslMode::kVerifyFull;
  return verifies ? kSystemRoots : "/nonexistent";
}

ConnectionHandle Start(const std::map<std::string, std::string>& parameters) {
  std::vector<const char*> names;
  std::vector<const char*> values;
  for (const auto& [name, value] : parameters) {
    names.push_back(name.c_str());
    values.push_back(value.c_str());
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  constexpr int kNameIsNoConnectionString = 0;
  return ConnectionHandle(
      PQconnectStartParams(names.data(), values.data(), kNameIsNoConnectionString));
}

// Drives libpq's login to its end.
Result<void> FinishLogin(PGconn* connection, const api::PostgresAccess& access,
                         const StopSignal& stop) {
  const Endpoint endpoint = EndpointOf(access);
  std::optional<MonotonicTime> deadline;
  if (access.connect_timeout.count() > 0) {
    deadline = std::chrono::steady_clock::now() + access.connect_timeout;
  }
  PostgresPollingStatusType state = PGRES_POLLING_WRITING;
  while (state != PGRES_POLLING_OK) {
    if (state == PGRES_POLLING_FAILED) {
      return MakeConnectError(PQerrorMessage(connection), endpoint);
    }
    const short events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    switch (stop.Wait(PQsocket(connection), events, deadline)) {
      case Wake::kStopped:
        return Error{ErrorCode::kCancelled,
                     "Stopped while connecting to " + endpoint.HostPort() + "."};
      case Wake::kTimedOut:
        return MakeBrokenError(
            "no answer within " + std::to_string(access.connect_timeout.count()) + " s", endpoint);
      case Wake::kReady:
        break;
    }
    state = PQconnectPoll(connection);
  }
  return {};
}

}  // namespace

Result<ConnectionHandle> Connect(const api::PostgresAccess& access, const std::string& application,
                                 const StopSignal& stop) {
  const Endpoint endpoint = EndpointOf(access);
  std::optional<MemoryFile> ca_file;
  if (!access.ca_pem.empty() && access.ssl_mode != api::SslMode::kDisable) {
    ca_file.emplace(TRY(MemoryFile::Make(access.ca_pem)));
  }
  ConnectionHandle connection = Start(MakeParameters(access, application, CaPath(access, ca_file)));
  if (!connection) {
    return Error{ErrorCode::kUnavailable, "Out of memory while connecting to PostgreSQL."};
  }
  if (PQstatus(connection.get()) == CONNECTION_BAD) {
    return MakeConnectError(PQerrorMessage(connection.get()), endpoint);
  }
  // Verbose messages hold the SQLSTATE, which libpq gives in no other way before the login is done.
  PQsetErrorVerbosity(connection.get(), PQERRORS_VERBOSE);
  TRY(FinishLogin(connection.get(), access, stop));
  PQsetErrorVerbosity(connection.get(), PQERRORS_DEFAULT);
  if (PQsetnonblocking(connection.get(), 1) != 0) {
    return MakeBrokenError(PQerrorMessage(connection.get()), endpoint);
  }
  return connection;
}

}  // namespace tenantry::postgres
