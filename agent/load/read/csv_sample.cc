#include "agent/load/read/csv_sample.h"

#include <algorithm>

#include "agent/load/read/text_window.h"
#include "common/base/strings.h"

namespace tenantry::load {
namespace {

// A quote that is open for so long is taken for one that nothing closes.
constexpr std::size_t kLongestQuoted = 32 << 10;

bool IsLineEnd(char byte) { return byte == '\n' || byte == '\r'; }

struct Cursor {
  const char* at = nullptr;
  const char* end = nullptr;
  std::size_t line = 0;

  const char* LineEnd(const char* from) const { return std::find_if(from, end, IsLineEnd); }
  const char* AfterLineEnd(const char* line_end) const {
    const bool two =
        line_end < end && *line_end == '\r' && line_end + 1 < end && line_end[1] == '\n';
    return std::min(line_end + (two ? 2 : 1), end);
  }
  void PassLine(const char* in_line) {
    at = AfterLineEnd(LineEnd(in_line));
    ++line;
  }
};

SampleRow RowOf(const CsvRecord& record, const Field* fields, std::size_t cells, std::size_t line) {
  SampleRow row{.count = record.count,
                .line = line,
                .lines = 1 + std::size_t{record.breaks},
                .first = record.begin == record.end ? '\0' : *record.begin};
  for (std::size_t i = 0; i < std::min(cells, record.count); ++i) {
    row.cells.push_back(fields[i].text());
  }
  return row;
}

}  // namespace

CsvSample::CsvSample(std::string_view text, bool whole)
    : size_(text.size()), whole_(whole), padded_(text) {
  padded_.resize(size_ + TextWindow::kPadding);
}

SampleRows CsvSample::Read(const CsvDialect& dialect, std::size_t rows, std::size_t cells) const {
  // A text cannot have more fields in a row than bytes and one.
  SampleRows read{.parser = std::make_unique<CsvParser>(dialect, std::vector<std::string>(),
                                                        std::min(cells, size_ + 1))};
  CsvParser& parser = *read.parser;
  Cursor cursor{.at = padded_.data(), .end = padded_.data() + size_};
  parser.SetEnd(cursor.end, whole_ ? CsvParser::After::kNothing : CsvParser::After::kMore);
  while (cursor.at < cursor.end && read.rows.size() < rows) {
    const bool comment = dialect.comment != '\0' && *cursor.at == dialect.comment;
    if (comment || IsLineEnd(*cursor.at)) {
      cursor.PassLine(cursor.at);
      continue;
    }
    CsvParser::Outcome outcome = parser.Parse(cursor.at, padded_.data());
    const CsvRecord& record = parser.record();
    const auto open = static_cast<std::size_t>(cursor.end - cursor.at);
    const bool unclosed = record.unclosed != nullptr && (whole_ || open > kLongestQuoted);
    if (outcome == CsvParser::Outcome::kMore && !unclosed) {
      if (!read.rows.empty()) {
        break;
      }
      parser.SetEnd(cursor.end, CsvParser::After::kNothing);
      outcome = parser.Parse(cursor.at, padded_.data());
    }
    if (outcome != CsvParser::Outcome::kRecord) {
      ++read.unclosed;
      cursor.PassLine(record.unclosed);
      cursor.line += record.breaks;
      continue;
    }
    read.quoted += record.quoted;
    read.strays += record.strays;
    const bool blank =
        record.count == 1 && record.quoted == 0 && Trim({record.begin, record.end}).empty();
    if (!blank) {
      read.rows.push_back(RowOf(record, parser.fields(), cells, cursor.line));
    }
    cursor.at = record.next;
    cursor.line += 1 + record.breaks;
  }
  return read;
}

}  // namespace tenantry::load
