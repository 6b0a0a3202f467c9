#include "agent/load/catalog.h"

#include <charconv>
#include <utility>

#include "common/api/reasons.h"

namespace tenantry::load {
namespace {

constexpr char kFindTable[] = R"(
SELECT c.oid, c.relkind, row_security_active(c.oid),
  EXISTS (SELECT FROM pg_constraint f WHERE f.conrelid = c.oid AND f.confrelid = c.oid)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relname = $2)";

// `base` unwraps domains. Types that have no equality, or one that is about something else (the
// area of a box), are compared by their text.
constexpr char kDescribeColumns[] = R"(
WITH RECURSIVE base (attnum, typid, typmod) AS (
  SELECT attnum, atttypid, atttypmod FROM pg_attribute
  WHERE attrelid = $1::oid AND attnum > 0 AND NOT attisdropped
  UNION ALL
  SELECT b.attnum, t.typbasetype, CASE WHEN t.typtypmod >= 0 THEN t.typtypmod ELSE b.typmod END
  FROM base b JOIN pg_type t ON t.oid = b.typid WHERE t.typtype = 'd')
SELECT a.attname, format_type(a.atttypid, a.atttypmod), format_type(b.typid, b.typmod),
  CASE WHEN t.typname IN ('json', 'jsonb') THEN 'json'
       WHEN t.typcategory = 'A' AND e.typname IN ('json', 'jsonb') THEN 'json[]'
       WHEN t.typcategory = 'A' THEN '[]' ELSE '' END,
  a.attgenerated <> '', a.attidentity = 'a',
  coalesce(e.typname, t.typname) NOT IN ('json', 'xml', 'point', 'lseg', 'path', 'box', 'polygon',
    'line', 'circle', 'jsonpath', 'refcursor', 'aclitem'),
  CASE WHEN a.attidentity <> '' THEN format('nextval(%L::regclass)', pg_get_serial_sequence(
         format('%I.%I', n.nspname, c.relname), a.attname))
       WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END,
  a.attnotnull
FROM pg_attribute a
JOIN base b ON b.attnum = a.attnum
JOIN pg_type t ON t.oid = b.typid AND t.typtype <> 'd'
LEFT JOIN pg_type e ON e.oid = t.typelem AND t.typcategory = 'A'
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = $1::oid ORDER BY a.attnum)";

// One row for each column of each index that ON CONFLICT can use, in order.
constexpr char kUniqueIndexes[] = R"(
SELECT i.indexrelid, i.indisprimary, a.attname
FROM pg_index i
CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, position)
JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
WHERE i.indrelid = $1::oid AND i.indisunique AND i.indisvalid AND i.indimmediate
  AND i.indpred IS NULL AND i.indexprs IS NULL AND k.position <= i.indnkeyatts
ORDER BY NOT i.indisprimary, i.indexrelid, k.position)";

std::int64_t Number(const std::string& text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

TableColumn::Class ClassOf(const std::string& word) {
  return word == "json"     ? TableColumn::Class::kJson
         : word == "json[]" ? TableColumn::Class::kJsonArray
         : word == "[]"     ? TableColumn::Class::kArray
                            : TableColumn::Class::kPlain;
}

struct FoundTable {
  std::string oid;
  bool partitioned = false;
  bool row_security = false;
  bool refers_to_itself = false;
};
Result<FoundTable> FindTable(postgres::Connection& connection, const std::string& schema,
                             const std::string& table, const Origin& origin) {
  const postgres::Rows found = TRY(connection.Execute(kFindTable, {schema, table}));
  const std::string name = "Table " + Quoted(table) + " of dataset " + origin.dataset;
  const auto refuse = [&](const std::string& why) {
    return Error{
        .code = ErrorCode::kInvalid, .message = name + why, .reason = api::reason::kInvalidSpec};
  };
  if (found.empty()) {
    return refuse(" does not exist in schema " + schema +
                  ". Correct target.table, or create it by the tenant's schema.");
  }
  const std::string kind = found.Text(0, 1);
  if (kind != "r" && kind != "p") {
    return refuse(" is no table but a view or the like in schema " + schema +
                  ". Name a table in target.table.");
  }
  return FoundTable{.oid = found.Text(0),
                    .partitioned = kind == "p",
                    .row_security = found.Text(0, 2) == "t",
                    .refers_to_itself = found.Text(0, 3) == "t"};
}

Result<void> CallWithLockName(postgres::Connection& connection, const std::string& function,
                              const Job& job) {
  TRY(connection.Execute(
      "SELECT " + function + "(hashtextextended($1, 0))",
      {"load/" + job.tenant.value() + "/" + job.fixture_set + "/" + job.dataset.name}));
  return {};
}

postgres::Parameter Text(const std::string& text) { return text; }

}  // namespace

Result<Table> DescribeTable(postgres::Connection& connection, const std::string& schema,
                            const std::string& table, const Origin& origin) {
  const FoundTable found = TRY(FindTable(connection, schema, table, origin));
  Table described = {.schema = schema,
                     .name = table,
                     .partitioned = found.partitioned,
                     .row_security = found.row_security,
                     .refers_to_itself = found.refers_to_itself,
                     .oid = found.oid,
                     .columns = {},
                     .unique_indexes = {}};
  const postgres::Rows columns = TRY(connection.Execute(kDescribeColumns, {found.oid}));
  for (std::size_t row = 0; row < columns.rows.size(); ++row) {
    described.columns.push_back({.name = columns.Text(row, 0),
                                 .type = columns.Text(row, 1),
                                 .storage_type = columns.Text(row, 2),
                                 .type_class = ClassOf(columns.Text(row, 3)),
                                 .not_null = columns.Text(row, 8) == "t",
                                 .generated = columns.Text(row, 4) == "t",
                                 .always_identity = columns.Text(row, 5) == "t",
                                 .comparable = columns.Text(row, 6) == "t",
                                 .default_sql = columns.Text(row, 7)});
  }
  const postgres::Rows indexes = TRY(connection.Execute(kUniqueIndexes, {found.oid}));
  for (std::size_t row = 0; row < indexes.rows.size(); ++row) {
    if (row == 0 || indexes.Text(row) != indexes.Text(row - 1)) {
      described.unique_indexes.push_back({.columns = {}, .primary = indexes.Text(row, 1) == "t"});
    }
    described.unique_indexes.back().columns.push_back(indexes.Text(row, 2));
  }
  return described;
}

Result<void> LockDataset(postgres::Connection& connection, const Job& job) {
  return CallWithLockName(connection, "pg_advisory_lock", job);
}

Result<void> UnlockDataset(postgres::Connection& connection, const Job& job) {
  return CallWithLockName(connection, "pg_advisory_unlock", job);
}

Result<std::optional<api::Counters>> FindLoaded(postgres::Connection& connection, const Job& job,
                                                const LoadedContent& content) {
  const postgres::Rows rows = TRY(connection.Execute(
      "SELECT counters ->> 'read' FROM tenantry.loads WHERE tenant_id = $1 AND fixture_set = $2"
      " AND dataset = $3 AND content_hash = $4",
      {job.tenant.value(), job.fixture_set, job.dataset.name, content.hash}));
  if (rows.empty()) {
    return std::optional<api::Counters>();
  }
  const std::int64_t read = Number(rows.Text(0));
  return std::optional<api::Counters>({.read = read, .unchanged = read});
}

Result<void> RecordLoaded(postgres::Connection& connection, const Job& job,
                          const LoadedContent& content, const api::Counters& counters) {
  const auto number = [](std::int64_t value) { return Text(std::to_string(value)); };
  TRY(connection.Execute(
      "INSERT INTO tenantry.loads"
      " (tenant_id, fixture_set, dataset, content_hash, bytes, counters, loaded_at)"
      " VALUES ($1, $2, $3, $4, $5::bigint, jsonb_build_object('read', $6::bigint,"
      " 'inserted', $7::bigint, 'updated', $8::bigint, 'unchanged', $9::bigint,"
      " 'skipped', $10::bigint, 'rejected', $11::bigint), now())"
      " ON CONFLICT (tenant_id, fixture_set, dataset) DO UPDATE SET"
      " content_hash = excluded.content_hash, bytes = excluded.bytes,"
      " counters = excluded.counters, loaded_at = excluded.loaded_at",
      {job.tenant.value(), job.fixture_set, job.dataset.name, content.hash,
       number(content.checksum.bytes), number(counters.read), number(counters.inserted),
       number(counters.updated), number(counters.unchanged), number(counters.skipped),
       number(counters.rejected)}));
  return {};
}

}  // namespace tenantry::load
