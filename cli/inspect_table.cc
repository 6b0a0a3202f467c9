#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

#include "cli/inspect_report.h"
#include "cli/numbers.h"
#include "cli/text_table.h"
#include "common/base/strings.h"

namespace tenantry::cli {
namespace {

constexpr std::size_t kExamplesWidth = 60;
constexpr std::size_t kPreviewColumns = 6;
constexpr std::size_t kPreviewWidth = 22;
constexpr std::size_t kShownProblems = 20;
constexpr char kNothing[] = "–";

const char* TitleOf(api::Format format) {
  switch (format) {
    case api::Format::kJson:
      return "JSON";
    case api::Format::kNdjson:
      return "NDJSON";
    default:
      return "CSV";
  }
}

std::string Summary(const load::Inspection& inspection) {
  const load::Finding& finding = inspection.finding;
  std::vector<std::string> parts = {
      finding.csv || finding.json_shape.empty()
          ? TitleOf(finding.format)
          : std::string(TitleOf(finding.format)) + " (" + finding.json_shape + ")",
      Counted(inspection.records, "record"),
      Counted(static_cast<std::int64_t>(inspection.columns.size()), "column"),
      FormatSize(inspection.bytes)};
  const std::string compression = ToString(finding.compression);
  if (!compression.empty()) {
    parts.back() += " unpacked from " + compression;
  }
  parts.emplace_back(ToString(finding.encoding));
  if (finding.csv && !ToString(inspection.line_ends).empty()) {
    parts.push_back(ToString(inspection.line_ends));
  }
  return Join(parts, ", ") + "\n";
}

std::string DelimiterText(const std::string& delimiter) {
  return delimiter == "\t" ? "tab" : "'" + Shorten(delimiter) + "'";
}

std::string QuoteText(const load::CsvDialect& csv) {
  if (csv.quote == '\0') {
    return "no quotes";
  }
  const std::string quote = std::string("quote '") + csv.quote + "'";
  switch (csv.escape) {
    case load::CsvDialect::Escape::kDoubled:
      return quote + " (doubled inside)";
    case load::CsvDialect::Escape::kBackslash:
      return quote + " (\\ before it inside)";
    case load::CsvDialect::Escape::kNone:
      break;
  }
  return quote;
}

std::string HeaderText(const load::CsvDialect& csv, std::int64_t header_line) {
  if (!csv.header) {
    return "no header";
  }
  const std::string text = "header in line " + Grouped(header_line);
  return csv.title_lines == 0
             ? text
             : text + " (" + Counted(csv.title_lines, "title line") + " before it)";
}

std::string DialectLine(const load::CsvDialect& csv, std::int64_t header_line) {
  std::string line = "delimiter " + DelimiterText(csv.delimiter) + "   " + QuoteText(csv) + "   " +
                     HeaderText(csv, header_line);
  if (csv.comment != '\0') {
    line += std::string("   comments after '") + csv.comment + "'";
  }
  return line + "\n";
}

// Two digits that tell: "0.03%", "0.2%", "12%".
std::string Percent(std::int64_t part, std::int64_t whole) {
  if (part == 0) {
    return kNothing;
  }
  const double percent = 100.0 * static_cast<double>(part) / static_cast<double>(whole);
  if (percent < 0.01) {
    return "<0.01%";
  }
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(),
                percent < 1    ? "%.2f"
                : percent < 10 ? "%.1f"
                               : "%.0f",
                percent);
  std::string digits = text.data();
  // 99.96 % are not all of them.
  digits = digits == "100" && part < whole ? ">99" : digits;
  while (digits.find('.') != std::string::npos && (digits.back() == '0' || digits.back() == '.')) {
    digits.pop_back();
  }
  return digits + "%";
}

std::string Examples(const load::ColumnProfile& column) {
  std::string text;
  for (const std::string& example : column.examples) {
    const std::string more = (text.empty() ? "" : " · ") + example;
    if (!text.empty() && DisplayWidth(text) + DisplayWidth(more) > kExamplesWidth) {
      break;
    }
    text += more;
  }
  if (!column.format.empty()) {
    text += "     as " + column.format + (column.order_proven ? "" : " (or another order)");
  }
  return text;
}

std::string Columns(const load::Inspection& inspection) {
  TextTable table({{"column", TextTable::Side::kLeft},
                   {"type", TextTable::Side::kLeft},
                   {"empty", TextTable::Side::kRight},
                   {"distinct", TextTable::Side::kRight},
                   {"examples", TextTable::Side::kLeft}});
  for (const load::ColumnProfile& column : inspection.columns) {
    table.AddRow({Shorten(column.name), ToString(column.type),
                  Percent(column.empty, column.values + column.empty),
                  (column.distinct_exact ? "" : "~") + Grouped(column.distinct), Examples(column)});
  }
  return table.Render();
}

std::string Preview(const load::Inspection& inspection) {
  const std::size_t shown = std::min(inspection.columns.size(), kPreviewColumns);
  std::vector<TextTable::Column> columns;
  for (std::size_t i = 0; i < shown; ++i) {
    columns.push_back({Shorten(inspection.columns[i].name, kPreviewWidth), TextTable::Side::kLeft});
  }
  if (inspection.columns.size() > shown) {
    columns.push_back(
        {"… " + Counted(static_cast<std::int64_t>(inspection.columns.size() - shown), "column") +
             " more",
         TextTable::Side::kLeft});
  }
  TextTable table(columns);
  for (const auto& values : inspection.preview) {
    std::vector<std::string> row;
    for (std::size_t i = 0; i < shown; ++i) {
      row.push_back(values[i] ? Shorten(*values[i], kPreviewWidth) : kNothing);
    }
    row.resize(columns.size());
    table.AddRow(row);
  }
  return inspection.preview.empty() ? "" : "First rows\n" + table.Render();
}

std::string Problems(const load::Inspection& inspection) {
  if (inspection.problem_count == 0) {
    return "";
  }
  const std::size_t shown = std::min(inspection.problems.size(), kShownProblems);
  std::size_t widest = 0;
  for (std::size_t i = 0; i < shown; ++i) {
    widest = std::max(widest, Grouped(inspection.problems[i].line).size());
  }
  std::string text = "Problems";
  if (inspection.rejected > 0) {
    text += " (" + Counted(inspection.rejected, "record") + " rejected)";
  }
  text += "\n";
  for (std::size_t i = 0; i < shown; ++i) {
    const load::Problem& problem = inspection.problems[i];
    const std::string line = Grouped(problem.line);
    text += "  line " + std::string(widest - line.size(), ' ') + line + "  " + problem.what + "\n";
  }
  const std::int64_t more = inspection.problem_count - static_cast<std::int64_t>(shown);
  return more == 0 ? text
                   : text + "  and " + Grouped(more) + " more; --output json lists the first " +
                         std::to_string(load::kMostProblems) + "\n";
}

}  // namespace

std::string InspectionTable(const load::Inspection& inspection) {
  std::string text = Summary(inspection);
  if (inspection.finding.csv && !inspection.columns.empty()) {
    text += DialectLine(*inspection.finding.csv, inspection.header_line);
  }
  if (!inspection.columns.empty()) {
    text += Columns(inspection) + Preview(inspection);
  }
  return text + Problems(inspection);
}

}  // namespace tenantry::cli
