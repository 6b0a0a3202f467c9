#pragma once

#include <libpq-fe.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/postgres/connect.h"
#include "agent/postgres/connection.h"
#include "agent/postgres/errors.h"
#include "agent/postgres/wait.h"

namespace tenantry::postgres {

struct ResultDeleter {
  void operator()(PGresult* result) const { PQclear(result); }
};
using ResultHandle = std::unique_ptr<PGresult, ResultDeleter>;

// A Connection over libpq in non-blocking mode.
class Session final : public Connection {
 public:
  Session(ConnectionHandle connection, Endpoint endpoint, std::unique_ptr<StopSignal> stop);
  ~Session() override;

  Result<Rows> Execute(const std::string& sql, const std::vector<Parameter>& parameters) override;
  Result<void> ExecuteScript(const std::string& sql) override;
  Result<void> Begin() override;
  Result<void> Commit() override;
  void Rollback() noexcept override;
  Result<void> CopyBegin(const std::string& copy_statement) override;
  Result<void> CopyData(std::string_view bytes) override;
  Result<std::int64_t> CopyEnd() override;
  void CopyAbort(const std::string& why) noexcept override;
  Result<void> CopyOut(const std::string& copy_statement, const CopySink& take) override;
  std::string QuoteIdentifier(std::string_view name) const override;
  std::string QuoteLiteral(std::string_view text) const override;
  int server_version() const override;
  const ServerDiagnostics& last_diagnostics() const override { return diagnostics_; }

 private:
  // Before a statement: neither stopped nor broken, and nothing that C strings would cut.
  Result<void> CheckUsable(std::string_view sql) const;
  // Writes all that libpq has buffered.
  Result<void> Flush();
  // Reads one result; a null handle when the statement has no more.
  Result<ResultHandle> NextResult();
  // Everything that a COPY TO sends, up to its end. After an error the rest is read, too.
  Result<void> TakeCopyData(const CopySink& take);
  // Reads all results of the statement and returns the last one, or the first that failed.
  Result<ResultHandle> Collect();
  // Waits for the socket. Asks the server to cancel when a stop comes; that is waited for, too.
  Result<void> WaitFor(short events);
  // Ends a COPY that a script began and nobody feeds.
  void RefuseCopy(ExecStatusType status);
  void RequestCancel();
  // The statement that was just sent undoes things: it runs to its end, for a bounded time.
  void IgnoreStopUntilAnswered();
  Error Broken() const;
  Error Refused(const PGresult* result);

  Endpoint endpoint_;
  std::unique_ptr<StopSignal> stop_;
  ConnectionHandle connection_;
  ServerDiagnostics diagnostics_;
  std::optional<MonotonicTime> drain_deadline_;  // set: only the answer is still awaited
};

}  // namespace tenantry::postgres
