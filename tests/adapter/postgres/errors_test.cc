#include "agent/postgres/errors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/api/reasons.h"

namespace tenantry::postgres {
namespace {

using ::testing::HasSubstr;

const Endpoint kEndpoint = {"postgres.db", 5432, "app", "tenantry_admin"};  // NOLINT: of a test

struct Case {
  const char* sqlstate;
  const char* message;
  ErrorCode code;
  const char* reason;
};

TEST(MakeStatementError, MapsSqlstates) {
  namespace reason = api::reason;
  for (const Case& one : {
           Case{"08006", "gone", ErrorCode::kUnavailable, reason::kDatabaseUnreachable},
           Case{"25006", "read-only", ErrorCode::kUnavailable, reason::kDatabaseUnreachable},
           Case{"40001", "serialization", ErrorCode::kUnavailable, ""},
           Case{"40P01", "deadlock", ErrorCode::kUnavailable, ""},
           Case{"40003", "unknown", ErrorCode::kOutcomeUnknown, ""},
           Case{"53100", "disk full", ErrorCode::kUnavailable, reason::kDatabaseUnreachable},
           Case{"57P03", "starting", ErrorCode::kUnavailable, reason::kDatabaseUnreachable},
           Case{"57014", "timeout", ErrorCode::kUnavailable, ""},
           Case{"55006", "in use", ErrorCode::kUnavailable, ""},
           Case{"55P03", "locked", ErrorCode::kUnavailable, ""},
           Case{"XX000", "tuple concurrently updated", ErrorCode::kUnavailable, ""},
           Case{"XX000", "unexpected", ErrorCode::kInvalid, ""},
           Case{"42501", "denied", ErrorCode::kInvalid, reason::kInsufficientPrivilege},
           Case{"3D000", "no database", ErrorCode::kInvalid, reason::kDatabaseNotFound},
           Case{"23505", "duplicate", ErrorCode::kInvalid, ""},
       }) {
    const Error error =
        MakeStatementError({.sqlstate = one.sqlstate, .message = one.message}, kEndpoint);
    EXPECT_EQ(error.code, one.code) << one.sqlstate;
    EXPECT_EQ(error.reason, one.reason) << one.sqlstate;
    EXPECT_THAT(error.message, HasSubstr("tenantry_admin@postgres.db:5432/app"));
  }
}

TEST(MakeStatementError, AddsDetailAndHint) {
  const Error error = MakeStatementError(
      {.sqlstate = "22P02", .message = "bad", .detail = "the detail", .hint = "the hint"},
      kEndpoint);
  EXPECT_EQ(error.message,
            "tenantry_admin@postgres.db:5432/app refused a statement: bad [22P02] (the detail). "
            "the hint");
}

TEST(FindSqlstate, ReadsVerboseMessagesInAnyLanguage) {
  EXPECT_EQ(FindSqlstate("connection to server at \"h\", port 1 failed: FATAL:  28P01: password"),
            "28P01");
  EXPECT_EQ(FindSqlstate("SCHWERWIEGEND:  3D000: Datenbank fehlt"), "3D000");
  for (const char* text :
       {"", ":  ", "FATAL:  28P0", "could not connect: refused", ":  abcde: x"}) {
    EXPECT_EQ(FindSqlstate(text), "") << text;
  }
}

TEST(MakeConnectError, TellsWhatToDo) {
  const Error password = MakeConnectError("FATAL:  28P01: password authentication", kEndpoint);
  EXPECT_EQ(password.message,
            "Password of user tenantry_admin was refused by postgres.db:5432. Correct the Secret.");
  const Error rules =
      MakeConnectError("FATAL:  28000: no pg_hba.conf entry\nLOCATION: x", kEndpoint);
  EXPECT_EQ(rules.reason, api::reason::kCredentialsRefused);
  EXPECT_THAT(rules.message, HasSubstr("(no pg_hba.conf entry)"));
  const Error starting = MakeConnectError("FATAL:  57P03: starting up", kEndpoint);
  EXPECT_EQ(starting.code, ErrorCode::kUnavailable);
  const Error full = MakeConnectError("FATAL:  53300: too many clients already", kEndpoint);
  EXPECT_EQ(full.reason, api::reason::kDatabaseUnreachable);
  const Error role_full = MakeConnectError(
      "FATAL:  53300: too many connections for role \"tenantry_admin\"", kEndpoint);
  EXPECT_EQ(role_full.code, ErrorCode::kUnavailable);
  EXPECT_EQ(role_full.reason, api::reason::kQuotaExceeded);
  const Error refused = MakeConnectError("Connection refused", kEndpoint);
  EXPECT_EQ(refused.code, ErrorCode::kUnavailable);
  const Error tls = MakeConnectError("SSL error: certificate verify failed", kEndpoint);
  EXPECT_EQ(tls.code, ErrorCode::kInvalid);
}

}  // namespace
}  // namespace tenantry::postgres
