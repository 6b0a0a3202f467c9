#include <utility>

#include "agent/load/database_export.h"
#include "agent/load/spool_file.h"
#include "agent/postgres/connection.h"
#include "common/api/reasons.h"
#include "common/base/strings.h"

namespace tenantry::load {
namespace {

constexpr char kApplication[] = "tenantry-export";
constexpr char kCsv[] =
    " TO STDOUT (FORMAT csv, HEADER, NULL '\\N', FORCE_QUOTE *, ENCODING 'UTF8')";

std::string QualifiedName(const std::string& table) {
  const std::size_t dot = table.find('.');
  const bool has_schema = dot != std::string::npos;
  return postgres::QuoteIdentifier(has_schema ? table.substr(0, dot) : "public") + "." +
         postgres::QuoteIdentifier(has_schema ? table.substr(dot + 1) : table);
}

Result<std::string> TableQuery(postgres::Connection& session, const std::string& table) {
  const std::string name = QualifiedName(table);
  const postgres::Rows key = TRY(session.Execute(
      "SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND "
      "a.attnum = ANY (i.indkey) WHERE i.indrelid = $1::regclass AND i.indisprimary "
      "ORDER BY array_position(i.indkey::int2[], a.attnum)",
      {name}));
  std::vector<std::string> columns;
  for (std::size_t row = 0; row < key.rows.size(); ++row) {
    columns.push_back(postgres::QuoteIdentifier(key.Text(row)));
  }
  return "SELECT * FROM " + name + (columns.empty() ? "" : " ORDER BY " + Join(columns, ", "));
}

std::string WithoutSemicolon(std::string_view query) {
  query = Trim(query);
  while (query.ends_with(';')) {
    query = Trim(query.substr(0, query.size() - 1));
  }
  return std::string(query);
}

}  // namespace

Result<PathSource> ExportPostgres(const api::PostgresAccess& access, const DatabaseQuery& what,
                                  std::stop_token stop) {
  const auto session = TRY(postgres::Connection::Open(access, kApplication, std::move(stop)));
  SpoolFile spool = TRY(SpoolFile::Open("The data of " + access.host));
  TRY(session->ExecuteScript(
      "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0; "
      "SET LOCAL datestyle = 'ISO'; SET LOCAL bytea_output = 'hex'"));
  const std::string query =
      what.table.empty() ? WithoutSemicolon(what.query) : TRY(TableQuery(*session, what.table));
  // On a line of its own, so that a comment at the query's end does not hide the rest.
  TRY(session->CopyOut("COPY (" + query + "\n)" + kCsv,
                       [&](std::string_view row) { return spool.Append(row); }));
  TRY(session->Commit());
  return std::move(spool).Finish();
}

ReadOptions ReadOptionsOfExport() {
  return {
      .format = api::Format::kCsv,
      .csv = {
          .delimiter = ",", .quote = '"', .comment = '\0', .header = true, .null_texts = {"\\N"}}};
}

}  // namespace tenantry::load
