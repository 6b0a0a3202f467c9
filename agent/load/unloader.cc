#include "agent/load/unloader.h"

#include <charconv>
#include <utility>
#include <vector>

#include "agent/load/catalog.h"
#include "agent/load/transaction.h"
#include "common/api/reasons.h"
#include "common/base/strings.h"

namespace tenantry::load {
namespace {

using postgres::QuoteIdentifier;
using postgres::QuoteLiteral;

constexpr char kShapes[] = R"(
WITH shapes AS (
  SELECT DISTINCT table_schema, table_name, ARRAY(SELECT jsonb_object_keys(row_key) ORDER BY 1) AS k
  FROM tenantry.loaded_rows WHERE tenant_id = $1 AND fixture_set = $2 AND table_name <> '')
SELECT table_schema, table_name, k::text, column_name
FROM shapes CROSS JOIN LATERAL unnest(k) AS u (column_name) ORDER BY 1, 2, 3, 4)";
constexpr char kDeclareKeys[] = R"(
DECLARE tenantry_keys NO SCROLL CURSOR FOR SELECT DISTINCT row_key ->> 'redisKey'
FROM tenantry.loaded_rows WHERE tenant_id = $1 AND fixture_set = $2 AND table_name = '')";
constexpr char kFetchKeys[] = "FETCH 500 FROM tenantry_keys";

std::int64_t Number(const std::string& text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// Rows of one table that are known by the same columns.
struct Shape {
  std::string schema;
  std::string table;
  std::string columns_text;  // of the array, to tell shapes of one table apart
  std::vector<std::string> columns;
};

Result<std::vector<Shape>> FindShapes(postgres::Connection& connection,
                                      const std::vector<postgres::Parameter>& owner) {
  const postgres::Rows rows = TRY(connection.Execute(kShapes, owner));
  std::vector<Shape> shapes;
  for (std::size_t row = 0; row < rows.rows.size(); ++row) {
    const bool same = !shapes.empty() && shapes.back().schema == rows.Text(row, 0) &&
                      shapes.back().table == rows.Text(row, 1) &&
                      shapes.back().columns_text == rows.Text(row, 2);
    if (!same) {
      shapes.push_back({.schema = rows.Text(row, 0),
                        .table = rows.Text(row, 1),
                        .columns_text = rows.Text(row, 2),
                        .columns = {}});
    }
    shapes.back().columns.push_back(rows.Text(row, 3));
  }
  return shapes;
}

// The types of the shape's columns. Empty: the table or a column is gone, and the rows with it.
Result<std::vector<std::string>> TypesOf(postgres::Connection& connection, const Shape& shape) {
  std::vector<std::string> types;
  for (const std::string& column : shape.columns) {
    const postgres::Rows rows = TRY(connection.Execute(
        "SELECT format_type(a.atttypid, a.atttypmod) FROM pg_attribute a"
        " JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = $1 AND c.relname = $2 AND a.attname = $3 AND NOT a.attisdropped",
        {shape.schema, shape.table, column}));
    if (rows.empty()) {
      return std::vector<std::string>();
    }
    types.push_back(rows.Text(0));
  }
  return types;
}

std::string DeleteShape(const Shape& shape, const std::vector<std::string>& types) {
  std::string sql = "DELETE FROM " + QuoteIdentifier(shape.schema) + "." +
                    QuoteIdentifier(shape.table) +
                    " AS t USING tenantry.loaded_rows AS l WHERE l.tenant_id = $1 AND"
                    " l.fixture_set = $2 AND l.table_schema = " +
                    QuoteLiteral(shape.schema) + " AND l.table_name = " + QuoteLiteral(shape.table);
  for (std::size_t i = 0; i < shape.columns.size(); ++i) {
    sql += " AND t." + QuoteIdentifier(shape.columns[i]) + " = (l.row_key ->> " +
           QuoteLiteral(shape.columns[i]) + ")::" + types[i];
  }
  // Rows known by other columns as well are another shape's.
  sql += " AND (SELECT count(*) FROM jsonb_object_keys(l.row_key)) = " +
         std::to_string(shape.columns.size());
  return sql + " RETURNING 1";
}

Error StillReferenced(const postgres::Connection& connection) {
  const postgres::ServerDiagnostics& why = connection.last_diagnostics();
  return {.code = ErrorCode::kInvalid,
          .message =
              "The fixture set's rows cannot be removed: other rows refer to them (foreign "
              "key \"" +
              why.constraint + "\"; " + Shorten(why.detail, 200) +
              ") Remove those rows, or set deletionPolicy: Retain.",
          .reason = api::reason::kFinalizerBlocked};
}

// All tables in one statement: foreign keys among them are looked at when all the rows are gone.
Result<std::int64_t> DeleteRows(postgres::Connection& connection,
                                const std::vector<postgres::Parameter>& owner) {
  std::vector<std::string> parts, counts;
  for (const Shape& shape : TRY(FindShapes(connection, owner))) {
    const std::vector<std::string> types = TRY(TypesOf(connection, shape));
    if (types.empty()) {
      continue;
    }
    const std::string name = "d" + std::to_string(parts.size());
    parts.push_back(name + " AS (" + DeleteShape(shape, types) + ")");
    counts.push_back("(SELECT count(*) FROM " + name + ")");
  }
  if (parts.empty()) {
    return 0;
  }
  const Result<postgres::Rows> deleted =
      connection.Execute("WITH " + Join(parts, ", ") + " SELECT " + Join(counts, " + "), owner);
  if (!deleted) {
    return connection.last_diagnostics().sqlstate == "23503" ? StillReferenced(connection)
                                                             : deleted.error();
  }
  return Number(deleted->Text(0));
}

Result<std::int64_t> DeleteKeys(postgres::Connection& connection, redis::Connection* redis,
                                const api::TenantId& tenant, const std::string& fixture_set,
                                std::stop_token stop) {
  // A cursor takes no parameters in the simple protocol, and literals do as well.
  std::string declare = kDeclareKeys;
  declare.replace(declare.find("$1"), 2, QuoteLiteral(tenant.value()));
  declare.replace(declare.find("$2"), 2, QuoteLiteral(fixture_set));
  TRY(connection.ExecuteScript(declare));
  std::int64_t removed = 0;
  for (;;) {
    const postgres::Rows keys = TRY(connection.Execute(kFetchKeys));
    if (keys.empty()) {
      return removed;
    }
    if (redis == nullptr) {
      return Error{.code = ErrorCode::kInvalid,
                   .message =
                       "The fixture set's Redis keys cannot be removed: the data store has "
                       "no redis any more. Add it again, or set deletionPolicy: Retain.",
                   .reason = api::reason::kInvalidSpec};
    }
    if (stop.stop_requested()) {
      return Error{.code = ErrorCode::kCancelled, .message = "The unload was cancelled."};
    }
    std::vector<std::string> command = {"DEL"};
    for (std::size_t row = 0; row < keys.rows.size(); ++row) {
      // The catalogue is the tenant's to write: never further than its own prefix.
      if (keys.Text(row).starts_with(api::RedisPrefix(tenant))) {
        command.push_back(keys.Text(row));
      }
    }
    if (command.size() > 1) {
      removed += TRY(redis->Command(command)).integer;
    }
  }
}

}  // namespace

Result<api::UnloadResult> Unload(postgres::Connection& connection, redis::Connection* redis,
                                 const api::TenantId& tenant, const std::string& fixture_set,
                                 agent::TaskContext& context) {
  const std::vector<postgres::Parameter> owner = {tenant.value(), fixture_set};
  Transaction transaction(connection);
  TRY(transaction.Begin());
  api::UnloadResult result;
  result.rows_removed = TRY(DeleteRows(connection, owner));
  result.keys_removed = TRY(DeleteKeys(connection, redis, tenant, fixture_set, context.stop()));
  TRY(connection.Execute(
      "DELETE FROM tenantry.loaded_rows WHERE tenant_id = $1 AND fixture_set = $2", owner));
  TRY(connection.Execute("DELETE FROM tenantry.loads WHERE tenant_id = $1 AND fixture_set = $2",
                         owner));
  TRY(transaction.Commit());
  return result;
}

}  // namespace tenantry::load
