#include "agent/postgres/session.h"

#include <poll.h>

#include <charconv>
#include <chrono>
#include <utility>

#include "common/base/strings.h"

namespace tenantry::postgres {
namespace {

// How long a cancelled statement may take to end before the session is given up.
constexpr std::chrono::seconds kCancelPatience{5};

std::string Field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text == nullptr ? "" : text;
}

std::int64_t Number(std::string_view text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

ServerDiagnostics ReadDiagnostics(const PGresult* result) {
  return {.sqlstate = Field(result, PG_DIAG_SQLSTATE),
          .message = Field(result, PG_DIAG_MESSAGE_PRIMARY),
          .detail = Field(result, PG_DIAG_MESSAGE_DETAIL),
          .hint = Field(result, PG_DIAG_MESSAGE_HINT),
          .context = Field(result, PG_DIAG_CONTEXT),
          .schema = Field(result, PG_DIAG_SCHEMA_NAME),
          .table = Field(result, PG_DIAG_TABLE_NAME),
          .column = Field(result, PG_DIAG_COLUMN_NAME),
          .constraint = Field(result, PG_DIAG_CONSTRAINT_NAME),
          .position = Number(Field(result, PG_DIAG_STATEMENT_POSITION)),
          .internal_query = Field(result, PG_DIAG_INTERNAL_QUERY),
          .internal_position = Number(Field(result, PG_DIAG_INTERNAL_POSITION))};
}

Rows ReadRows(const PGresult* result) {
  Rows rows;
  const int columns = PQnfields(result);
  for (int column = 0; column < columns; ++column) {
    rows.columns.emplace_back(PQfname(result, column));
  }
  const int count = PQntuples(result);
  rows.rows.reserve(static_cast<std::size_t>(count));
  for (int row = 0; row < count; ++row) {
    std::vector<Parameter>& values = rows.rows.emplace_back();
    values.reserve(static_cast<std::size_t>(columns));
    for (int column = 0; column < columns; ++column) {
      if (PQgetisnull(result, row, column) != 0) {
        values.emplace_back();
        continue;
      }
      const auto length = static_cast<std::size_t>(PQgetlength(result, row, column));
      values.emplace_back(std::string(PQgetvalue(result, row, column), length));
    }
  }
  // libpq's parameter lacks a const that it honours.
  rows.affected = Number(PQcmdTuples(const_cast<PGresult*>(result)));
  return rows;
}

bool IsCopy(ExecStatusType status) {
  return status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH;
}

bool Failed(ExecStatusType status) {
  return status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE;
}

void IgnoreNotice(void*, const PGresult*) {}

}  // namespace

std::string Rows::Text(std::size_t row, std::size_t column) const {
  return rows.at(row).at(column).value_or("");
}

Result<std::unique_ptr<Connection>> Connection::Open(const api::PostgresAccess& access,
                                                     const std::string& application,
                                                     std::stop_token stop) {
  auto signal = std::make_unique<StopSignal>(std::move(stop));
  ConnectionHandle connection = TRY(Connect(access, application, *signal));
  return std::unique_ptr<Connection>(
      std::make_unique<Session>(std::move(connection), EndpointOf(access), std::move(signal)));
}

Session::Session(ConnectionHandle connection, Endpoint endpoint, std::unique_ptr<StopSignal> stop)
    : endpoint_(std::move(endpoint)), stop_(std::move(stop)), connection_(std::move(connection)) {
  PQsetNoticeReceiver(connection_.get(), IgnoreNotice, nullptr);
}

Session::~Session() = default;

Result<Rows> Session::Execute(const std::string& sql, const std::vector<Parameter>& parameters) {
  TRY(CheckUsable(sql));
  std::vector<const char*> values;
  values.reserve(parameters.size());
  for (const Parameter& parameter : parameters) {
    if (parameter && parameter->find('\0') != std::string::npos) {
      return Error{ErrorCode::kInvalid,
                   "A value holds a NUL character, which PostgreSQL cannot store."};
    }
    values.push_back(parameter ? parameter->c_str() : nullptr);
  }
  constexpr int kTextFormat = 0;
  if (PQsendQueryParams(connection_.get(), sql.c_str(), static_cast<int>(values.size()), nullptr,
                        values.data(), nullptr, nullptr, kTextFormat) != 1) {
    return Broken();
  }
  const ResultHandle result = TRY(Collect());
  return ReadRows(result.get());
}

Result<void> Session::ExecuteScript(const std::string& sql) {
  TRY(CheckUsable(sql));
  if (PQsendQuery(connection_.get(), sql.c_str()) != 1) {
    return Broken();
  }
  TRY(Collect());
  return {};
}

Result<void> Session::Begin() { return ExecuteScript("BEGIN"); }

Result<void> Session::Commit() {
  TRY(CheckUsable(""));
  if (PQsendQuery(connection_.get(), "COMMIT") != 1) {
    return Broken();
  }
  Result<ResultHandle> result = Collect();
  if (!result) {
    if (PQstatus(connection_.get()) == CONNECTION_BAD) {
      return Error{ErrorCode::kOutcomeUnknown, "The answer of " + endpoint_.Full() +
                                                   " to COMMIT was lost. It is looked at again."};
    }
    return std::move(result).error();
  }
  // COMMIT of a failed transaction is answered by ROLLBACK, as a success.
  if (std::string_view(PQcmdStatus(result.value().get())) != "COMMIT") {
    return Error{ErrorCode::kInvalid, endpoint_.Full() + " rolled the transaction back."};
  }
  return {};
}

void Session::Rollback() noexcept {
  if (PQstatus(connection_.get()) == CONNECTION_BAD) {
    return;
  }
  if (PQtransactionStatus(connection_.get()) == PQTRANS_IDLE ||
      PQsendQuery(connection_.get(), "ROLLBACK") != 1) {
    return;
  }
  IgnoreStopUntilAnswered();
  [[maybe_unused]] const Result<ResultHandle> ignored = Collect();
}

Result<void> Session::CopyBegin(const std::string& copy_statement) {
  TRY(CheckUsable(copy_statement));
  if (PQsendQuery(connection_.get(), copy_statement.c_str()) != 1) {
    return Broken();
  }
  const ResultHandle result = TRY(NextResult());
  if (result && PQresultStatus(result.get()) == PGRES_COPY_IN) {
    return {};
  }
  Error error = result && Failed(PQresultStatus(result.get()))
                    ? Refused(result.get())
                    : Error{ErrorCode::kInternal, "The statement is no COPY FROM STDIN."};
  [[maybe_unused]] const Result<ResultHandle> rest = Collect();
  return error;
}

Result<void> Session::CopyData(std::string_view bytes) {
  constexpr std::size_t kPiece = 1 << 20;  // libpq's lengths are int, and its buffer grows to fit
  if (stop_->requested()) {
    return Error{ErrorCode::kCancelled, "Stopped while copying to " + endpoint_.Full() + "."};
  }
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, kPiece);
    if (PQputCopyData(connection_.get(), piece.data(), static_cast<int>(piece.size())) != 1) {
      return Broken();
    }
    TRY(Flush());
    bytes.remove_prefix(piece.size());
  }
  return {};
}

Result<std::int64_t> Session::CopyEnd() {
  if (PQputCopyEnd(connection_.get(), nullptr) != 1) {
    return Broken();
  }
  const ResultHandle result = TRY(Collect());
  return Number(PQcmdTuples(result.get()));
}

void Session::CopyAbort(const std::string& why) noexcept {
  if (PQputCopyEnd(connection_.get(), why.c_str()) == 1) {
    IgnoreStopUntilAnswered();
    [[maybe_unused]] const Result<ResultHandle> refused = Collect();
  }
}

Result<void> Session::CopyOut(const std::string& copy_statement, const CopySink& take) {
  TRY(CheckUsable(copy_statement));
  if (PQsendQuery(connection_.get(), copy_statement.c_str()) != 1) {
    return Broken();
  }
  ResultHandle begun = TRY(NextResult());
  if (!begun || PQresultStatus(begun.get()) != PGRES_COPY_OUT) {
    Error error = begun && Failed(PQresultStatus(begun.get()))
                      ? Refused(begun.get())
                      : Error{ErrorCode::kInternal, "The statement is no COPY TO STDOUT."};
    [[maybe_unused]] const Result<ResultHandle> rest = Collect();
    return error;
  }
  begun.reset();
  Result<void> taken = TakeCopyData(take);
  const Result<ResultHandle> ended = Collect();
  TRY(taken);
  return ended ? Result<void>() : ended.error();
}

Result<void> Session::TakeCopyData(const CopySink& take) {
  Result<void> taken;
  for (;;) {
    if (stop_->requested() && !drain_deadline_) {
      RequestCancel();
    }
    char* bytes = nullptr;
    constexpr int kDoNotBlock = 1;
    const int size = PQgetCopyData(connection_.get(), &bytes, kDoNotBlock);
    const std::unique_ptr<char, void (*)(void*)> owned(bytes, PQfreemem);
    if (size < 0) {
      return taken;
    }
    if (size == 0) {
      TRY(WaitFor(POLLIN));
      if (PQconsumeInput(connection_.get()) != 1) {
        return Broken();
      }
    } else if (taken && !drain_deadline_) {
      taken = take(std::string_view(bytes, static_cast<std::size_t>(size)));
      if (!taken) {
        RequestCancel();
      }
    }
  }
}

std::string Session::QuoteIdentifier(std::string_view name) const {
  return postgres::QuoteIdentifier(name);
}

std::string Session::QuoteLiteral(std::string_view text) const {
  return postgres::QuoteLiteral(text);
}

int Session::server_version() const { return PQserverVersion(connection_.get()); }

Result<void> Session::CheckUsable(std::string_view sql) const {
  if (stop_->requested()) {
    return Error{ErrorCode::kCancelled, "Stopped before a statement on " + endpoint_.Full() + "."};
  }
  if (PQstatus(connection_.get()) == CONNECTION_BAD) {
    return Broken();
  }
  if (sql.find('\0') != std::string_view::npos) {
    return Error{ErrorCode::kInvalid, "The SQL text holds a NUL character. Remove it."};
  }
  return {};
}

Result<void> Session::Flush() {
  for (;;) {
    const int state = PQflush(connection_.get());
    if (state == 0) {
      return {};
    }
    if (state < 0) {
      return Broken();
    }
    // Reading as well: a server that waits for us to read its notices would never take our bytes.
    TRY(WaitFor(POLLIN | POLLOUT));
    if (PQconsumeInput(connection_.get()) != 1) {
      return Broken();
    }
  }
}

Result<ResultHandle> Session::NextResult() {
  TRY(Flush());
  while (PQisBusy(connection_.get()) != 0) {
    TRY(WaitFor(POLLIN));
    if (PQconsumeInput(connection_.get()) != 1) {
      return Broken();
    }
  }
  return ResultHandle(PQgetResult(connection_.get()));
}

Result<ResultHandle> Session::Collect() {
  ResultHandle last;
  std::optional<Error> failure;
  for (;;) {
    ResultHandle result = TRY(NextResult());
    if (!result) {
      break;
    }
    const ExecStatusType status = PQresultStatus(result.get());
    if (IsCopy(status)) {
      failure = Error{ErrorCode::kInvalid, "COPY to or from the client is not possible here."};
      RefuseCopy(status);
    } else if (Failed(status) && !failure) {
      failure = Refused(result.get());
    }
    last = std::move(result);
  }
  const bool was_cancelled = std::exchange(drain_deadline_, std::nullopt).has_value();
  if (PQstatus(connection_.get()) == CONNECTION_BAD) {
    return Broken();
  }
  if (failure) {
    const bool by_us = was_cancelled && diagnostics_.sqlstate == "57014";
    return by_us ? Error{ErrorCode::kCancelled,
                         "Stopped during a statement on " + endpoint_.Full() + "."}
                 : *std::move(failure);
  }
  if (!last) {
    return Error{ErrorCode::kInternal, "PostgreSQL gave no answer to a statement."};
  }
  return last;
}

void Session::RefuseCopy(ExecStatusType status) {
  if (status == PGRES_COPY_IN) {
    PQputCopyEnd(connection_.get(), "the client sends no data");
    return;
  }
  for (;;) {
    char* line = nullptr;
    constexpr int kDoNotBlock = 1;
    const int length = PQgetCopyData(connection_.get(), &line, kDoNotBlock);
    PQfreemem(line);
    if (length < 0) {
      return;
    }
    if (length == 0 && (!WaitFor(POLLIN) || PQconsumeInput(connection_.get()) != 1)) {
      return;
    }
  }
}

Result<void> Session::WaitFor(short events) {
  const int socket = PQsocket(connection_.get());
  if (!drain_deadline_ && stop_->requested()) {
    RequestCancel();
  }
  while (!drain_deadline_) {
    if (stop_->Wait(socket, events, std::nullopt) == Wake::kReady) {
      return {};
    }
    RequestCancel();
  }
  if (stop_->Wait(socket, events, drain_deadline_, StopSignal::Heed::kOnlyDeadline) ==
      Wake::kReady) {
    return {};
  }
  // The server does not let go; closing the session is all that is left.
  connection_ = ConnectionHandle(nullptr);
  return Error{ErrorCode::kCancelled, "Stopped during a statement on " + endpoint_.Full() + "."};
}

void Session::IgnoreStopUntilAnswered() {
  drain_deadline_ = std::chrono::steady_clock::now() + kCancelPatience;
}

void Session::RequestCancel() {
  IgnoreStopUntilAnswered();
  const std::unique_ptr<PGcancel, void (*)(PGcancel*)> cancel(
      PQgetCancel(connection_.get()), [](PGcancel* handle) { PQfreeCancel(handle); });
  if (cancel) {
    char why_not[256];
    PQcancel(cancel.get(), why_not, sizeof why_not);
  }
}

Error Session::Broken() const {
  return MakeBrokenError(PQerrorMessage(connection_.get()), endpoint_);
}

Error Session::Refused(const PGresult* result) {
  diagnostics_ = ReadDiagnostics(result);
  if (diagnostics_.sqlstate.empty()) {
    return MakeBrokenError(PQresultErrorMessage(result), endpoint_);
  }
  return MakeStatementError(diagnostics_, endpoint_);
}

}  // namespace tenantry::postgres
