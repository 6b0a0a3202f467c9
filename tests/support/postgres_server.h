#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/postgres/connection.h"
#include "common/api/protocol.h"
#include "common/base/result.h"
#include "tests/support/server_process.h"

namespace tenantry::testing {

// A real PostgreSQL with TLS, without fsync (see ServerProcess). It runs as user postgres when we
// are root. Database `app` belongs to the role tenantry_admin (CREATEROLE CREATEDB, no superuser).
class PostgresServer {
 public:
  // Returns when the server answers.
  static Result<std::unique_ptr<PostgresServer>> Start();
  // The same with database `app` on a disk of its own of that size ("64m"), which can be full; the
  // write-ahead log is elsewhere. Needs the right to mount, or to make a user namespace.
  static Result<std::unique_ptr<PostgresServer>> StartWithDisk(const std::string& size);

  int port() const { return process_->port(); }
  // Signs the server's certificate, whose names are 127.0.0.1 and localhost; the server listens on
  // 127.0.0.2 as well, for the refusal of other names.
  const std::string& ca_pem() const { return ca_pem_; }
  // tenantry_admin, sslmode verify-full.
  api::PostgresAccess admin(const std::string& database = "app") const;
  // The superuser, for arranging and asserting.
  api::PostgresAccess superuser(const std::string& database = "app") const;
  // Any role with its password.
  api::PostgresAccess access(const std::string& user, const std::string& password,
                             const std::string& database = "app") const;

  // As superuser, in a session of its own; search_path is "pg_catalog, pg_temp".
  Result<postgres::Rows> Query(const std::string& database, const std::string& sql,
                               const std::vector<postgres::Parameter>& parameters = {}) const;
  // The same for several statements without an answer.
  Result<void> Script(const std::string& database, const std::string& sql) const;
  // The first value of the answer; "" for no row or NULL; "error: …" when the statement failed.
  std::string Value(const std::string& database, const std::string& sql) const;

  void Stop() { process_->Stop(); }
  // Starts it anew, on another port, as a standby without a primary: it answers and writes nothing.
  Result<void> RestartAsStandby();
  // From a standby to a server that writes.
  Result<void> Promote() const;

 private:
  PostgresServer() = default;
  Result<void> Prepare();
  Result<void> Launch();
  Result<void> MakeDatabase();
  api::PostgresAccess access(const std::string& user, const std::string& password,
                             const std::string& database, int port) const;

  TemporaryFolder folder_;
  std::string ca_pem_;
  std::string disk_size_;  // of `app`'s own; empty: it has none
  std::unique_ptr<ServerProcess> process_;
};

}  // namespace tenantry::testing
