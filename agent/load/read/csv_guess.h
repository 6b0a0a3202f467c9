#pragma once

#include <cstddef>

#include "agent/load/read/csv_dialect.h"
#include "agent/load/read/csv_sample.h"

namespace tenantry::load {

// How well a dialect fits a sample.
struct CsvGuess {
  CsvDialect dialect;  // delimiter, quote, escape and comment are set
  double score = 0;    // 0: not at all; to be compared with others'
  double even = 0;     // how many of the rows have `fields` fields, 0 to 1
  std::size_t fields = 1;
  std::size_t rows = 0;
  std::size_t quoted = 0;
  std::size_t malformed = 0;    // stray and unclosed quotes
  bool from_the_start = false;  // the first row has `fields` fields as well
};

// The delimiter, quote and escape of the sample. Idea of the score, rows of one shape times cells
// that look like values: G. van den Burg et al., Wrangling Messy CSV Files by Detecting Row and
// Type Patterns, 2019.
CsvGuess GuessDialect(const CsvSample& sample, const CsvHints& hints);

}  // namespace tenantry::load
