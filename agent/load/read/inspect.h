#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/load/read/batch_reader.h"
#include "agent/load/read/profile.h"
#include "common/base/result.h"

// What a source holds, for a person who has not seen it. Pure.
namespace tenantry::load {

struct Problem {
  enum class Kind {
    kRejected,  // the record is no record of the others' kind
    kMended,    // read, but not as it is written
    kMisfit,    // one of few values that keep a column from a narrower type
  };
  Kind kind = Kind::kRejected;
  std::int64_t record = 0;           // from 1
  std::int64_t line = 0;             // of the source, from 1
  std::optional<std::int64_t> byte;  // of the decoded text, from 0
  std::string column;                // empty: none in particular
  std::string what;  // "15 fields instead of 16: the last column was taken as empty"

  friend bool operator==(const Problem&, const Problem&) = default;
};
const char* ToString(Problem::Kind kind);  // "rejected"

// The line ends of a CSV file; both may be met.
struct LineEnds {
  bool lf = false;
  bool crlf = false;
  bool cr = false;
};
std::string ToString(const LineEnds& ends);  // "CRLF", "LF and CRLF"; empty: none was met

struct Inspection {
  Finding finding;
  std::int64_t records = 0;   // with the rejected ones
  std::int64_t rejected = 0;  // of them
  std::int64_t lines = 0;     // of the source, to the last record's end
  std::int64_t bytes = 0;     // of the decoded text, to the last record's end
  LineEnds line_ends;
  std::int64_t header_line = 0;  // of CSV: the one before the rows after titles; 0: no header
  std::vector<ColumnProfile> columns;
  // The first records that are not rejected: a value for each column, shortened.
  std::vector<std::vector<std::optional<std::string>>> preview;
  std::vector<Problem> problems;   // the first kMostProblems of either kind, by line
  std::int64_t problem_count = 0;  // of all
};
inline constexpr std::size_t kMostProblems = 100;

// Reads all of `reader`. Errors are the reader's.
Result<Inspection> Inspect(BatchReader& reader, std::size_t preview_records);

}  // namespace tenantry::load
