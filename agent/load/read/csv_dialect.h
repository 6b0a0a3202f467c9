#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tenantry::load {

// How a file writes its rows.
struct CsvDialect {
  enum class Escape { kNone, kDoubled, kBackslash };
  std::string delimiter = ",";  // one character, or several when the user said so
  char quote = '"';             // '\0': none
  Escape escape = Escape::kDoubled;
  char comment = '\0';               // lines that begin with it are passed over; '\0': none
  bool header = true;                // the first row names the columns
  bool trailing_delimiter = false;   // rows end with one more, after which there is no column
  std::int64_t title_lines = 0;      // before the header or first row: not data
  std::vector<std::string> columns;  // from the header, made unique; else column_1, column_2, …

  friend bool operator==(const CsvDialect&, const CsvDialect&) = default;
};

// What the user knows; absent: to be found.
struct CsvHints {
  std::optional<std::string> delimiter;
  std::optional<char> quote;
  std::optional<char> comment;
  std::optional<bool> header;
  std::vector<std::string> null_texts;  // beside the empty unquoted value, e.g. "NA", "\\N"
};

// Pure. `sample` is the decoded text's beginning (`whole`: all of it). Never fails: the worst case
// is one column of lines.
CsvDialect DetectDialect(std::string_view sample, bool whole, const CsvHints& hints);

}  // namespace tenantry::load
