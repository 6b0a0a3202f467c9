#include "agent/provision/usage.h"

#include <charconv>
#include <optional>
#include <string>
#include <vector>

#include "agent/postgres/quote.h"
#include "agent/provision/plan.h"

namespace tenantry::agent {
namespace {

using postgres::Rows;

constexpr char kLimitTime[] = "SET LOCAL statement_timeout = '5s'";

std::optional<std::int64_t> Number(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  return failure == std::errc() && end == text.data() + text.size() ? std::optional(value)
                                                                    : std::nullopt;
}

// The single number that `sql` gives; unknown when it fails or takes too long.
std::optional<std::int64_t> Measure(postgres::Connection& connection, const std::string& sql,
                                    const std::vector<postgres::Parameter>& parameters) {
  if (!connection.Begin()) {
    return std::nullopt;
  }
  std::optional<std::int64_t> value;
  if (connection.ExecuteScript(kLimitTime)) {
    const Result<Rows> rows = connection.Execute(sql, parameters);
    if (rows && !rows->empty()) {
      value = Number(rows->Text(0));
    }
  }
  connection.Rollback();
  return value;
}

Result<std::vector<std::string>> TableNames(postgres::Connection& connection,
                                            const TenantNames& names) {
  const Rows rows = TRY(connection.Execute(
      "SELECT c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace "
      "WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND NOT c.relispartition "
      "AND c.relname <> $2",
      {names.schema, kHistoryTable}));
  std::vector<std::string> tables;
  for (std::size_t i = 0; i < rows.rows.size(); ++i) {
    tables.push_back(postgres::QuoteIdentifier(names.schema) + "." +
                     postgres::QuoteIdentifier(rows.Text(i)));
  }
  return tables;
}

// The sum of `expression` over all tables, in one statement, so that one time limit holds.
std::optional<std::int64_t> SumOverTables(postgres::Connection& session, const TenantNames& names,
                                          const std::string& expression) {
  const Result<std::vector<std::string>> tables = TableNames(session, names);
  if (!tables) {
    return std::nullopt;
  }
  std::string sql = "SELECT 0::int8";
  for (const std::string& table : *tables) {
    sql += " + (SELECT " + expression + " FROM " + table + " AS t)";
  }
  return Measure(session, sql, {});
}

std::optional<std::int64_t> MeasureStorage(AdminSessions& sessions, const TenantNames& names,
                                           postgres::Connection* session) {
  if (names.has_own_database()) {
    return Measure(sessions.store(), "SELECT pg_database_size($1)", {names.database});
  }
  if (!names.is_shared()) {
    return Measure(sessions.store(),
                   "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::int8 FROM pg_class AS "
                   "c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = $1 "
                   "AND c.relkind IN ('r', 'm', 'S')",
                   {names.schema});
  }
  if (session == nullptr) {
    return std::nullopt;
  }
  return SumOverTables(*session, names, "coalesce(sum(pg_column_size(t.*)), 0)::int8");
}

}  // namespace

api::Usage MeasureUsage(AdminSessions& sessions, const TenantNames& names,
                        postgres::Connection* session) {
  api::Usage usage;
  usage.storage_bytes = MeasureStorage(sessions, names, session);
  if (session != nullptr) {
    usage.rows = SumOverTables(*session, names, "count(*)");
  }
  // Our own session that counts is none of the tenant's.
  usage.connections =
      Measure(sessions.store(),
              "SELECT count(*) FROM pg_stat_activity WHERE usename = ANY ($1::name[]) "
              "AND application_name <> current_setting('application_name')",
              {NameArray({names.app, names.second_app})});
  return usage;
}

}  // namespace tenantry::agent
