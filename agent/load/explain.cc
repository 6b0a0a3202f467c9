#include "agent/load/explain.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include "agent/load/json_text.h"
#include "agent/load/read/place.h"
#include "common/base/strings.h"

namespace tenantry::load {
namespace {

constexpr std::size_t kShownMessage = 200;

// What a value of a type is, in words. The first prefix that fits counts.
constexpr std::array<std::pair<std::string_view, std::string_view>, 17> kTypeWords = {{
    {"smallint", "an integer"},
    {"integer", "an integer"},
    {"bigint", "an integer"},
    {"numeric", "a number"},
    {"real", "a number"},
    {"double precision", "a number"},
    {"boolean", "true or false"},
    {"date", "a date"},
    {"timestamp", "a point in time"},
    {"time", "a time of day"},
    {"interval", "an interval"},
    {"uuid", "a UUID"},
    {"json", "valid JSON"},
    {"bytea", "valid bytea"},
    {"inet", "an IP address"},
    {"cidr", "an IP network"},
    {"character", "a text that fits"},
}};

std::string InWords(const std::string& type) {
  if (!type.ends_with("[]")) {
    for (const auto& [prefix, words] : kTypeWords) {
      if (type.starts_with(prefix)) {
        return std::string(words);
      }
    }
  }
  return "a value of type " + type;
}

std::string ServerWords(const postgres::ServerDiagnostics& diagnostics) {
  return " (" + Shorten(diagnostics.message, kShownMessage) + ")";
}

std::string Shown(const Value& value) {
  const bool quoted = value.kind == Value::Kind::kString || value.kind == Value::Kind::kUntyped;
  return quoted ? Quoted(value.text) : Shorten(ToJson(value));
}

std::string SoleColumn(const RecordCopy& record, const std::vector<std::string>& columns) {
  std::string sole;
  for (const std::string& column : columns) {
    if (record.Find(column) == nullptr) {
      continue;  // a default, such as the tenant's own
    }
    if (!sole.empty()) {
      return "";
    }
    sole = column;
  }
  return sole;
}

// "album_id = …, disc = …", or just the value when the column is named already.
std::string ValuesFor(const RecordCopy& record, const std::string& column,
                      const std::vector<std::string>& columns) {
  return column.empty() ? ListValues(record, columns) : Shown(*record.Find(column));
}

Explanation ExplainDuplicate(const RecordCopy& record, const Table& table, const Refusal& refusal) {
  const std::string column = SoleColumn(record, refusal.columns);
  const std::string values = ValuesFor(record, column, refusal.columns);
  const std::string place = refusal.twin
                                ? " is in record " + std::to_string(*refusal.twin) + " already"
                                : " is in table " + table.schema + "." + table.name + " already";
  const std::string next = refusal.of_key
                               ? ". Remove one of the two, or set conflict: Skip or Update."
                               : ", and \"" + refusal.diagnostics.constraint +
                                     "\" wants it to be unique. Correct one of the two.";
  return {.column = column, .what = (values.empty() ? "its key" : values) + place + next};
}

Explanation ExplainOrphan(const RecordCopy& record, const Refusal& refusal) {
  const ForeignKey& key = *refusal.foreign_key;
  const std::string column = SoleColumn(record, key.columns);
  return {.column = column,
          .what = ValuesFor(record, column, key.columns) + " is not in table " + key.parent_schema +
                  "." + key.parent_table + " (foreign key \"" + refusal.diagnostics.constraint +
                  "\"). Correct the row, or load the other table first."};
}

Explanation ExplainCheck(const RecordCopy& record, const Refusal& refusal) {
  const std::string column = SoleColumn(record, refusal.columns);
  const std::string values = ValuesFor(record, column, refusal.columns);
  const std::string check = "check constraint \"" + refusal.diagnostics.constraint + "\"";
  return {.column = column,
          .what = (values.empty() ? "it violates " + check : values + " violates " + check) +
                  ". Correct the row."};
}

Explanation ExplainMissing(const RecordCopy& record, const Refusal& refusal) {
  const std::string column = refusal.diagnostics.column;
  const bool given = record.Find(column) != nullptr;
  return {.column = column,
          .what = given ? "the value is NULL, which the column does not take. Give it a value."
                        : "the column is missing, and the table needs a value. Add it."};
}

}  // namespace

const Value* RecordCopy::Find(const std::string& name) const {
  for (const Cell& cell : record.cells) {
    if (names[cell.column] == name) {
      return &cell.value;
    }
  }
  return nullptr;
}

std::string ListValues(const RecordCopy& record, const std::vector<std::string>& columns) {
  std::vector<std::string> parts;
  for (const std::string& column : columns) {
    if (const Value* value = record.Find(column); value != nullptr) {
      parts.push_back(column + " = " + Shown(*value));
    }
  }
  return Join(parts, ", ");
}

std::string ExplainValue(const Value& value, const std::string& type,
                         const postgres::ServerDiagnostics& diagnostics) {
  const std::string& state = diagnostics.sqlstate;
  const std::string shown = Shown(value);
  if (state == "22001") {
    return shown + " is too long for " + type + ". Shorten it.";
  }
  if (state == "22003") {
    return shown + " is out of the range of " + type + ". Correct the row.";
  }
  if (state == "22P02" || state == "22007" || state == "22008") {
    return shown + " is not " + InWords(type) + ". Correct the row.";
  }
  return shown + " is not " + InWords(type) + ServerWords(diagnostics) + ". Correct the row.";
}

std::int64_t CopyLine(const std::string& context, std::string_view name) {
  const std::string start = "COPY " + std::string(name) + ", ";
  const std::size_t found = context.find(start);
  if (found == std::string::npos) {
    return 0;
  }
  const std::size_t at = context.find_first_of("0123456789", found + start.size());
  if (at == std::string::npos) {
    return 0;
  }
  std::int64_t line = 0;
  std::from_chars(context.data() + at, context.data() + context.size(), line);
  return line;
}

bool IsRecordError(const std::string& sqlstate) {
  return sqlstate.starts_with("22") || sqlstate.starts_with("23") || sqlstate == "42501" ||
         sqlstate.starts_with("P0");
}

Explanation ExplainRefusal(const RecordCopy& record, const Table& table, const Refusal& refusal) {
  const std::string& state = refusal.diagnostics.sqlstate;
  if (state == "23505") {
    return ExplainDuplicate(record, table, refusal);
  }
  if (state == "23503" && refusal.foreign_key) {
    return ExplainOrphan(record, refusal);
  }
  if (state == "23514" && !refusal.diagnostics.constraint.empty()) {
    return ExplainCheck(record, refusal);
  }
  if (state == "23502" && !refusal.diagnostics.column.empty()) {
    return ExplainMissing(record, refusal);
  }
  if (state == "42501") {
    return {.column = "",
            .what =
                "row-level security refuses it, as a row of another tenant. Correct the row, "
                "or leave the tenant's column out."};
  }
  return {
      .column = "",
      .what = "the database refuses it" + ServerWords(refusal.diagnostics) + ". Correct the row."};
}

}  // namespace tenantry::load
