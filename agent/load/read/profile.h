#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/load/read/batch.h"
#include "agent/load/read/values.h"

// What the values of a source are. Pure.
namespace tenantry::load {

enum class ValueType {
  kBoolean,
  kInteger,
  kBigint,
  kNumeric,
  kDate,
  kTimestamp,
  kTimestampTz,
  kUuid,
  kJsonb,
  kText,
};
const char* ToString(ValueType type);  // PostgreSQL's name: "timestamp with time zone"

struct ColumnProfile {
  std::string name;
  ValueType type = ValueType::kText;  // the narrowest that all values seen fit
  DateOrder order = DateOrder::kYearMonthDay;
  bool order_proven = true;   // false: the values seen fit another order as well
  std::string format;         // of dates, as people write it: "DD.MM.YYYY"; empty: ISO or no date
  std::int64_t values = 0;    // all but the empty ones
  std::int64_t empty = 0;     // NULL, absent or a text without characters
  std::int64_t nulls = 0;     // of these: NULL or absent
  std::int64_t distinct = 0;  // exact up to kExactDistinct, then an estimate
  bool distinct_exact = true;
  std::size_t longest = 0;            // bytes
  std::vector<std::string> examples;  // at most three different ones, shortened
  // When all but a few values fit a narrower type: that type, and the first that do not.
  struct Misfit {
    ValueType type = ValueType::kText;
    std::int64_t count = 0;
    struct Example {
      std::int64_t record = 0;
      std::int64_t line = 0;
      std::string text;
    };
    std::vector<Example> examples;  // at most ten
  };
  std::optional<Misfit> misfit;
};
inline constexpr std::int64_t kExactDistinct = 100'000;
// Columns that find this much taken by the others' exact counts are estimated from the start.
inline constexpr std::size_t kDistinctBytes = 48 << 20;

// Looks at batches in their order; memory is bounded by the number of columns.
class Profiler {
 public:
  enum class Detail { kTypesOnly, kEverything };  // kTypesOnly: no distinct counts, no examples
  explicit Profiler(Detail detail);
  ~Profiler();
  Profiler(const Profiler&) = delete;
  Profiler& operator=(const Profiler&) = delete;

  void Add(const Batch& batch);
  // `names` of the reader's columns at the end.
  std::vector<ColumnProfile> Finish(const std::vector<std::string>& names) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tenantry::load
