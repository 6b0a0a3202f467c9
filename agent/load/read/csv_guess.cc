#include "agent/load/read/csv_guess.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/load/read/csv_cell.h"
#include "agent/load/read/csv_header.h"
#include "common/base/strings.h"

namespace tenantry::load {
namespace {

constexpr std::size_t kRows = 300;
constexpr std::size_t kCells = 256;
constexpr double kOutside = 0.25;

struct Candidate {
  std::string_view delimiter;
  double trust = 1;
};
constexpr Candidate kUsual[] = {{",", 1.0}, {"\t", 1.0}, {";", 0.98}, {"|", 0.97}};
constexpr Candidate kUnusual[] = {{":", 0.9},    {"^", 0.95},   {"~", 0.95},
                                  {"\x01", 1.0}, {"\x1f", 1.0}, {" ", 0.8}};
// They are part of names, dates and numbers too often.
constexpr std::string_view kDoubtful = "-_./\\()[]{}<>@+$";

// How much a cell looks like a value, and not like two of them or half of one.
double QualityOf(std::string_view cell) {
  const CellKind kind = ClassifyCell(cell);
  if (kind != CellKind::kText) {
    return kind == CellKind::kEmpty ? 0.6 : 1.0;
  }
  if (cell.find_first_of("\t|;\x01\x1f") != std::string_view::npos ||
      std::string_view("\"'").find(cell.front()) != std::string_view::npos) {
    return 0.2;
  }
  const std::size_t comma = cell.find(',');
  if (comma == std::string_view::npos) {
    return 0.8;
  }
  return comma + 1 < cell.size() && cell[comma + 1] == ' ' ? 0.6 : 0.3;
}

double MeanQuality(const std::vector<SampleRow>& rows, std::size_t fields) {
  double sum = 0;
  std::size_t cells = 0;
  for (const SampleRow& row : rows) {
    if (row.count != fields || (&row == &rows.front() && rows.size() > 1)) {
      continue;
    }
    for (const std::string_view cell : row.cells) {
      sum += QualityOf(cell);
      ++cells;
    }
  }
  return cells == 0 ? 0.5 : sum / static_cast<double>(cells);
}

void DropComments(const CsvDialect& dialect, std::vector<SampleRow>& rows) {
  if (dialect.delimiter.front() == '#') {
    return;
  }
  const auto comments = std::stable_partition(
      rows.begin(), rows.end(), [](const SampleRow& row) { return row.first != '#'; });
  if (comments != rows.begin()) {
    rows.erase(comments, rows.end());
  }
}

// The number of fields, of two at least, that most rows have.
std::size_t UsualFields(const std::vector<SampleRow>& rows) {
  std::map<std::size_t, std::size_t> counts;
  for (const SampleRow& row : rows) {
    ++counts[row.count];
  }
  counts.erase(1);
  std::size_t usual = 1;
  for (const auto& [fields, times] : counts) {
    const bool more = usual == 1 || times > counts[usual];
    const bool as_first = times == counts[usual] && fields == rows.front().count;
    usual = more || as_first ? fields : usual;
  }
  return usual;
}

// One column of sentences: "Doe, John" under a heading without a comma.
bool IsProse(const std::vector<SampleRow>& rows, std::size_t fields) {
  if (rows.front().count != 1) {
    return false;
  }
  return std::all_of(rows.begin() + 1, rows.end(), [&](const SampleRow& row) {
    return row.count == 1 ||
           (row.count <= fields && row.cells.size() > 1 && row.cells[1].starts_with(' '));
  });
}

CsvGuess Judge(const CsvSample& sample, CsvDialect dialect) {
  SampleRows read = sample.Read(dialect, kRows, kCells);
  DropComments(dialect, read.rows);
  CsvGuess guess{.dialect = std::move(dialect),
                 .rows = read.rows.size(),
                 .quoted = read.quoted,
                 .malformed = read.strays + read.unclosed};
  if (read.rows.empty()) {
    return guess;
  }
  const std::vector<SampleRow>& rows = read.rows;
  guess.fields = UsualFields(rows);
  if (guess.fields == 1 || IsProse(rows, guess.fields)) {
    guess.fields = 1;
    return guess;
  }
  guess.from_the_start = rows.front().count == guess.fields;
  // Titles before the table and notes after it are forgiven, but make it a little less likely.
  const auto is_short = [&](const SampleRow& row) { return row.count < guess.fields; };
  const auto first = std::find_if_not(rows.begin(), rows.end(), is_short);
  const auto last = std::find_if(rows.rbegin(), rows.rend(), [](const SampleRow& row) {
                      return row.count > 1;
                    }).base();
  const std::ptrdiff_t inside = std::max<std::ptrdiff_t>(last - first, 1);
  const double outside = static_cast<double>(rows.end() - rows.begin() - inside);
  const double table = static_cast<double>(inside) + kOutside * outside;
  const auto even = static_cast<double>(
      std::count_if(first, last, [&](const SampleRow& row) { return row.count == guess.fields; }));
  const auto many = static_cast<double>(
      std::count_if(first, last, [](const SampleRow& row) { return row.count > 1; }));
  guess.even = even / table;
  const double shape = 0.7 * guess.even + 0.3 * many / table;
  const double bad = static_cast<double>(guess.malformed) / static_cast<double>(1 + guess.quoted);
  const double width = 1 + 0.02 * static_cast<double>(std::min<std::size_t>(guess.fields, 10));
  guess.score = shape * shape * MeanQuality(rows, guess.fields) * width / (1 + 0.5 * bad);
  return guess;
}

// The best escape for a delimiter and a quote.
CsvGuess JudgeEscapes(const CsvSample& sample, CsvDialect dialect) {
  CsvGuess plain = Judge(sample, dialect);
  const std::string_view text = sample.text();
  const bool before_quote = dialect.quote != '\0' &&
                            text.find(std::string("\\") + dialect.quote) != std::string_view::npos;
  const bool before_delimiter = text.find("\\" + dialect.delimiter) != std::string_view::npos;
  if (!before_quote && !before_delimiter) {
    return plain;
  }
  dialect.escape = CsvDialect::Escape::kBackslash;
  CsvGuess escaped = Judge(sample, std::move(dialect));
  const bool fewer_flaws = escaped.malformed < plain.malformed;
  const bool more_even = escaped.malformed == plain.malformed && escaped.even > plain.even + 1e-9;
  return fewer_flaws || more_even ? escaped : plain;
}

// The best quote for a delimiter.
CsvGuess JudgeQuotes(const CsvSample& sample, const CsvDialect& with, const CsvHints& hints) {
  CsvDialect dialect = with;
  if (hints.quote) {
    dialect.quote = *hints.quote;
    dialect.escape = dialect.quote == '\0' ? CsvDialect::Escape::kNone : dialect.escape;
    return JudgeEscapes(sample, dialect);
  }
  CsvGuess best = JudgeEscapes(sample, dialect);
  if (sample.text().find('\'') != std::string_view::npos) {
    dialect.quote = '\'';
    CsvGuess single = JudgeEscapes(sample, dialect);
    const std::size_t clean = best.quoted - std::min(best.quoted, best.malformed);
    if (single.quoted > 1 && single.quoted > clean && single.malformed * 10 <= single.quoted &&
        single.even >= best.even) {
      single.score = std::max(single.score, best.score) * 1.05;
      return single;
    }
  }
  if (best.malformed * 2 > best.quoted) {
    dialect.quote = '\0';
    dialect.escape = CsvDialect::Escape::kNone;
    CsvGuess none = JudgeEscapes(sample, dialect);
    if (none.even >= best.even) {
      return none;
    }
  }
  return best;
}

// Lines that are values as they are: "2020-01-01 12:30", "a@example.org".
bool IsColumnOfValues(const CsvSample& sample, const CsvDialect& dialect) {
  CsvDialect lines = dialect;
  lines.delimiter = std::string(2, '\0');  // never met
  SampleRows read = sample.Read(lines, kRows, 1);
  DropComments(lines, read.rows);
  const auto typed = std::count_if(read.rows.begin(), read.rows.end(), [](const SampleRow& row) {
    return IsTyped(ClassifyCell(row.cells.front()));
  });
  return static_cast<std::size_t>(typed) * 10 >= read.rows.size() * 8;
}

// Could the character be a delimiter that nobody thought of? Letters, digits and quotes are none.
bool IsMark(std::string_view character) {
  const auto lead = static_cast<unsigned char>(character.front());
  if (lead < 0x80) {
    return std::string_view("!#%&*=?`$").find(character) != std::string_view::npos ||
           kDoubtful.find(character) != std::string_view::npos || (lead < 0x20 && lead != 0);
  }
  // U+0080 to U+00BF, U+2000 to U+2FFF, U+3000 to U+303F, U+FF00 to U+FF3F
  return lead == 0xC2 || lead == 0xE2 || character.starts_with("\xE3\x80") ||
         character.starts_with("\xEF\xBC");
}

std::set<std::string_view> MarksIn(std::string_view line) {
  std::set<std::string_view> marks;
  while (!line.empty()) {
    const auto lead = static_cast<unsigned char>(line.front());
    const std::size_t size = lead < 0xC2 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    const std::string_view character = line.substr(0, size);
    line.remove_prefix(character.size());
    if (IsValidUtf8(character) && IsMark(character)) {
      marks.insert(character);
    }
  }
  return marks;
}

std::string_view FirstLine(std::string_view text) {
  const std::size_t begin = std::min(text.find_first_not_of("\r\n"), text.size());
  return text.substr(begin, text.find_first_of("\r\n", begin) - begin);
}

class Guesser {
 public:
  Guesser(const CsvSample& sample, const CsvHints& hints) : sample_(sample), hints_(hints) {
    base_.comment = hints.comment.value_or('\0');
  }

  CsvGuess Usual() const {
    CsvGuess best = With(",");
    best.score = best.even < 0.4 ? 0 : best.score;
    for (const Candidate& candidate : kUsual) {
      CsvGuess guess = With(candidate.delimiter);
      guess.score *= candidate.trust;
      if (guess.even >= 0.4 && guess.score > best.score * 1.000001) {
        best = std::move(guess);
      }
    }
    return best;
  }

  std::optional<CsvGuess> Unusual() const {
    std::optional<CsvGuess> best;
    for (const Candidate& candidate : kUnusual) {
      CsvGuess guess = With(candidate.delimiter);
      guess.score *= candidate.trust;
      const bool convincing = guess.rows > 1 && guess.even >= 0.9 && guess.from_the_start &&
                              !IsText(guess, candidate.delimiter);
      if (convincing && (!best || guess.score > best->score)) {
        best = std::move(guess);
      }
    }
    return best;
  }

  std::optional<CsvGuess> Strange() const {
    std::optional<CsvGuess> best;
    const std::string_view line = FirstLine(sample_.text().substr(0, 4096));
    for (const std::string_view mark : MarksIn(line)) {
      CsvGuess guess = With(mark);
      const bool doubtful = kDoubtful.find(mark) != std::string_view::npos;
      const bool convincing = guess.rows > 1 && guess.even >= 0.95 && guess.from_the_start &&
                              (!doubtful || HasPlainHeader(guess));
      if (convincing && (!best || guess.score > best->score)) {
        best = std::move(guess);
      }
    }
    return best;
  }

  CsvGuess With(std::string_view delimiter) const {
    CsvDialect dialect = base_;
    dialect.delimiter = delimiter;
    return JudgeQuotes(sample_, dialect, hints_);
  }
  const CsvDialect& base() const { return base_; }

 private:
  // Words of a sentence, or a name and what it says.
  bool IsText(const CsvGuess& guess, std::string_view delimiter) const {
    if (delimiter != " " && delimiter != ":") {
      return false;
    }
    const SampleRows read = sample_.Read(guess.dialect, kRows, kCells);
    std::size_t cells = 0;
    std::size_t typed = 0;
    std::size_t led_by_blank = 0;
    for (const SampleRow& row : read.rows) {
      for (const std::string_view cell : row.cells) {
        ++cells;
        typed += IsTyped(ClassifyCell(cell)) ? 1 : 0;
        led_by_blank += cell.starts_with(' ') || (cell.empty() && delimiter == " ") ? 1 : 0;
      }
    }
    return delimiter == " " ? typed * 4 < cells || led_by_blank * 10 > cells
                            : led_by_blank * 3 > cells;
  }

  bool HasPlainHeader(const CsvGuess& guess) const {
    const SampleRows read = sample_.Read(guess.dialect, kRows, kCells);
    return guess.fields > 1 && JudgeHeader(read.rows) > 0;
  }

  const CsvSample& sample_;
  const CsvHints& hints_;
  CsvDialect base_;
};

}  // namespace

CsvGuess GuessDialect(const CsvSample& sample, const CsvHints& hints) {
  const Guesser guesser(sample, hints);
  if (hints.delimiter) {
    return guesser.With(*hints.delimiter);
  }
  CsvGuess usual = guesser.Usual();
  const bool convincing = usual.score > 0 && usual.even >= 0.9;
  if (convincing || IsColumnOfValues(sample, guesser.base())) {
    return usual;
  }
  std::optional<CsvGuess> other = guesser.Unusual();
  if (!other) {
    other = guesser.Strange();
  }
  return other && other->score > usual.score ? *std::move(other) : usual;
}

}  // namespace tenantry::load
