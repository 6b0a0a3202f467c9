#include <sqlite3.h>

#include <array>
#include <charconv>
#include <cmath>
#include <memory>
#include <string_view>
#include <utility>

#include "agent/load/database_export.h"
#include "agent/load/spool_file.h"
#include "common/api/reasons.h"
#include "common/base/strings.h"

namespace tenantry::load {
namespace {

constexpr int kBusyPatience = 5000;        // milliseconds
constexpr int kLookForStopEvery = 10'000;  // of SQLite's instructions
constexpr std::size_t kPieceBytes = 1 << 20;

struct DatabaseDeleter {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
struct StatementDeleter {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Database = std::unique_ptr<sqlite3, DatabaseDeleter>;
using Statement = std::unique_ptr<sqlite3_stmt, StatementDeleter>;

Error Failure(const std::string& what, const char* reason = api::reason::kSourceNotFound) {
  return {.code = ErrorCode::kInvalid, .message = what, .reason = reason};
}

Error FailureOf(sqlite3* database, const std::string& path) {
  const char* const why = sqlite3_errmsg(database);
  return Failure("SQLite database " + path + " cannot be read (" + Shorten(why, 200) +
                 "). Check the file, and the table or query.");
}

int IsStopped(void* stop) {
  return static_cast<const std::stop_token*>(stop)->stop_requested() ? 1 : 0;
}

Result<Database> OpenDatabase(const std::string& path, std::stop_token& stop) {
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READONLY, nullptr);
  Database database(handle);
  if (code != SQLITE_OK) {
    return FailureOf(handle, path);
  }
  sqlite3_busy_timeout(handle, kBusyPatience);
  sqlite3_progress_handler(handle, kLookForStopEvery, IsStopped, &stop);
  return database;
}

std::string QuotedName(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) {
    quoted.append(c == '"' ? 2 : 1, c);
  }
  return quoted + "\"";
}

Result<Statement> Prepare(sqlite3* database, const std::string& path, const DatabaseQuery& what) {
  const std::string sql =
      what.table.empty() ? what.query : "SELECT * FROM " + QuotedName(what.table);
  sqlite3_stmt* handle = nullptr;
  const char* rest = nullptr;
  const int code =
      sqlite3_prepare_v2(database, sql.c_str(), static_cast<int>(sql.size()), &handle, &rest);
  Statement statement(handle);
  if (code != SQLITE_OK) {
    return FailureOf(database, path);
  }
  const bool is_one = Trim(rest).empty();
  if (!statement || !is_one || sqlite3_column_count(handle) == 0 ||
      sqlite3_stmt_readonly(handle) == 0) {
    return Failure("The query must be one SELECT.", api::reason::kInvalidSpec);
  }
  return statement;
}

void AppendQuoted(std::string_view text, std::string& out) {
  out += '"';
  for (const char c : text) {
    out.append(c == '"' ? 2 : 1, c);
  }
  out += '"';
}

// sqlite3_column_text would round to 15 digits.
void AppendReal(double value, std::string& out) {
  if (std::isinf(value)) {
    out += value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
    return;
  }
  std::array<char, 32> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  AppendQuoted({text.data(), static_cast<std::size_t>(end - text.data())}, out);
}

void AppendBlob(std::string_view bytes, std::string& out) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  out += "\"\\x";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += kDigits[byte >> 4];
    out += kDigits[byte & 0xF];
  }
  out += '"';
}

void AppendValue(sqlite3_stmt* row, int column, std::string& out) {
  switch (sqlite3_column_type(row, column)) {
    case SQLITE_NULL:
      out += "\\N";
      return;
    case SQLITE_FLOAT:
      return AppendReal(sqlite3_column_double(row, column), out);
    case SQLITE_BLOB: {
      const auto* const bytes = static_cast<const char*>(sqlite3_column_blob(row, column));
      const auto size = static_cast<std::size_t>(sqlite3_column_bytes(row, column));
      return AppendBlob({size == 0 ? "" : bytes, size}, out);
    }
    default: {
      const auto* const text =
          reinterpret_cast<const char*>(sqlite3_column_text(row, column));  // NOLINT: its type
      const auto size = static_cast<std::size_t>(sqlite3_column_bytes(row, column));
      AppendQuoted({text == nullptr ? "" : text, text == nullptr ? 0 : size}, out);
    }
  }
}

void AppendHeader(sqlite3_stmt* statement, std::string& out) {
  for (int i = 0; i < sqlite3_column_count(statement); ++i) {
    out += i > 0 ? "," : "";
    const char* const name = sqlite3_column_name(statement, i);
    AppendQuoted(name == nullptr ? "" : name, out);
  }
  out += '\n';
}

Result<void> WriteRows(sqlite3_stmt* statement, SpoolFile& spool, const std::string& path,
                       const std::stop_token& stop) {
  std::string text;
  AppendHeader(statement, text);
  int code = sqlite3_step(statement);
  for (; code == SQLITE_ROW; code = sqlite3_step(statement)) {
    for (int i = 0; i < sqlite3_column_count(statement); ++i) {
      text += i > 0 ? "," : "";
      AppendValue(statement, i, text);
    }
    text += '\n';
    if (text.size() >= kPieceBytes) {
      TRY(spool.Append(text));
      text.clear();
    }
  }
  if (stop.stop_requested()) {
    return Error{.code = ErrorCode::kCancelled, .message = "Stopped while reading " + path + "."};
  }
  return code == SQLITE_DONE ? spool.Append(text) : FailureOf(sqlite3_db_handle(statement), path);
}

}  // namespace

Result<PathSource> ExportSqlite(const std::string& path, const DatabaseQuery& what,
                                std::stop_token stop) {
  const Database database = TRY(OpenDatabase(path, stop));
  const Statement statement = TRY(Prepare(database.get(), path, what));
  SpoolFile spool = TRY(SpoolFile::Open("The data of " + path));
  TRY(WriteRows(statement.get(), spool, path, stop));
  return std::move(spool).Finish();
}

}  // namespace tenantry::load
