#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "agent/postgres/connection.h"
#include "common/api/protocol.h"
#include "common/base/result.h"

namespace tenantry::testing {

// A real PostgreSQL on a free loopback port with TLS and a folder of its own, without fsync. It
// runs as user postgres when we are root. It ends with this object, or with the thread that started
// it. Database `app` belongs to the role tenantry_admin (CREATEROLE CREATEDB, no superuser).
class PostgresServer {
 public:
  // Returns when the server answers.
  static Result<std::unique_ptr<PostgresServer>> Start();
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  int port() const { return port_; }
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

  // Ends the server at once; its port refuses connections from then on.
  void Stop();

 private:
  explicit PostgresServer(std::filesystem::path folder);
  Result<void> Prepare();
  Result<void> Launch();
  Result<void> AwaitReady();
  std::string Log() const;

  std::filesystem::path folder_;
  std::string ca_pem_;
  int port_ = 0;
  pid_t pid_ = -1;
};

}  // namespace tenantry::testing
