#include "agent/load/tracked_rows.h"

#include "common/base/strings.h"

namespace tenantry::load {
namespace {

using postgres::QuoteIdentifier;
using postgres::QuoteLiteral;

// One row for each column; the type is NULL when the table or the column is gone.
constexpr char kShapes[] = R"(
WITH shapes AS (
  SELECT DISTINCT table_schema, table_name, ARRAY(SELECT jsonb_object_keys(row_key) ORDER BY 1) AS k
  FROM tenantry.loaded_rows WHERE tenant_id = $1 AND fixture_set = $2 AND table_name <> '')
SELECT s.table_schema, s.table_name, s.k::text, u.name, format_type(a.atttypid, a.atttypmod)
FROM shapes s
CROSS JOIN LATERAL unnest(s.k) AS u (name)
LEFT JOIN (pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           JOIN pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped)
  ON n.nspname = s.table_schema AND c.relname = s.table_name AND a.attname = u.name
ORDER BY 1, 2, 3, 4)";

// Foreign keys to a table that do something to the child when a parent goes.
constexpr char kActingForeignKeys[] = R"(
SELECT f.oid, f.conname, cn.nspname, c.relname, child.attname, parent.attname
FROM pg_constraint f
JOIN pg_class c ON c.oid = f.conrelid JOIN pg_namespace cn ON cn.oid = c.relnamespace
JOIN pg_class p ON p.oid = f.confrelid JOIN pg_namespace pn ON pn.oid = p.relnamespace
CROSS JOIN LATERAL unnest(f.conkey, f.confkey) WITH ORDINALITY AS k (child, parent, position)
JOIN pg_attribute child ON child.attrelid = f.conrelid AND child.attnum = k.child
JOIN pg_attribute parent ON parent.attrelid = f.confrelid AND parent.attnum = k.parent
WHERE pn.nspname = $1 AND p.relname = $2 AND f.contype = 'f' AND f.conparentid = 0
  AND f.confdeltype IN ('c', 'n', 'd')
ORDER BY f.oid, k.position)";

struct ActingForeignKey {
  std::string oid;
  std::string name;
  std::string child_schema;
  std::string child_table;
  std::vector<std::string> child_columns;
  std::vector<std::string> parent_columns;
};

std::string Qualified(const std::string& schema, const std::string& table) {
  return QuoteIdentifier(schema) + "." + QuoteIdentifier(table);
}

// `tracked` (a row of loaded_rows) is about `row` (a row of the shape's table).
std::string Matches(const TrackedShape& shape, const std::string& row, const std::string& tracked) {
  std::string condition = tracked + ".tenant_id = $1 AND " + tracked + ".fixture_set = $2 AND " +
                          tracked + ".table_schema = " + QuoteLiteral(shape.schema) + " AND " +
                          tracked + ".table_name = " + QuoteLiteral(shape.table) +
                          // Rows known by other columns as well are of another shape.
                          " AND (SELECT count(*) FROM jsonb_object_keys(" + tracked +
                          ".row_key)) = " + std::to_string(shape.columns.size());
  for (const TrackedShape::Column& column : shape.columns) {
    condition += " AND " + row + "." + QuoteIdentifier(column.name) + " = (" + tracked +
                 ".row_key ->> " + QuoteLiteral(column.name) + ")::" + column.type;
  }
  return condition;
}

Result<std::vector<ActingForeignKey>> FindActingForeignKeys(postgres::Connection& connection,
                                                            const TrackedShape& parent) {
  const postgres::Rows rows =
      TRY(connection.Execute(kActingForeignKeys, {parent.schema, parent.table}));
  std::vector<ActingForeignKey> keys;
  for (std::size_t row = 0; row < rows.rows.size(); ++row) {
    if (keys.empty() || keys.back().oid != rows.Text(row, 0)) {
      keys.push_back({.oid = rows.Text(row, 0),
                      .name = rows.Text(row, 1),
                      .child_schema = rows.Text(row, 2),
                      .child_table = rows.Text(row, 3),
                      .child_columns = {},
                      .parent_columns = {}});
    }
    keys.back().child_columns.push_back(rows.Text(row, 4));
    keys.back().parent_columns.push_back(rows.Text(row, 5));
  }
  return keys;
}

// Answers a row when a child of a tracked parent is not tracked itself.
std::string FindUntrackedChild(const TrackedShape& parent, const ActingForeignKey& key,
                               const std::vector<TrackedShape>& shapes) {
  std::string sql = "SELECT 1 FROM tenantry.loaded_rows l JOIN " +
                    Qualified(parent.schema, parent.table) + " p ON " + Matches(parent, "p", "l") +
                    " JOIN " + Qualified(key.child_schema, key.child_table) + " c ON ";
  for (std::size_t i = 0; i < key.child_columns.size(); ++i) {
    sql += (i > 0 ? " AND c." : "c.") + QuoteIdentifier(key.child_columns[i]) + " = p." +
           QuoteIdentifier(key.parent_columns[i]);
  }
  sql += " WHERE true";
  for (const TrackedShape& shape : shapes) {
    if (shape.schema == key.child_schema && shape.table == key.child_table) {
      sql += " AND NOT EXISTS (SELECT FROM tenantry.loaded_rows k WHERE " +
             Matches(shape, "c", "k") + ")";
    }
  }
  return sql + " LIMIT 1";
}

}  // namespace

Result<std::vector<TrackedShape>> FindShapes(postgres::Connection& connection,
                                             const std::vector<postgres::Parameter>& owner) {
  const postgres::Rows rows = TRY(connection.Execute(kShapes, owner));
  std::vector<TrackedShape> shapes;
  bool gone = false;
  for (std::size_t row = 0; row < rows.rows.size(); ++row) {
    const bool begins = row == 0 || rows.Text(row, 0) != rows.Text(row - 1, 0) ||
                        rows.Text(row, 1) != rows.Text(row - 1, 1) ||
                        rows.Text(row, 2) != rows.Text(row - 1, 2);
    if (begins && gone) {
      shapes.pop_back();
    }
    if (begins) {
      gone = false;
      shapes.push_back({.schema = rows.Text(row, 0), .table = rows.Text(row, 1), .columns = {}});
    }
    gone = gone || !rows.rows[row][4];
    shapes.back().columns.push_back({.name = rows.Text(row, 3), .type = rows.Text(row, 4)});
  }
  if (gone) {
    shapes.pop_back();
  }
  return shapes;
}

std::string DeleteTracked(const TrackedShape& shape) {
  return "DELETE FROM " + Qualified(shape.schema, shape.table) +
         " AS t USING tenantry.loaded_rows AS l WHERE " + Matches(shape, "t", "l") + " RETURNING 1";
}

Result<std::optional<std::string>> FindReach(postgres::Connection& connection,
                                             const std::vector<postgres::Parameter>& owner,
                                             const std::vector<TrackedShape>& shapes) {
  for (const TrackedShape& parent : shapes) {
    for (const ActingForeignKey& key : TRY(FindActingForeignKeys(connection, parent))) {
      const postgres::Rows found =
          TRY(connection.Execute(FindUntrackedChild(parent, key, shapes), owner));
      if (!found.empty()) {
        return std::optional<std::string>(key.name);
      }
    }
  }
  return std::optional<std::string>();
}

}  // namespace tenantry::load
