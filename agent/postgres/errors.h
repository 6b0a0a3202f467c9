#pragma once

#include <string>
#include <string_view>

#include "agent/postgres/connection.h"
#include "common/api/protocol.h"
#include "common/base/error.h"

// Pure: from what PostgreSQL and libpq say to what our callers and users need.
namespace tenantry::postgres {

// Where a session goes, for messages. Holds no secret.
struct Endpoint {
  std::string host;
  int port = 0;
  std::string database;
  std::string user;

  std::string HostPort() const;  // "postgres.db:5432"
  std::string Full() const;      // "user@host:port/database"
};
Endpoint EndpointOf(const api::PostgresAccess& access);

// A statement that the server refused.
Error MakeStatementError(const ServerDiagnostics& diagnostics, const Endpoint& endpoint);

// A connection that did not come about. `text` is libpq's message in verbose form
// ("…: FATAL:  28P01: password authentication failed …").
Error MakeConnectError(std::string_view text, const Endpoint& endpoint);

// The server asks for a password, and there is none to give: one may be asked for.
bool AsksForPassword(const Error& error);

// The session broke: nobody answers any more.
Error MakeBrokenError(std::string_view text, const Endpoint& endpoint);

// The SQLSTATE in a message of libpq in verbose form; "" when there is none.
std::string FindSqlstate(std::string_view text);

}  // namespace tenantry::postgres
