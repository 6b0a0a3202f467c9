#include "agent/load/read/profile.h"

#include <algorithm>

#include "agent/load/read/column_types.h"
#include "agent/load/read/distinct_count.h"
#include "common/base/strings.h"

namespace tenantry::load {
namespace {

constexpr std::size_t kExamples = 3;
constexpr std::size_t kExampleBytes = 40;

struct Column {
  ColumnTypes types;
  std::int64_t values = 0;
  std::int64_t blank = 0;  // texts without characters
  std::size_t longest = 0;
  DistinctCount distinct;
  std::vector<std::string> examples;
};

void AddExample(std::string_view text, std::vector<std::string>& examples) {
  if (examples.size() == kExamples) {
    return;
  }
  std::string example = Shorten(text, kExampleBytes);
  if (std::find(examples.begin(), examples.end(), example) == examples.end()) {
    examples.push_back(std::move(example));
  }
}

}  // namespace

const char* ToString(ValueType type) {
  switch (type) {
    case ValueType::kBoolean:
      return "boolean";
    case ValueType::kInteger:
      return "integer";
    case ValueType::kBigint:
      return "bigint";
    case ValueType::kNumeric:
      return "numeric";
    case ValueType::kDate:
      return "date";
    case ValueType::kTimestamp:
      return "timestamp";
    case ValueType::kTimestampTz:
      return "timestamp with time zone";
    case ValueType::kUuid:
      return "uuid";
    case ValueType::kJsonb:
      return "jsonb";
    case ValueType::kText:
      break;
  }
  return "text";
}

struct Profiler::State {
  Detail detail;
  std::int64_t records = 0;  // that are not rejected
  std::size_t distinct_bytes = 0;
  std::vector<Column> columns;

  void AddDetails(std::string_view text, Column& column) {
    AddExample(text, column.examples);
    const std::size_t before = column.distinct.bytes();
    column.distinct.Add(text, kExactDistinct, kDistinctBytes - distinct_bytes);
    distinct_bytes += column.distinct.bytes() - before;
  }
};

Profiler::Profiler(Detail detail)
    : state_(std::make_unique<State>(State{.detail = detail, .columns = {}})) {}
Profiler::~Profiler() = default;

void Profiler::Add(const Batch& batch) {
  if (state_->columns.size() < batch.width) {
    state_->columns.resize(batch.width);
  }
  for (std::size_t record = 0; record < batch.records.size(); ++record) {
    if (batch.records[record].rejected) {
      continue;
    }
    ++state_->records;
    const Field* const row = batch.row(record);
    for (std::size_t i = 0; i < batch.width; ++i) {
      if (row[i].kind <= FieldKind::kNull) {
        continue;
      }
      Column& column = state_->columns[i];
      if (row[i].size == 0) {
        ++column.blank;
        continue;
      }
      ++column.values;
      column.longest = std::max<std::size_t>(column.longest, row[i].size);
      column.types.Add(row[i], batch, record);
      if (state_->detail == Detail::kEverything) {
        state_->AddDetails(row[i].text(), column);
      }
    }
  }
}

std::vector<ColumnProfile> Profiler::Finish(const std::vector<std::string>& names) const {
  std::vector<ColumnProfile> profiles;
  for (std::size_t i = 0; i < names.size(); ++i) {
    ColumnProfile& profile = profiles.emplace_back();
    profile.name = names[i];
    profile.empty = state_->records;
    profile.nulls = state_->records;
    if (i >= state_->columns.size()) {
      continue;
    }
    const Column& column = state_->columns[i];
    profile.values = column.values;
    profile.empty = state_->records - column.values;
    profile.nulls = profile.empty - column.blank;
    profile.longest = column.longest;
    profile.distinct = std::min(column.distinct.count(), column.values);  // an estimate errs
    profile.distinct_exact = column.distinct.exact();
    profile.examples = column.examples;
    column.types.Describe(profile);
  }
  return profiles;
}

}  // namespace tenantry::load
