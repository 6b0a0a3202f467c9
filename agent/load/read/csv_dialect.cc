#include "agent/load/read/csv_dialect.h"

#include <algorithm>
#include <span>
#include <utility>

#include "agent/load/read/csv_batch_reader.h"
#include "agent/load/read/csv_cell.h"
#include "agent/load/read/csv_guess.h"
#include "agent/load/read/csv_header.h"
#include "agent/load/read/csv_sample.h"

namespace tenantry::load {
namespace {

constexpr std::size_t kGuessBytes = 128 << 10;
constexpr std::size_t kRows = 1000;
constexpr std::size_t kMaxTitles = 64;
constexpr std::size_t kLongestDelimiter = 16;

// Hints that cannot be are no hints.
CsvHints Usable(CsvHints hints) {
  const bool usable = hints.delimiter && !hints.delimiter->empty() &&
                      hints.delimiter->size() <= kLongestDelimiter &&
                      hints.delimiter->find_first_of("\r\n") == std::string::npos;
  hints.delimiter = usable ? hints.delimiter : std::nullopt;
  if (hints.quote && hints.delimiter && hints.delimiter->front() == *hints.quote) {
    hints.quote = '\0';
  }
  return hints;
}

// Values that no # belongs to, in nearly all rows: "#17,…" is a row that was taken out.
bool BeginsWithValues(const std::vector<SampleRow>& rows) {
  const auto typed = std::count_if(rows.begin(), rows.end(), [](const SampleRow& row) {
    return IsTyped(ClassifyCell(row.cells.front()));
  });
  return static_cast<std::size_t>(typed) * 10 >= rows.size() * 8;
}

// Lines that begin with # and are no rows: '#', or '\0' when there are none.
char FindComment(const std::vector<SampleRow>& rows, std::size_t fields) {
  const auto is_marked = [](const SampleRow& row) { return row.first == '#'; };
  const auto marked = std::count_if(rows.begin(), rows.end(), is_marked);
  if (marked == 0 || marked == static_cast<std::ptrdiff_t>(rows.size())) {
    return '\0';
  }
  const auto like_rows = std::count_if(rows.begin(), rows.end(), [&](const SampleRow& row) {
    return is_marked(row) && row.count == fields;
  });
  if (fields > 1) {
    // "#chrom<tab>start" above the rows names the columns; rows of colours are rows.
    const auto first_like_row = std::find_if(
        rows.begin(), rows.end(), [&](const SampleRow& row) { return row.count == fields; });
    const bool names = first_like_row != rows.end() && is_marked(*first_like_row) &&
                       JudgeHeader(std::span(first_like_row, rows.end())) >= 0;
    const bool rare = marked * 10 <= static_cast<std::ptrdiff_t>(rows.size());
    const bool rows_too = like_rows * 2 > marked && !(rare && BeginsWithValues(rows));
    return names || rows_too ? '\0' : '#';
  }
  // Of one column: only when they are before everything else, or rare.
  const auto first_row = std::find_if_not(rows.begin(), rows.end(), is_marked);
  const bool all_before = first_row - rows.begin() == marked;
  return all_before || marked * 10 < static_cast<std::ptrdiff_t>(rows.size()) ? '#' : '\0';
}

// How many of the rows are titles: before the table, and much shorter than its rows.
std::size_t CountTitles(const std::vector<SampleRow>& rows, std::size_t fields) {
  if (fields < 2) {
    return 0;
  }
  const std::size_t limit = std::min(kMaxTitles, rows.size());
  for (std::size_t i = 0; i < limit; ++i) {
    const bool title = rows[i].count == 1 || (rows[i].count * 2 < fields && i + 1 < rows.size() &&
                                              rows[i + 1].count != rows[i].count);
    if (!title) {
      return i;
    }
  }
  return 0;
}

std::size_t WithoutEmptyEnd(const SampleRow& row, std::size_t at_least) {
  std::size_t count = std::min(row.count, row.cells.size());
  while (count > at_least && row.cells[count - 1].empty()) {
    --count;
  }
  return count;
}

// Do the rows end with a delimiter that no column follows?
bool EndsWithDelimiter(std::span<const SampleRow> rows, std::size_t fields) {
  const auto ends = [&](const SampleRow& row) {
    return row.count == fields && row.cells.size() == fields && row.cells.back().empty();
  };
  const auto full = std::count_if(rows.begin(), rows.end(),
                                  [&](const SampleRow& row) { return row.count == fields; });
  return fields > 2 && full > 1 && full == std::count_if(rows.begin(), rows.end(), ends);
}

void FindColumns(std::span<const SampleRow> rows, std::size_t fields, const CsvHints& hints,
                 CsvDialect& dialect) {
  const SampleRow& first = rows.front();
  dialect.header = hints.header.value_or(HasHeader(rows));
  const std::span<const SampleRow> data = dialect.header ? rows.subspan(1) : rows;
  const bool named = dialect.header && WithoutEmptyEnd(first, 0) >= fields;
  dialect.trailing_delimiter = !named && EndsWithDelimiter(data, fields);
  std::size_t width = dialect.trailing_delimiter ? fields - 1 : fields;
  if (dialect.header) {
    width = std::max(width, WithoutEmptyEnd(first, width));
  }
  dialect.columns =
      MakeColumnNames(dialect.header ? first.cells : std::vector<std::string_view>(), width);
}

}  // namespace

CsvDialect DetectDialect(std::string_view sample, bool whole, const CsvHints& given) {
  const CsvHints hints = Usable(given);
  const bool small = sample.size() <= kGuessBytes;
  CsvGuess guess = GuessDialect(CsvSample(sample.substr(0, kGuessBytes), whole && small), hints);
  CsvDialect dialect = std::move(guess.dialect);

  const CsvSample all(sample, whole);
  SampleRows read = all.Read(dialect, kRows, kMaxCsvColumns + 1);
  if (!hints.comment && dialect.delimiter.front() != '#') {
    dialect.comment = FindComment(read.rows, guess.fields);
    if (dialect.comment != '\0') {
      read = all.Read(dialect, kRows, kMaxCsvColumns + 1);
    }
  }
  if (read.rows.empty()) {
    dialect.columns = MakeColumnNames({}, whole ? 0 : 1);
    dialect.header = hints.header.value_or(false);
    return dialect;
  }
  const std::size_t titles = CountTitles(read.rows, guess.fields);
  if (titles > 0) {
    const SampleRow& last = read.rows[titles - 1];
    dialect.title_lines = static_cast<std::int64_t>(last.line + last.lines);
  }
  FindColumns(std::span(read.rows).subspan(titles), guess.fields, hints, dialect);
  return dialect;
}

}  // namespace tenantry::load
