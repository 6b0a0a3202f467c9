#include "agent/postgres/errors.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "common/api/reasons.h"
#include "common/base/strings.h"

namespace tenantry::postgres {
namespace {

constexpr std::size_t kShownLimit = 300;  // of the server's own text in a message

// What an SQLSTATE, or a class of them, means for the caller. The first row whose `prefix` starts
// the SQLSTATE counts. Source: PostgreSQL, appendix A (error codes).
struct Meaning {
  std::string_view prefix;
  ErrorCode code;
  const char* reason;
};
constexpr std::array kMeanings = {
    Meaning{"08", ErrorCode::kUnavailable, api::reason::kDatabaseUnreachable},     // connection
    Meaning{"25006", ErrorCode::kUnavailable, api::reason::kDatabaseUnreachable},  // read-only
    Meaning{"28", ErrorCode::kInvalid, api::reason::kCredentialsRefused},
    Meaning{"3D000", ErrorCode::kInvalid, api::reason::kDatabaseNotFound},
    Meaning{"40003", ErrorCode::kOutcomeUnknown, ""},
    Meaning{"40", ErrorCode::kUnavailable, ""},  // serialization failure, deadlock
    Meaning{"42501", ErrorCode::kInvalid, api::reason::kInsufficientPrivilege},
    Meaning{"53", ErrorCode::kUnavailable, api::reason::kDatabaseUnreachable},  // no resources
    Meaning{"55006", ErrorCode::kUnavailable, ""},                              // object in use
    Meaning{"55P03", ErrorCode::kUnavailable, ""},  // lock not available
    Meaning{"57014", ErrorCode::kUnavailable, ""},  // cancelled, timed out
    Meaning{"57P", ErrorCode::kUnavailable, api::reason::kDatabaseUnreachable},  // shutdown, start
    Meaning{"58", ErrorCode::kUnavailable, api::reason::kDatabaseUnreachable},   // server's I/O
};

Meaning MeaningOf(std::string_view sqlstate, std::string_view message) {
  for (const Meaning& meaning : kMeanings) {
    if (sqlstate.starts_with(meaning.prefix)) {
      return meaning;
    }
  }
  // Two sessions changed the same catalogue row at once; PostgreSQL has no SQLSTATE for it.
  if (sqlstate == "XX000" && message.find("tuple concurrently") != std::string_view::npos) {
    return {"", ErrorCode::kUnavailable, ""};
  }
  return {"", ErrorCode::kInvalid, ""};
}

std::string Quoted(std::string_view sqlstate, std::string_view message) {
  std::string text = Shorten(Trim(message), kShownLimit);
  if (!sqlstate.empty()) {
    text += " [" + std::string(sqlstate) + "]";
  }
  return text;
}

// The first line of what the server said, without libpq's "connection to server … failed: FATAL:".
std::string ServerText(std::string_view text, const std::string& sqlstate) {
  const std::size_t at = sqlstate.empty() ? std::string_view::npos : text.find(sqlstate);
  if (at != std::string_view::npos) {
    text.remove_prefix(at + sqlstate.size());
    while (!text.empty() && (text.front() == ':' || text.front() == ' ')) {
      text.remove_prefix(1);
    }
  }
  const std::size_t end = text.find('\n');
  return Shorten(Trim(text.substr(0, end)), kShownLimit);
}

bool Mentions(std::string_view text, std::string_view words) {
  return text.find(words) != std::string_view::npos;
}

// TLS that only a user can mend: another CA, another mode, another host name.
bool IsTlsRefusal(std::string_view text) {
  return Mentions(text, "certificate") || Mentions(text, "does not support SSL") ||
         Mentions(text, "does not match host name") || Mentions(text, "SSL error");
}

constexpr char kAsksForPassword[] = " asks for a password, and none is given";

Error MakeCredentialsError(const std::string& sqlstate, std::string_view text,
                           const Endpoint& endpoint) {
  const std::string said = ServerText(text, sqlstate);
  if (sqlstate == "28P01") {
    return {ErrorCode::kInvalid,
            "Password of user " + endpoint.user + " was refused by " + endpoint.HostPort() +
                ". Correct the Secret.",
            api::reason::kCredentialsRefused};
  }
  return {ErrorCode::kInvalid,
          "User " + endpoint.user + " may not log in to database " + endpoint.database + " of " +
              endpoint.HostPort() + " (" + said +
              "). Correct the Secret, or the server's roles and pg_hba.conf.",
          api::reason::kCredentialsRefused};
}

}  // namespace

std::string Endpoint::HostPort() const { return host + ":" + std::to_string(port); }

std::string Endpoint::Full() const { return user + "@" + HostPort() + "/" + database; }

Endpoint EndpointOf(const api::PostgresAccess& access) {
  return {access.host, access.port, access.database, access.user};
}

std::string FindSqlstate(std::string_view text) {
  constexpr std::size_t kLength = 5;
  const auto is_code = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); };
  for (std::size_t at = text.find(":  "); at != std::string_view::npos;
       at = text.find(":  ", at + 1)) {
    const std::string_view code = text.substr(at + 3, kLength);
    const bool ends_well = at + 3 + kLength < text.size() && text[at + 3 + kLength] == ':';
    if (code.size() == kLength && ends_well && std::all_of(code.begin(), code.end(), is_code)) {
      return std::string(code);
    }
  }
  return "";
}

Error MakeStatementError(const ServerDiagnostics& diagnostics, const Endpoint& endpoint) {
  const Meaning meaning = MeaningOf(diagnostics.sqlstate, diagnostics.message);
  std::string message = endpoint.Full() + " refused a statement: " +
                        Quoted(diagnostics.sqlstate, diagnostics.message);
  if (!diagnostics.detail.empty()) {
    message += " (" + Shorten(diagnostics.detail, kShownLimit) + ")";
  }
  message += ".";
  if (diagnostics.sqlstate == "42501") {
    message += " Give role " + endpoint.user + " that right.";
  } else if (diagnostics.sqlstate == "25006") {
    message += " Make the server writable, or name its primary; it is tried again.";
  } else if (!diagnostics.hint.empty()) {
    message += " " + Shorten(diagnostics.hint, kShownLimit);
  }
  return {meaning.code, message, meaning.reason};
}

Error MakeConnectError(std::string_view text, const Endpoint& endpoint) {
  const std::string sqlstate = FindSqlstate(text);
  if (sqlstate.starts_with("28")) {
    return MakeCredentialsError(sqlstate, text, endpoint);
  }
  const std::string said = ServerText(text, sqlstate);
  if (sqlstate == "3D000") {
    return {ErrorCode::kInvalid,
            "Database " + endpoint.database + " does not exist on " + endpoint.HostPort() +
                ". Create it, or correct the database's name.",
            api::reason::kDatabaseNotFound};
  }
  // The server-wide limit has the same SQLSTATE, but only the role's own names the role.
  if (sqlstate == "53300" && Mentions(said, '"' + endpoint.user + '"')) {
    return {ErrorCode::kUnavailable,
            "All connections that role " + endpoint.user + " may have to " + endpoint.HostPort() +
                " are in use. Close some, or raise the tenant's limits.connections.",
            api::reason::kQuotaExceeded};
  }
  if (!sqlstate.empty()) {
    const Meaning meaning = MeaningOf(sqlstate, said);
    return {meaning.code,
            "User " + endpoint.user + " got no session in database " + endpoint.database + " of " +
                endpoint.HostPort() + ": " + said + " [" + sqlstate + "]." +
                (sqlstate == "53300" ? " Close some, or raise max_connections; it is tried again."
                                     : ""),
            meaning.reason};
  }
  if (Mentions(text, "no password supplied")) {  // libpq's own words; it sends nothing then
    return {ErrorCode::kInvalid,
            "PostgreSQL at " + endpoint.HostPort() + kAsksForPassword + " for user " +
                endpoint.user + ". Correct the Secret.",
            api::reason::kCredentialsRefused};
  }
  if (IsTlsRefusal(text)) {
    return {ErrorCode::kInvalid,
            "No trusted TLS connection to " + endpoint.HostPort() + " (" +
                Shorten(Trim(text), kShownLimit) + "). Correct sslMode, caSecretRef or the host.",
            api::reason::kDatabaseUnreachable};
  }
  return MakeBrokenError(text, endpoint);
}

bool AsksForPassword(const Error& error) {
  return error.message.find(kAsksForPassword) != std::string::npos;
}

Error MakeBrokenError(std::string_view text, const Endpoint& endpoint) {
  return {ErrorCode::kUnavailable,
          "PostgreSQL at " + endpoint.HostPort() + " does not answer (" +
              Shorten(Trim(text), kShownLimit) +
              "). Check that it runs and that the agent may reach it.",
          api::reason::kDatabaseUnreachable};
}

}  // namespace tenantry::postgres
