#include "agent/load/bulk_create.h"

#include <algorithm>
#include <set>
#include <utility>

#include "agent/load/bulk_plan.h"
#include "agent/load/statements.h"
#include "agent/postgres/quote.h"
#include "common/api/reasons.h"
#include "common/base/strings.h"

namespace tenantry::load {
namespace {

constexpr std::size_t kMaxIdentifierBytes = 63;  // NAMEDATALEN - 1

// At most `bytes` of UTF-8, cut between characters.
std::string CutTo(std::string name, std::size_t bytes) {
  if (name.size() <= bytes) {
    return name;
  }
  std::size_t end = bytes;
  while (end > 0 && (name[end] & 0xC0) == 0x80) {
    --end;
  }
  name.resize(end);
  return name;
}

Result<std::vector<std::string>> KeyNames(const std::vector<std::string>& key,
                                          const std::vector<ColumnProfile>& columns,
                                          const std::vector<std::string>& names,
                                          const Origin& origin) {
  std::vector<std::string> found;
  for (const std::string& column : key) {
    std::optional<std::string> match;
    for (std::size_t i = 0; i < columns.size() && !match; ++i) {
      if (columns[i].name == column || names[i] == PlainName(column)) {
        match = names[i];
      }
    }
    if (!match) {
      return Error{.code = ErrorCode::kInvalid,
                   .message = "Dataset " + origin.dataset + ": key names column " + Quoted(column) +
                              ", which the data lacks. It has " + Join(names, ", ") + ".",
                   .reason = api::reason::kInvalidSpec};
    }
    found.push_back(*match);
  }
  return found;
}

}  // namespace

std::vector<std::string> ColumnNames(const std::vector<std::string>& names) {
  std::vector<std::string> unique;
  std::set<std::string> taken;
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::string base = CutTo(PlainName(names[i]), kMaxIdentifierBytes);
    base = base.empty() ? "column_" + std::to_string(i + 1) : base;
    std::string name = base;
    for (int suffix = 2; !taken.insert(name).second; ++suffix) {
      const std::string end = "_" + std::to_string(suffix);
      name = CutTo(base, kMaxIdentifierBytes - end.size()) + end;
    }
    unique.push_back(name);
  }
  return unique;
}

std::string CreateTableSql(const std::string& schema, const std::string& table,
                           const std::vector<ColumnProfile>& columns,
                           const std::vector<std::string>& key) {
  std::vector<std::string> names, lines;
  for (const ColumnProfile& column : columns) {
    names.push_back(column.name);
  }
  names = ColumnNames(names);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    lines.push_back(postgres::QuoteIdentifier(names[i]) + " " + ToString(columns[i].type));
  }
  if (!key.empty()) {
    std::vector<std::string> quoted;
    for (const std::string& column : key) {
      quoted.push_back(postgres::QuoteIdentifier(column));
    }
    lines.push_back("PRIMARY KEY (" + Join(quoted, ", ") + ")");
  }
  return "CREATE TABLE IF NOT EXISTS " + postgres::QuoteIdentifier(schema) + "." +
         postgres::QuoteIdentifier(table) + " (\n  " + Join(lines, ",\n  ") + "\n)";
}

Result<bool> TableExists(postgres::Connection& connection, const BulkTarget& target) {
  const postgres::Rows found = TRY(connection.Execute(
      "SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 "
      "AND c.relname = $2",
      {target.schema, target.table}));
  return !found.empty();
}

Result<bool> CreateTableFor(postgres::Connection& connection, const BulkTarget& target,
                            const BulkOptions& options, const KeyLookup* keys, const Source& source,
                            const Origin& origin, std::stop_token stop) {
  if (TRY(TableExists(connection, target))) {
    return false;
  }
  const SourceProfile profile =
      TRY(ProfileSource(source, options.read, {.mapping = options.mapping.get(), .keys = keys},
                        Extent::kWhole, origin, std::move(stop)));
  if (profile.names.empty()) {
    return DataError(origin, {}, "it is empty, so no table can be made for it. Create the table.");
  }
  const std::vector<std::string> key =
      TRY(KeyNames(options.key, profile.columns, ColumnNames(profile.names), origin));
  TRY(connection.ExecuteScript(CreateTableSql(target.schema, target.table, profile.columns, key)));
  return true;
}

Result<void> AdvanceSequences(postgres::Connection& connection, const Table& table,
                              const std::vector<std::size_t>& columns) {
  for (const std::size_t column : columns) {
    const std::string& name = table.columns[column].name;
    if (!table.columns[column].default_sql.starts_with("nextval(")) {
      continue;
    }
    const postgres::Rows sequence = TRY(
        connection.Execute("SELECT pg_get_serial_sequence($1, $2), coalesce(has_sequence_privilege("
                           "pg_get_serial_sequence($1, $2), 'UPDATE'), false)",
                           {QualifiedName(table), name}));
    if (sequence.Text(0, 1) != "t") {
      continue;
    }
    const std::string greatest =
        "(SELECT max(" + postgres::QuoteIdentifier(name) + ") FROM " + QualifiedName(table) + ")";
    TRY(connection.Execute("SELECT setval($1::regclass, " + greatest + ") WHERE " + greatest +
                               " > coalesce(pg_sequence_last_value($1::regclass), 0)",
                           {sequence.Text(0, 0)}));
  }
  return {};
}

}  // namespace tenantry::load
