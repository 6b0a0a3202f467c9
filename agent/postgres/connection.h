#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "agent/postgres/quote.h"
#include "common/api/protocol.h"
#include "common/base/result.h"

namespace tenantry::postgres {

// One value of a statement's parameter list; none is NULL. Text format.
using Parameter = std::optional<std::string>;

// The rows of an answer as text.
struct Rows {
  std::vector<std::string> columns;
  std::vector<std::vector<Parameter>> rows;
  std::int64_t affected = 0;  // of INSERT, UPDATE, DELETE, COPY

  bool empty() const { return rows.empty(); }
  // The value at (row, column); "" when NULL.
  std::string Text(std::size_t row, std::size_t column = 0) const;
};

// More about a failed statement than Error holds, for callers that explain it to users.
struct ServerDiagnostics {
  std::string sqlstate, message, detail, hint, context, schema, table, column, constraint;
  std::int64_t position = 0;  // of the error in the statement, in characters from 1; 0: unknown
  std::string internal_query = {};  // a statement that the server ran on its own behalf (PL/pgSQL),
  std::int64_t internal_position = 0;  // and the error's position in that
};

// One session. search_path is pinned to "pg_catalog, pg_temp" on connect; names must be qualified.
// Not thread-safe. Every call has the statement's deadline (statement_timeout) and ends with
// kCancelled soon after `stop` (PQcancel).
// Errors: broken connection, serialization failure, deadlock, too many connections, read-only or
// starting server, disk full → kUnavailable (with reason QuotaExceeded when the role's own
// connection limit is reached: its password was right); a lost answer to COMMIT → kOutcomeUnknown;
// refused password, missing database or role, missing rights, everything else by SQLSTATE class →
// kInvalid with the fitting reason (CredentialsRefused, DatabaseNotFound, InsufficientPrivilege,
// …). Messages name user@host:port/database and never hold a password.
class Connection {
 public:
  // `application` shows in pg_stat_activity. kUnavailable/DatabaseUnreachable when nobody answers.
  static Result<std::unique_ptr<Connection>> Open(const api::PostgresAccess& access,
                                                  const std::string& application,
                                                  std::stop_token stop = {});
  virtual ~Connection() = default;

  // One statement with bound parameters ($1, $2 …).
  virtual Result<Rows> Execute(const std::string& sql,
                               const std::vector<Parameter>& parameters = {}) = 0;
  // Several statements without parameters, as the simple protocol takes them.
  virtual Result<void> ExecuteScript(const std::string& sql) = 0;

  virtual Result<void> Begin() = 0;
  virtual Result<void> Commit() = 0;     // kOutcomeUnknown: the answer was lost
  virtual void Rollback() noexcept = 0;  // never fails; a broken session is rolled back anyway

  // COPY … FROM STDIN. Begin, any number of pieces, then End (returns rows) or Abort.
  virtual Result<void> CopyBegin(const std::string& copy_statement) = 0;
  virtual Result<void> CopyData(std::string_view bytes) = 0;
  virtual Result<std::int64_t> CopyEnd() = 0;
  virtual void CopyAbort(const std::string& why) noexcept = 0;

  // COPY … TO STDOUT: gives the bytes piece by piece to `take`, whose error ends it.
  using CopySink = std::function<Result<void>(std::string_view)>;
  virtual Result<void> CopyOut(const std::string& copy_statement, const CopySink& take) = 0;

  virtual std::string QuoteIdentifier(std::string_view name) const = 0;
  virtual std::string QuoteLiteral(std::string_view text) const = 0;
  virtual int server_version() const = 0;                         // 150018
  virtual const ServerDiagnostics& last_diagnostics() const = 0;  // of the last failed statement

 protected:
  Connection() = default;
};

// A SCRAM-SHA-256 verifier as PostgreSQL stores it, so that no password travels in DDL.
// Source: RFC 5803; src/common/scram-common.c of PostgreSQL. `salt` 16 bytes; 4096 iterations.
std::string ScramVerifier(const Secret& password, std::string_view salt);
std::string ScramVerifier(const Secret& password);  // with a random salt

}  // namespace tenantry::postgres
