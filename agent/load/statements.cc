#include "agent/load/statements.h"

#include <algorithm>

#include "agent/postgres/connection.h"
#include "common/base/strings.h"

namespace tenantry::load {
namespace {

using postgres::QuoteIdentifier;
using postgres::QuoteLiteral;

const std::string kStaging = std::string("pg_temp.") + kStagingName;

std::string Column(const Table& table, std::size_t column) {
  return QuoteIdentifier(table.columns[column].name);
}

// Position of the column's byte in `absent`, from 1.
std::size_t AbsentPosition(const Table& table, std::size_t column) {
  std::size_t position = 1;
  for (std::size_t i = 0; i < column; ++i) {
    position += table.columns[i].has_default() && !table.columns[i].generated ? 1 : 0;
  }
  return position;
}

std::vector<std::size_t> InsertedColumns(const Table& table, const Key& key,
                                         const std::vector<Presence>& presence) {
  std::vector<std::size_t> columns;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    if (presence[i] != Presence::kNone || key.IsDefaulted(i)) {
      columns.push_back(i);
    }
  }
  return columns;
}

std::string Comparable(const Table& table, std::size_t column, const std::string& alias) {
  const std::string value = alias + "." + Column(table, column);
  return table.columns[column].comparable ? value : value + "::text";
}

// What a column of the row that is there becomes.
std::string NewValue(const Table& table, std::size_t column, const InsertOptions& options) {
  const std::string name = Column(table, column);
  if (options.conflict != api::Conflict::kMerge) {
    return "excluded." + name;
  }
  const std::string& type = table.columns[column].storage_type;
  return type == "jsonb" ? options.merge_jsonb + "(t." + name + ", excluded." + name + ")"
                         : "coalesce(excluded." + name + ", t." + name + ")";
}

// When a record wins over the row that is there, beside that it differs.
std::string Condition(const Table& table, const InsertOptions& options) {
  if (!options.cursor) {
    return "";
  }
  const std::string name = Column(table, *options.cursor);
  const bool newest = options.conflict == api::Conflict::kKeepNewest;
  return " AND (t." + name + " IS NULL AND excluded." + name + " IS NOT NULL OR excluded." + name +
         (newest ? " > t." : " < t.") + name + ")";
}

std::string OnConflict(const Table& table, const Key& key, const std::vector<std::size_t>& inserted,
                       const InsertOptions& options) {
  if (options.conflict == api::Conflict::kError) {
    return "";
  }
  std::vector<std::string> target, set, old_values, new_values;
  for (const std::size_t column : key.columns) {
    target.push_back(Column(table, column));
  }
  const bool replace = options.conflict == api::Conflict::kReplace;
  for (std::size_t column = 0; column < table.columns.size(); ++column) {
    const bool given = std::find(inserted.begin(), inserted.end(), column) != inserted.end();
    const TableColumn& meant = table.columns[column];
    if (key.Has(column) || meant.generated || (!given && !replace)) {
      continue;
    }
    if (!given && !meant.default_sql.empty()) {
      set.push_back(Column(table, column) + " = DEFAULT");  // a default is not compared: now()
      continue;
    }
    const std::string value =
        given ? NewValue(table, column, options) : "NULL::" + meant.storage_type;
    set.push_back(Column(table, column) + " = " + value);
    old_values.push_back(Comparable(table, column, "t"));
    new_values.push_back(meant.comparable ? value : "(" + value + ")::text");
  }
  const std::string clause = " ON CONFLICT (" + Join(target, ", ") + ") DO ";
  if (options.conflict == api::Conflict::kSkip || old_values.empty()) {
    return clause + "NOTHING";
  }
  return clause + "UPDATE SET " + Join(set, ", ") + " WHERE ROW(" + Join(old_values, ", ") +
         ") IS DISTINCT FROM ROW(" + Join(new_values, ", ") + ")" + Condition(table, options);
}

std::string Tracking(const Table& table, const Key& key) {
  std::vector<std::string> pairs;
  for (const std::size_t column : key.columns) {
    pairs.push_back(QuoteLiteral(table.columns[column].name) + ", k" + std::to_string(column));
  }
  return ", tracked AS (INSERT INTO tenantry.loaded_rows"
         " (tenant_id, fixture_set, dataset, table_schema, table_name, row_key)"
         " SELECT $1::text, $2::text, $3::text, $4::text, $5::text, jsonb_build_object(" +
         Join(pairs, ", ") + ") FROM written WHERE inserted ON CONFLICT DO NOTHING)";
}

// True for rows that the statement has made.
std::string IsInserted(const Table& table, const Key& key, api::Conflict conflict) {
  if (conflict == api::Conflict::kError || conflict == api::Conflict::kSkip) {
    return "true";
  }
  if (!table.partitioned) {
    // A row that DO UPDATE has written carries the lock that was taken on the old one in xmax.
    return "(t.xmax = 0)";
  }
  std::vector<std::string> matches;
  for (const std::size_t column : key.columns) {
    matches.push_back("o." + Column(table, column) + " = t." + Column(table, column));
  }
  // A sub-SELECT sees the table as it was before the statement.
  return "NOT EXISTS (SELECT FROM " + QualifiedName(table) + " AS o WHERE " +
         Join(matches, " AND ") + ")";
}

std::string Returning(const Table& table, const Key& key, const InsertOptions& options) {
  std::string returning = " RETURNING " + IsInserted(table, key, options.conflict) + " AS inserted";
  if (options.track == TrackRows::kYes) {
    for (const std::size_t column : key.columns) {
      returning += ", t." + Column(table, column) + " AS k" + std::to_string(column);
    }
  }
  return returning;
}

}  // namespace

std::string QualifiedName(const Table& table) {
  return QuoteIdentifier(table.schema) + "." + QuoteIdentifier(table.name);
}

std::string StagingColumn(std::size_t column) { return "c" + std::to_string(column + 1); }

std::string CreateStaging(const Table& table, const Key& key) {
  std::string sql =
      "CREATE TEMPORARY TABLE IF NOT EXISTS " + kStaging + " (record bigint NOT NULL, absent text";
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const TableColumn& column = table.columns[i];
    if (column.generated) {
      continue;
    }
    sql += ", " + StagingColumn(i) + " " + column.storage_type;
    sql += key.IsDefaulted(i) ? " DEFAULT (" + column.default_sql + ")" : "";
  }
  return sql + ") ON COMMIT DELETE ROWS";
}

std::string CopyColumnsIntoStaging(const std::vector<std::size_t>& columns,
                                   std::string_view format) {
  std::string sql = "COPY " + kStaging + " (record, absent";
  for (const std::size_t column : columns) {
    sql += ", " + StagingColumn(column);
  }
  return sql + ") FROM STDIN (FORMAT " + std::string(format) + ")";
}

std::string ValueOf(const Table& table, const Key& key, const std::vector<Presence>& presence,
                    std::size_t column, const std::string& staging_alias) {
  const std::string staged = staging_alias + "." + StagingColumn(column);
  const TableColumn& target = table.columns[column];
  if (presence[column] == Presence::kAll || key.IsDefaulted(column)) {
    return staged;
  }
  if (presence[column] == Presence::kNone) {
    return target.has_default() ? "(" + target.default_sql + ")" : "NULL::" + target.storage_type;
  }
  if (!target.has_default()) {
    return staged;
  }
  return "CASE WHEN substr(" + staging_alias + ".absent, " +
         std::to_string(AbsentPosition(table, column)) + ", 1) = '1' THEN (" + target.default_sql +
         ") ELSE " + staged + " END";
}

std::string DropSuperseded(const Key& key) {
  std::vector<std::string> columns, matches;
  for (const std::size_t column : key.columns) {
    const std::string name = StagingColumn(column);
    columns.push_back(name);
    matches.push_back("s." + name + " = d." + name);
  }
  const std::string list = Join(columns, ", ");
  return "DELETE FROM " + kStaging + " s USING (SELECT " + list + ", max(record) AS last FROM " +
         kStaging + " GROUP BY " + list + " HAVING count(*) > 1) d WHERE s.record < d.last AND " +
         Join(matches, " AND ");
}

std::string DropSuperseded(const Key& key, api::Conflict conflict, std::size_t cursor) {
  std::vector<std::string> columns;
  for (const std::size_t column : key.columns) {
    columns.push_back(StagingColumn(column));
  }
  const bool newest = conflict == api::Conflict::kKeepNewest;
  return "DELETE FROM " + kStaging + " s USING (SELECT record, row_number() OVER (PARTITION BY " +
         Join(columns, ", ") + " ORDER BY " + StagingColumn(cursor) + (newest ? " DESC" : "") +
         " NULLS LAST, record) AS place FROM " + kStaging +
         ") d WHERE s.record = d.record AND d.place > 1";
}

std::string EmptyStaging() { return "TRUNCATE " + kStaging; }

std::string CountSame(const Table& table, const Key& key, const std::vector<Presence>& presence) {
  std::vector<std::string> matches, old_values, new_values;
  for (const std::size_t column : key.columns) {
    matches.push_back("t." + Column(table, column) + " = " +
                      ValueOf(table, key, presence, column, "s"));
  }
  for (const std::size_t column : InsertedColumns(table, key, presence)) {
    const std::string value = ValueOf(table, key, presence, column, "s");
    old_values.push_back(Comparable(table, column, "t"));
    new_values.push_back(table.columns[column].comparable ? value : "(" + value + ")::text");
  }
  return "SELECT count(*) FROM " + kStaging + " s JOIN " + QualifiedName(table) + " t ON " +
         Join(matches, " AND ") + " WHERE ROW(" + Join(old_values, ", ") +
         ") IS NOT DISTINCT FROM ROW(" + Join(new_values, ", ") + ")";
}

std::string LockForUpdate(const Table& table, api::Conflict conflict) {
  return table.partitioned && conflict != api::Conflict::kError && conflict != api::Conflict::kSkip
             ? "LOCK TABLE " + QualifiedName(table) + " IN SHARE ROW EXCLUSIVE MODE"
             : "";
}

std::string InsertFromStaging(const Table& table, const Key& key,
                              const std::vector<Presence>& presence, const InsertOptions& options) {
  const std::vector<std::size_t> inserted = InsertedColumns(table, key, presence);
  std::vector<std::string> names, values;
  bool overriding = false;
  for (const std::size_t column : inserted) {
    names.push_back(Column(table, column));
    values.push_back(ValueOf(table, key, presence, column, "s"));
    overriding = overriding || table.columns[column].always_identity;
  }
  std::string sql = "WITH written AS (INSERT INTO " + QualifiedName(table) + " AS t (" +
                    Join(names, ", ") + ")" + (overriding ? " OVERRIDING SYSTEM VALUE" : "") +
                    " SELECT " + Join(values, ", ") + " FROM " + kStaging + " s";
  sql += OnConflict(table, key, inserted, options) + Returning(table, key, options) + ")";
  if (options.track == TrackRows::kYes) {
    sql += Tracking(table, key);
  }
  return sql +
         " SELECT count(*) FILTER (WHERE inserted), count(*) FILTER (WHERE NOT inserted)"
         " FROM written";
}

}  // namespace tenantry::load
