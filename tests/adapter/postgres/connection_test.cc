#include "agent/postgres/connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>

#include "common/api/reasons.h"
#include "tests/support/postgres_server.h"

namespace tenantry::postgres {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::PostgresServer;

class ConnectionTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    Result<std::unique_ptr<PostgresServer>> started = PostgresServer::Start();
    ASSERT_TRUE(started) << started.error().message;
    server_ = std::move(started).value();
  }
  static void TearDownTestSuite() { server_.reset(); }

  static std::unique_ptr<Connection> Open(std::stop_token stop = {}) {
    Result<std::unique_ptr<Connection>> opened =
        Connection::Open(server_->admin(), "connection-test", std::move(stop));
    EXPECT_TRUE(opened) << opened.error().message;
    return opened ? std::move(opened).value() : nullptr;
  }
  static Error OpenError(const api::PostgresAccess& access) {
    const auto opened = Connection::Open(access, "connection-test");
    return opened ? Error{ErrorCode::kInternal, "the connection was made"} : opened.error();
  }

  static std::unique_ptr<PostgresServer> server_;  // NOLINT: gtest's way to share a fixture
};
std::unique_ptr<PostgresServer> ConnectionTest::server_;  // NOLINT: same

TEST_F(ConnectionTest, ReadsRowsNullsAndCounts) {
  const auto connection = Open();
  const Result<Rows> rows = connection->Execute("SELECT $1::text AS a, NULL AS b", {"it's \\ ü"});
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_EQ(rows->columns, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(rows->Text(0, 0), "it's \\ ü");
  EXPECT_EQ(rows->rows[0][1], std::nullopt);
  ASSERT_TRUE(connection->ExecuteScript("CREATE TEMP TABLE t (a int)"));
  const Result<Rows> inserted =
      connection->Execute("INSERT INTO pg_temp.t SELECT generate_series(1, 7)");
  ASSERT_TRUE(inserted);
  EXPECT_EQ(inserted->affected, 7);
}

TEST_F(ConnectionTest, PinsWhatARoleCouldHaveSetOtherwise) {
  ASSERT_TRUE(server_->Script("app", "ALTER ROLE tenantry_admin SET search_path = public"));
  const auto connection = Open();
  EXPECT_EQ(connection->Execute("SHOW search_path")->Text(0), "pg_catalog,pg_temp");
  EXPECT_EQ(connection->Execute("SHOW client_encoding")->Text(0), "UTF8");
  EXPECT_EQ(connection->Execute("SHOW application_name")->Text(0), "connection-test");
  EXPECT_EQ(connection->Execute("SHOW transaction_isolation")->Text(0), "read committed");
  EXPECT_EQ(connection->Execute("SELECT ssl::text FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
                ->Text(0),
            "true");
  EXPECT_GE(connection->server_version(), 140000);
}

TEST_F(ConnectionTest, SaysThatThePasswordIsWrongWithoutSayingIt) {
  api::PostgresAccess access = server_->admin();
  access.password = Secret("wrong-password");
  const Error error = OpenError(access);
  EXPECT_EQ(error.code, ErrorCode::kInvalid);
  EXPECT_EQ(error.reason, api::reason::kCredentialsRefused);
  EXPECT_EQ(error.message, "Password of user tenantry_admin was refused by 127.0.0.1:" +
                               std::to_string(server_->port()) + ". Correct the Secret.");
}

TEST_F(ConnectionTest, SaysThatTheRoleMayNotLogIn) {
  ASSERT_TRUE(server_->Script("app", "CREATE ROLE closed NOLOGIN PASSWORD 'known'"));
  const Error error = OpenError(server_->access("closed", "known"));
  EXPECT_EQ(error.reason, api::reason::kCredentialsRefused);
  EXPECT_THAT(error.message, HasSubstr("not permitted to log in"));
  EXPECT_THAT(error.message, Not(HasSubstr("known")));
}

TEST_F(ConnectionTest, SaysThatTheDatabaseIsMissing) {
  const Error error = OpenError(server_->admin("nowhere"));
  EXPECT_EQ(error.code, ErrorCode::kInvalid);
  EXPECT_EQ(error.reason, api::reason::kDatabaseNotFound);
  EXPECT_THAT(error.message, HasSubstr("Database nowhere does not exist on 127.0.0.1:"));
}

TEST_F(ConnectionTest, RetriesAnUnreachableServer) {
  api::PostgresAccess access = server_->admin();
  access.port = 1;
  const Error error = OpenError(access);
  EXPECT_EQ(error.code, ErrorCode::kUnavailable);
  EXPECT_EQ(error.reason, api::reason::kDatabaseUnreachable);
  EXPECT_THAT(error.message, HasSubstr("127.0.0.1:1"));
}

TEST_F(ConnectionTest, RefusesACertificateOfAnotherAuthority) {
  api::PostgresAccess access = server_->admin();
  access.ca_pem.clear();  // the system's roots
  const Error error = OpenError(access);
  EXPECT_EQ(error.code, ErrorCode::kInvalid);
  EXPECT_THAT(error.message, HasSubstr("caSecretRef"));
}

TEST_F(ConnectionTest, RefusesACertificateOfAnotherHost) {
  api::PostgresAccess access = server_->admin();
  access.host = "127.0.0.2";  // the server listens there, but its certificate lacks the name
  const Error error = OpenError(access);
  EXPECT_EQ(error.code, ErrorCode::kInvalid);
  EXPECT_THAT(error.message, HasSubstr("127.0.0.2"));
}

TEST_F(ConnectionTest, KeepsTheDiagnosticsOfAFailedStatement) {
  const auto connection = Open();
  const Result<Rows> refused = connection->Execute("SELECT 1 +\n nothing");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(connection->last_diagnostics().sqlstate, "42703");
  EXPECT_EQ(connection->last_diagnostics().position, 13);
  EXPECT_TRUE(connection->Execute("SELECT 1")) << "the session is still good";
}

TEST_F(ConnectionTest, MapsMissingRights) {
  const auto connection = Open();
  const Result<Rows> refused = connection->Execute("SELECT * FROM pg_catalog.pg_authid");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(refused.error().reason, api::reason::kInsufficientPrivilege);
}

TEST_F(ConnectionTest, RefusesTextWithANul) {
  const auto connection = Open();
  const std::string text("a\0b", 3);
  EXPECT_EQ(connection->Execute("SELECT $1", {text}).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(connection->ExecuteScript(text).error().code, ErrorCode::kInvalid);
}

TEST_F(ConnectionTest, EndsAStatementSoonAfterAStop) {
  std::stop_source source;
  const auto connection = Open(source.get_token());
  const std::jthread stopper([&source] {
    while (server_->Value("app",
                          "SELECT count(*) FROM pg_stat_activity WHERE query = "
                          "'SELECT pg_sleep(600)' AND state = 'active'") != "1") {
      std::this_thread::yield();
    }
    source.request_stop();
  });
  const Result<Rows> stopped = connection->Execute("SELECT pg_sleep(600)");
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(connection->Execute("SELECT 1").error().code, ErrorCode::kCancelled);
}

TEST_F(ConnectionTest, TellsABrokenSession) {
  const auto connection = Open();
  const std::string pid = connection->Execute("SELECT pg_backend_pid()")->Text(0);
  ASSERT_EQ(server_->Value("app", "SELECT pg_terminate_backend(" + pid + ", 10000)"), "t");
  const Result<Rows> broken = connection->Execute("SELECT 1");
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code, ErrorCode::kUnavailable);
  connection->Rollback();
  EXPECT_EQ(connection->Execute("SELECT 1").error().code, ErrorCode::kUnavailable);
}

TEST_F(ConnectionTest, DoesNotKnowTheOutcomeOfACommitWithoutAnAnswer) {
  const auto connection = Open();
  ASSERT_TRUE(connection->ExecuteScript("CREATE TABLE public.lost (a int)"));
  ASSERT_TRUE(connection->Begin());
  ASSERT_TRUE(connection->ExecuteScript("INSERT INTO public.lost VALUES (1)"));
  const std::string pid = connection->Execute("SELECT pg_backend_pid()")->Text(0);
  ASSERT_EQ(server_->Value("app", "SELECT pg_terminate_backend(" + pid + ", 10000)"), "t");
  const Result<void> lost = connection->Commit();
  ASSERT_FALSE(lost);
  EXPECT_NE(lost.error().code, ErrorCode::kInvalid);
}

TEST_F(ConnectionTest, ReportsACommitThatRolledBack) {
  const auto connection = Open();
  ASSERT_TRUE(connection->Begin());
  EXPECT_FALSE(connection->ExecuteScript("SELECT 1/0"));
  EXPECT_EQ(connection->Commit().error().code, ErrorCode::kInvalid);
}

TEST_F(ConnectionTest, CopiesManyPieces) {
  const auto connection = Open();
  ASSERT_TRUE(connection->ExecuteScript("CREATE TEMP TABLE copied (a int, b text)"));
  ASSERT_TRUE(connection->CopyBegin("COPY pg_temp.copied FROM STDIN"));
  const std::string line = "1\t" + std::string(10'000, 'x') + "\n";
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(connection->CopyData(line));
  }
  const Result<std::int64_t> copied = connection->CopyEnd();
  ASSERT_TRUE(copied) << copied.error().message;
  EXPECT_EQ(*copied, 1000);
}

TEST_F(ConnectionTest, ReportsBadCopyDataAndGoesOn) {
  const auto connection = Open();
  ASSERT_TRUE(connection->ExecuteScript("CREATE TEMP TABLE copied (a int)"));
  ASSERT_TRUE(connection->CopyBegin("COPY pg_temp.copied FROM STDIN"));
  ASSERT_TRUE(connection->CopyData("one\n"));
  EXPECT_EQ(connection->CopyEnd().error().code, ErrorCode::kInvalid);
  EXPECT_EQ(connection->last_diagnostics().sqlstate, "22P02");
  ASSERT_TRUE(connection->CopyBegin("COPY pg_temp.copied FROM STDIN"));
  connection->CopyAbort("changed our mind");
  EXPECT_EQ(connection->Execute("SELECT count(*) FROM pg_temp.copied")->Text(0), "0");
}

TEST_F(ConnectionTest, RefusesCopyInsideAScript) {
  const auto connection = Open();
  ASSERT_TRUE(connection->ExecuteScript("CREATE TEMP TABLE copied (a int)"));
  EXPECT_FALSE(connection->ExecuteScript("COPY pg_temp.copied FROM STDIN; SELECT 1"));
  EXPECT_FALSE(connection->ExecuteScript("COPY (SELECT generate_series(1,100000)) TO STDOUT"));
  EXPECT_TRUE(connection->Execute("SELECT 1"));
}

TEST_F(ConnectionTest, LogsInWithAVerifierInsteadOfAPassword) {
  const auto connection = Open();
  const Secret password("Pa$$w0rd 'quoted'");
  ASSERT_TRUE(connection->ExecuteScript("CREATE ROLE verified LOGIN PASSWORD " +
                                        QuoteLiteral(ScramVerifier(password))));
  EXPECT_TRUE(Connection::Open(server_->access("verified", password.reveal()), "test"));
}

TEST_F(ConnectionTest, QuotesHostileText) {
  const auto connection = Open();
  const std::string hostile = "a'; DROP TABLE x; -- \\ \" E'";
  const Result<Rows> rows =
      connection->Execute("SELECT " + QuoteLiteral(hostile) + " AS " + QuoteIdentifier("a\"b"));
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_EQ(rows->Text(0), hostile);
  EXPECT_EQ(rows->columns[0], "a\"b");
}

}  // namespace
}  // namespace tenantry::postgres
