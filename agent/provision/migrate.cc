#include "agent/provision/migrate.h"

#include <openssl/rand.h>

#include <array>
#include <cstdio>
#include <string>

#include "agent/postgres/quote.h"
#include "agent/provision/plan.h"
#include "common/api/reasons.h"
#include "common/base/strings.h"

namespace tenantry::agent {
namespace {

using postgres::QuoteIdentifier;
using postgres::QuoteLiteral;

Result<Secret> RandomPassword() {
  std::array<unsigned char, 32> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    return Error{ErrorCode::kInternal, "No random bytes could be had for a password."};
  }
  std::string text;
  for (const unsigned char byte : bytes) {
    std::array<char, 3> digits{};
    std::snprintf(digits.data(), digits.size(), "%02x", static_cast<unsigned>(byte));
    text += digits.data();
  }
  return Secret(std::move(text));
}

std::string HistoryTable(const TenantNames& names) {
  return QuoteIdentifier(names.schema) + "." + QuoteIdentifier(kHistoryTable);
}

Error Failed(const Migration& migration, const postgres::Connection& session, Error error) {
  if (error.code != ErrorCode::kInvalid) {
    return WithContext(std::move(error), "Migration " + migration.name);
  }
  const postgres::ServerDiagnostics& said = session.last_diagnostics();
  if (said.message.empty()) {
    return {ErrorCode::kInvalid, "Migration " + migration.name + " failed: " + error.message,
            api::reason::kMigrationFailed};
  }
  if (said.message.find("transaction commands") != std::string::npos || said.sqlstate == "2D000") {
    return {ErrorCode::kInvalid,
            "Migration " + migration.name +
                " contains COMMIT, ROLLBACK or another transaction command. Remove it: a migration "
                "is one transaction.",
            api::reason::kMigrationFailed};
  }
  const int line =
      said.internal_query == migration.sql ? LineOf(migration.sql, said.internal_position) : 0;
  std::string message = "Migration " + migration.name + " failed" +
                        (line > 0 ? " in line " + std::to_string(line) : "") + ": " +
                        Shorten(said.message, 300) + " [" + said.sqlstate + "]";
  if (!said.detail.empty()) {
    message += " (" + Shorten(said.detail, 300) + ")";
  }
  return {ErrorCode::kInvalid, message + ". Nothing of it was applied. Correct the file.",
          api::reason::kMigrationFailed};
}

Result<void> RunMigration(postgres::Connection& session, const TenantNames& names,
                          const Migration& migration) {
  TRY(session.ExecuteScript("SET LOCAL search_path = " + QuoteIdentifier(names.schema) +
                            ", pg_temp"));
  // EXECUTE takes several statements, but no transaction commands and no COPY from the client.
  const std::string body = "BEGIN EXECUTE " + QuoteLiteral(migration.sql) + "; END";
  TRY(session.ExecuteScript("DO LANGUAGE plpgsql " + QuoteLiteral(body)));
  TRY(session.Execute(
      "INSERT INTO " + HistoryTable(names) + " (version, name, checksum) VALUES ($1::int4, $2, $3)",
      {std::to_string(migration.version), migration.name, migration.checksum}));
  return {};
}

Result<void> ApplyMigration(postgres::Connection& session, const TenantNames& names,
                            const Migration& migration) {
  TRY(session.Begin());
  if (Result<void> run = RunMigration(session, names, migration); !run) {
    session.Rollback();
    return Failed(migration, session, std::move(run).error());
  }
  // Deferred constraints speak up here.
  if (Result<void> committed = session.Commit(); !committed) {
    return Failed(migration, session, std::move(committed).error());
  }
  return session.ExecuteScript("RESET ROLE; RESET ALL");
}

}  // namespace

Result<std::unique_ptr<postgres::Connection>> OpenClosedRole(AdminSessions& sessions,
                                                             const std::string& role,
                                                             const std::string& database) {
  const Secret password = TRY(RandomPassword());
  const std::string alter = "ALTER ROLE " + QuoteIdentifier(role);
  const postgres::Rows soon =
      TRY(sessions.store().Execute("SELECT (now() + interval '1 minute')::text"));
  TRY(sessions.store().ExecuteScript(alter + " LOGIN CONNECTION LIMIT -1 PASSWORD " +
                                     QuoteLiteral(postgres::ScramVerifier(password)) +
                                     " VALID UNTIL " + QuoteLiteral(soon.Text(0))));
  auto session = sessions.OpenAs(role, password, database);
  TRY(sessions.store().ExecuteScript(alter + " NOLOGIN PASSWORD NULL VALID UNTIL 'infinity'"));
  return session;
}

Result<void> ApplyMigrations(AdminSessions& sessions, const TenantNames& names,
                             const std::vector<Migration>& migrations) {
  if (migrations.empty()) {
    return {};
  }
  const std::unique_ptr<postgres::Connection> session =
      TRY(OpenClosedRole(sessions, names.owner, names.database));
  TRY(session->ExecuteScript("CREATE TABLE IF NOT EXISTS " + HistoryTable(names) +
                             " (version integer PRIMARY KEY, name text NOT NULL, checksum text "
                             "NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"));
  for (const Migration& migration : migrations) {
    TRY(ApplyMigration(*session, names, migration));
  }
  return {};
}

}  // namespace tenantry::agent
