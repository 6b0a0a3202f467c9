#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/load/read/csv_dialect.h"
#include "agent/load/read/csv_parser.h"

namespace tenantry::load {

struct SampleRow {
  std::vector<std::string_view> cells;  // as many as were asked for
  std::size_t count = 0;                // of fields
  std::size_t line = 0;                 // lines of the sample before it
  std::size_t lines = 1;                // that it takes
  char first = '\0';                    // its first byte
};

// A sample's rows as a dialect has them. The cells live as long as it.
struct SampleRows {
  std::vector<SampleRow> rows;
  std::size_t quoted = 0;    // fields
  std::size_t strays = 0;    // quotes in them that should not be there
  std::size_t unclosed = 0;  // fields
  std::unique_ptr<CsvParser> parser;
};

// The beginning of a text, to be read again and again.
class CsvSample {
 public:
  // `whole`: all of the text.
  CsvSample(std::string_view text, bool whole);

  // At most `rows` rows, without blank lines and the dialect's comments. The last row of a sample
  // that is not whole is left out unless it is the only one.
  SampleRows Read(const CsvDialect& dialect, std::size_t rows, std::size_t cells) const;
  std::string_view text() const { return std::string_view(padded_).substr(0, size_); }

 private:
  std::size_t size_;
  bool whole_;
  std::string padded_;
};

}  // namespace tenantry::load
