#include <nlohmann/json.hpp>

#include "cli/inspect_report.h"

namespace tenantry::cli {
namespace {

using Json = nlohmann::ordered_json;

Json OrNull(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }
Json OrNull(char c) { return c == '\0' ? Json(nullptr) : Json(std::string(1, c)); }

const char* NameOf(api::Format format) {
  switch (format) {
    case api::Format::kJson:
      return "json";
    case api::Format::kNdjson:
      return "ndjson";
    default:
      return "csv";
  }
}

const char* NameOf(load::CsvDialect::Escape escape) {
  switch (escape) {
    case load::CsvDialect::Escape::kNone:
      return "none";
    case load::CsvDialect::Escape::kDoubled:
      return "doubled";
    case load::CsvDialect::Escape::kBackslash:
      break;
  }
  return "backslash";
}

const char* NameOf(load::DateOrder order) {
  switch (order) {
    case load::DateOrder::kYearMonthDay:
      return "YMD";
    case load::DateOrder::kMonthDayYear:
      return "MDY";
    case load::DateOrder::kDayMonthYear:
      break;
  }
  return "DMY";
}

Json DialectOf(const load::Inspection& inspection) {
  const load::Finding& finding = inspection.finding;
  if (!finding.csv) {
    return {{"shape", finding.json_shape}};
  }
  const load::CsvDialect& csv = *finding.csv;
  return {{"delimiter", csv.delimiter},
          {"quote", OrNull(csv.quote)},
          {"escape", NameOf(csv.escape)},
          {"comment", OrNull(csv.comment)},
          {"header", csv.header},
          {"headerLine", csv.header ? Json(inspection.header_line) : Json(nullptr)},
          {"titleLines", csv.title_lines},
          {"lineEnds", OrNull(ToString(inspection.line_ends))}};
}

bool IsDate(load::ValueType type) {
  return type == load::ValueType::kDate || type == load::ValueType::kTimestamp ||
         type == load::ValueType::kTimestampTz;
}

Json ColumnOf(const load::ColumnProfile& column) {
  const bool date = IsDate(column.type);
  // A text without characters is NULL in every other type.
  const bool nullable = (column.type == load::ValueType::kText ? column.nulls : column.empty) > 0;
  return {{"name", column.name},
          {"type", ToString(column.type)},
          {"nullable", nullable},
          {"values", column.values},
          {"empty", column.empty},
          {"distinct", column.distinct},
          {"distinctExact", column.distinct_exact},
          {"longest", column.longest},
          {"examples", column.examples},
          {"format", OrNull(column.format)},
          {"dateOrder", date ? Json(NameOf(column.order)) : Json(nullptr)},
          {"dateOrderProven", date ? Json(column.order_proven) : Json(nullptr)}};
}

Json PreviewOf(const load::Inspection& inspection) {
  Json rows = Json::array();
  for (const auto& values : inspection.preview) {
    Json row = Json::array();
    for (const std::optional<std::string>& value : values) {
      row.push_back(value ? Json(*value) : Json(nullptr));
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

Json ProblemOf(const load::Problem& problem) {
  return {{"kind", ToString(problem.kind)},
          {"record", problem.record},
          {"line", problem.line},
          {"byte", problem.byte ? Json(*problem.byte) : Json(nullptr)},
          {"column", OrNull(problem.column)},
          {"what", problem.what}};
}

template <class Items, class Function>
Json ListOf(const Items& items, Function function) {
  Json list = Json::array();
  for (const auto& item : items) {
    list.push_back(function(item));
  }
  return list;
}

}  // namespace

std::string InspectionJson(const load::Inspection& inspection, const std::string& file) {
  const load::Finding& finding = inspection.finding;
  const Json report = {{"file", file},
                       {"format", NameOf(finding.format)},
                       {"dialect", DialectOf(inspection)},
                       {"encoding", ToString(finding.encoding)},
                       {"compression", OrNull(ToString(finding.compression))},
                       {"bytes", inspection.bytes},
                       {"lines", inspection.lines},
                       {"records", inspection.records},
                       {"rejected", inspection.rejected},
                       {"columns", ListOf(inspection.columns, ColumnOf)},
                       {"preview", PreviewOf(inspection)},
                       {"problems", ListOf(inspection.problems, ProblemOf)},
                       {"problemCount", inspection.problem_count}};
  // A file's name may be any bytes.
  return report.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace tenantry::cli
