#include "agent/load/record_stream.h"

#include <algorithm>
#include <utility>

namespace tenantry::load {

Value::Kind KindOf(FieldKind kind) {
  switch (kind) {
    case FieldKind::kUntyped:
      return Value::Kind::kUntyped;
    case FieldKind::kString:
      return Value::Kind::kString;
    case FieldKind::kNumber:
      return Value::Kind::kNumber;
    case FieldKind::kBoolean:
      return Value::Kind::kBoolean;
    case FieldKind::kNested:
      return Value::Kind::kNested;
    case FieldKind::kAbsent:
    case FieldKind::kNull:
      break;
  }
  return Value::Kind::kNull;
}

Result<RecordStream> RecordStream::Open(std::unique_ptr<ByteStream> stream,
                                        const ReadOptions& options, const Origin& origin) {
  return RecordStream(TRY(BatchReader::Open(std::move(stream), options, origin)), origin);
}

Result<const Record*> RecordStream::Next() {
  for (;;) {
    while (batch_ == nullptr || at_ == batch_->records.size()) {
      batch_ = TRY(reader_->Next());
      at_ = 0;
      if (batch_ == nullptr) {
        return static_cast<const Record*>(nullptr);
      }
    }
    const std::size_t index = at_++;
    if (!batch_->records[index].rejected) {
      Take(index);
      return static_cast<const Record*>(&record_);
    }
    Reject(index);
  }
}

void RecordStream::Take(std::size_t index) {
  record_.number = batch_->first_record + static_cast<std::int64_t>(index);
  record_.byte = batch_->byte + batch_->records[index].offset;
  record_.cells.clear();
  const Field* row = batch_->row(index);
  for (std::size_t column = 0; column < batch_->width; ++column) {
    if (row[column].kind != FieldKind::kAbsent) {
      record_.cells.push_back({.column = column,
                               .value = {.kind = KindOf(row[column].kind),
                                         .text = std::string(row[column].text()),
                                         .byte = batch_->byte + row[column].offset}});
    }
  }
}

void RecordStream::Reject(std::size_t index) {
  if (++rejected_ > 1) {
    return;
  }
  const auto flaw =
      std::find_if(batch_->flaws.begin(), batch_->flaws.end(), [&](const Flaw& candidate) {
        return candidate.record == index && candidate.kind == Flaw::Kind::kRejected;
      });
  first_reject_ = DataError(origin_,
                            {.record = batch_->first_record + static_cast<std::int64_t>(index),
                             .byte = batch_->byte + flaw->offset,
                             .column = flaw->column},
                            flaw->what);
}

}  // namespace tenantry::load
