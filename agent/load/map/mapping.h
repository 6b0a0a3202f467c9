#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/api/fixture_set.h"
#include "common/base/result.h"

// What becomes of a source's columns on their way into a table, as users write it: docs/mapping.md
// has an example for each word. Pure.
namespace tenantry::load {

using api::UnknownColumns;

enum class TrimSide { kBoth, kStart, kEnd };
enum class LetterCase { kLower, kUpper };
enum class Occurrences { kAll, kFirst };
enum class CastType { kText, kNumber, kBoolean, kDate, kTimestamp, kTimestampTz };
enum class Otherwise { kReject, kNull, kKeep };  // for a value that a list or table lacks
enum class OtherColumns { kKeep, kDrop };        // those that the mapping does not name

struct ReplaceStep {
  std::string pattern;  // RE2
  std::string with;     // \1 is the first group, \0 the whole match
  Occurrences occurrences = Occurrences::kAll;

  friend bool operator==(const ReplaceStep&, const ReplaceStep&) = default;
};

struct PartStep {
  std::string by;
  int number = 1;  // from 1; -1 is the last one

  friend bool operator==(const PartStep&, const PartStep&) = default;
};

struct CastStep {
  CastType type = CastType::kText;
  std::string format;                                // of dates and timestamps: "%d.%m.%Y"
  std::string decimal = ".";                         // of numbers
  std::string thousands;                             // of numbers; empty: none
  std::vector<std::string> true_words, false_words;  // of booleans; empty: PostgreSQL's

  friend bool operator==(const CastStep&, const CastStep&) = default;
};

struct LookUpStep {
  std::map<std::string, std::string> values;
  std::optional<std::string> fallback;  // for all others
  Otherwise otherwise = Otherwise::kReject;

  friend bool operator==(const LookUpStep&, const LookUpStep&) = default;
};

// A foreign key by natural key: the value of `take` in the row whose `match` is the value.
struct KeyStep {
  std::string table;  // or schema.table
  std::string match;
  std::string take;
  Otherwise otherwise = Otherwise::kReject;

  friend bool operator==(const KeyStep&, const KeyStep&) = default;
};

// Exactly one of them is set.
struct StepSpec {
  std::optional<TrimSide> trim;
  std::optional<LetterCase> letter_case;
  std::optional<ReplaceStep> replace;
  std::optional<PartStep> part;
  std::optional<std::vector<std::string>> null_if;
  std::optional<CastStep> cast;
  std::optional<LookUpStep> look_up;
  std::optional<KeyStep> key;

  friend bool operator==(const StepSpec&, const StepSpec&) = default;
};

// A column that the mapping makes: of another one, of several, or of nothing.
struct MappedColumn {
  std::string name;
  std::string from;  // a column of the data; empty when one of the next two is set
  std::optional<std::string> text_template;  // "{first} {last}"
  std::optional<std::string> constant;
  std::vector<StepSpec> steps;
  std::optional<std::string> fallback;  // for a value that is absent, NULL or empty after them
  std::string path;                     // where it stands in the mapping: "mapping.columns[2]"

  friend bool operator==(const MappedColumn&, const MappedColumn&) = default;
};

// One column into several; the last one takes the rest.
struct SplitColumn {
  std::string from;
  std::string by;
  std::vector<std::string> into;
  std::string path;

  friend bool operator==(const SplitColumn&, const SplitColumn&) = default;
};

struct Mapping {
  std::vector<MappedColumn> columns;  // with what the field `rename` says
  std::vector<SplitColumn> splits;
  std::vector<std::string> drop;
  OtherColumns other_columns = OtherColumns::kKeep;
  std::optional<UnknownColumns> unknown_columns;
  std::string collect_column;  // for kCollect
  std::string fingerprint;     // changes with whatever the mapping says, not with how it is written

  friend bool operator==(const Mapping&, const Mapping&) = default;
};

// `json`: the object of the field `mapping`, `path` how messages name it. kInvalid/InvalidSpec for
// what is none: "mapping.columns[0].steps[1].replace.pattern: missing ): (a". Everything that can
// be known without the data is checked here.
Result<Mapping> ParseMapping(std::string_view json, const std::string& path);

// Whether the mapping takes a column of that name from the data.
bool Names(const Mapping& mapping, std::string_view column);

}  // namespace tenantry::load
