#include "agent/load/bulk_encoder.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "agent/load/copy_text.h"
#include "agent/load/json_text.h"
#include "agent/load/record.h"

namespace tenantry::load {
namespace {

// Records without a key go to the lanes in runs of so many.
constexpr std::uint32_t kRun = 1024;

constexpr Field kNoField;

const Field& FieldOf(const Batch& batch, const Field* row, std::size_t source) {
  return source < batch.width ? row[source] : kNoField;
}

std::string JsonString(std::string_view text) {
  std::string json;
  AppendJsonString(json, text);
  return json;
}

}  // namespace

BulkEncoder::BulkEncoder(const Table& table, std::int32_t lanes)
    : table_(table), lanes_(lanes), rows_(static_cast<std::size_t>(lanes)) {}

void BulkEncoder::SetPlan(BulkPlan plan, std::vector<std::string> source_names) {
  plan_ = std::move(plan);
  source_names_ = std::move(source_names);
  some_default_ = std::any_of(
      plan_.columns.begin(), plan_.columns.end(),
      [&](const BulkPlan::Column& column) { return table_.columns[column.target].has_default(); });
}

void BulkEncoder::Append(const Batch& batch, std::size_t index, std::uint32_t chunk_record) {
  const bool encoded = Encode(batch, index);
  LaneRows& lane = rows_[LaneFor(chunk_record)];
  ++lane.read;
  if (!encoded) {
    const RecordPlace& place = batch.records[index];
    reject_.record = batch.first_record + static_cast<std::int64_t>(index);
    reject_.line = batch.line + place.line;
    reject_.raw = batch.text(place);
    lane.rejects.push_back(std::move(reject_));
    return;
  }
  EncodedRows& group = GroupFor(lane);
  group.bytes += row_;
  group.ends.push_back(group.bytes.size());
  group.records.push_back(chunk_record);
}

void BulkEncoder::AppendRejected(const Batch& batch, const Flaw& flaw) {
  const RecordPlace& place = batch.records[flaw.record];
  ++rows_[0].read;
  rows_[0].rejects.push_back({.record = batch.first_record + static_cast<std::int64_t>(flaw.record),
                              .line = batch.line + place.line,
                              .byte = batch.byte + flaw.offset,
                              .column = flaw.column,
                              .reason = flaw.what.substr(0, flaw.what.find(". ")),
                              .what = flaw.what,
                              .raw = std::string(batch.text(place))});
}

std::vector<Part> BulkEncoder::TakeParts(const std::shared_ptr<const ChunkText>& chunk) {
  std::vector<Part> parts;
  for (std::size_t lane = 0; lane < rows_.size(); ++lane) {
    LaneRows taken = std::exchange(rows_[lane], {});
    if (!taken.groups.empty()) {
      usual_bytes_ = taken.groups.front().bytes.size() + taken.groups.front().bytes.size() / 16;
    }
    parts.push_back({.chunk = chunk,
                     .lane = static_cast<std::int32_t>(lane),
                     .read = taken.read,
                     .groups = std::move(taken.groups),
                     .rejects = std::move(taken.rejects)});
  }
  return parts;
}

bool BulkEncoder::Encode(const Batch& batch, std::size_t index) {
  const Field* row = batch.row(index);
  key_bytes_.clear();
  shape_.assign(some_default_ ? plan_.columns.size() : 0, '0');
  BeginRow(batch.first_record + static_cast<std::int64_t>(index));
  if (plan_.way == BulkPlan::Way::kStaged) {
    AppendAbsentMarks(batch, row);
  }
  for (std::size_t i = 0; i < plan_.columns.size(); ++i) {
    const BulkPlan::Column& column = plan_.columns[i];
    const Field& field = FieldOf(batch, row, column.source);
    if (field.kind == FieldKind::kAbsent && table_.columns[column.target].has_default() &&
        plan_.way == BulkPlan::Way::kDirect) {
      shape_[i] = '1';
      continue;
    }
    BeginValue();
    const std::size_t start = row_.size();
    if (!EncodeColumn(field, column)) {
      reject_.byte =
          batch.byte + (field.data != nullptr ? field.offset : batch.records[index].offset);
      return false;
    }
    if (plan_.key.Has(column.target)) {
      key_bytes_.append(row_, start);
    }
  }
  if (plan_.collect_target) {
    AppendCollected(batch, row);
  }
  EndRow();
  return true;
}

void BulkEncoder::BeginRow(std::int64_t record) {
  row_.clear();
  values_ = 0;
  if (plan_.format == CopyFormat::kBinary) {
    AppendInt16(row_, 0);  // EndRow knows the number of values
  }
  if (plan_.way != BulkPlan::Way::kStaged) {
    return;
  }
  BeginValue();
  if (plan_.format == CopyFormat::kBinary) {
    AppendInt32(row_, sizeof record);
    AppendInt32(row_, static_cast<std::int32_t>(record >> 32));
    AppendInt32(row_, static_cast<std::int32_t>(record & 0xFFFFFFFF));
  } else {
    row_ += std::to_string(record);
  }
}

void BulkEncoder::BeginValue() {
  if (values_++ > 0 && plan_.format == CopyFormat::kText) {
    row_ += '\t';
  }
}

void BulkEncoder::EndRow() {
  if (plan_.format == CopyFormat::kText) {
    row_ += '\n';
    return;
  }
  const std::uint16_t count = __builtin_bswap16(static_cast<std::uint16_t>(values_));
  std::memcpy(row_.data(), &count, sizeof count);
}

// One byte for each column with a default, as statements.h says; NULL when the record has them all.
void BulkEncoder::AppendAbsentMarks(const Batch& batch, const Field* row) {
  marks_.clear();
  bool some_absent = false;
  auto next = plan_.columns.begin();
  for (std::size_t target = 0; some_default_ && target < table_.columns.size(); ++target) {
    const TableColumn& column = table_.columns[target];
    if (!column.has_default() || column.generated) {
      continue;
    }
    next = std::find_if(next, plan_.columns.end(),
                        [&](const BulkPlan::Column& given) { return given.target >= target; });
    const bool absent = next != plan_.columns.end() && next->target == target &&
                        FieldOf(batch, row, next->source).kind == FieldKind::kAbsent;
    marks_ += absent ? '1' : '0';
    some_absent = some_absent || absent;
  }
  BeginValue();
  if (!some_absent) {
    AppendNull(plan_.format, row_);
    return;
  }
  if (plan_.format == CopyFormat::kBinary) {
    AppendInt32(row_, static_cast<std::int32_t>(marks_.size()));
  }
  row_ += marks_;
}

bool BulkEncoder::EncodeColumn(const Field& field, const BulkPlan::Column& column) {
  const TableColumn& target = table_.columns[column.target];
  if (IsNull(field, column.wire, target)) {
    if (target.not_null && !(field.kind == FieldKind::kAbsent && target.has_default())) {
      reject_ = {.column = target.name,
                 .reason = target.name + " is missing",
                 .what = "the column needs a value. Give it one."};
      return false;
    }
    AppendNull(plan_.format, row_);
    return true;
  }
  if (AppendValue(field, column.wire, target, column.order, plan_.format, row_)) {
    return true;
  }
  const std::string noun(NounOf(column.wire, target.storage_type));
  reject_ = {.column = target.name,
             .reason = target.name + " is not " + noun,
             .what = Quoted(field.text()) + " is not " + noun + ". Correct the value."};
  return false;
}

// The columns that the table lacks, as one JSON object.
void BulkEncoder::AppendCollected(const Batch& batch, const Field* row) {
  std::string object = "{";
  for (const std::size_t source : plan_.collected) {
    const Field& field = FieldOf(batch, row, source);
    if (field.kind == FieldKind::kAbsent) {
      continue;
    }
    object += (object.size() > 1 ? "," : "") + JsonString(source_names_[source]) + ":";
    if (field.kind == FieldKind::kNull) {
      object += "null";
    } else if (field.kind == FieldKind::kString || field.kind == FieldKind::kUntyped) {
      object += JsonString(field.text());
    } else {
      object += field.text();
    }
  }
  object += "}";
  BeginValue();
  const TableColumn& target = table_.columns[*plan_.collect_target];
  const Field whole = {.data = object.data(),
                       .size = static_cast<std::uint32_t>(object.size()),
                       .offset = 0,
                       .kind = FieldKind::kNested};
  AppendValue(whole, WireOf(target.storage_type), target, DateOrder::kYearMonthDay, plan_.format,
              row_);
}

std::size_t BulkEncoder::LaneFor(std::uint32_t chunk_record) const {
  if (lanes_ == 1) {
    return 0;
  }
  return key_bytes_.empty() ? (chunk_record / kRun) % static_cast<std::size_t>(lanes_)
                            : static_cast<std::size_t>(LaneOf(key_bytes_, lanes_));
}

EncodedRows& BulkEncoder::GroupFor(LaneRows& lane) const {
  for (std::size_t i = lane.groups.size(); i > 0; --i) {
    if (lane.shapes[i - 1] == shape_) {
      return lane.groups[i - 1];
    }
  }
  lane.shapes.push_back(shape_);
  return lane.groups.emplace_back(NewGroup());
}

EncodedRows BulkEncoder::NewGroup() const {
  EncodedRows group;
  group.bytes.reserve(usual_bytes_);
  for (std::size_t i = 0; i < plan_.columns.size(); ++i) {
    if (shape_.empty() || shape_[i] == '0') {
      group.columns.push_back(plan_.columns[i].target);
    }
  }
  if (plan_.collect_target) {
    group.columns.push_back(*plan_.collect_target);
  }
  return group;
}

}  // namespace tenantry::load
