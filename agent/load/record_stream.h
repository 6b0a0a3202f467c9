#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/load/read/batch_reader.h"
#include "agent/load/record.h"

namespace tenantry::load {

// The records of a source one at a time, for where a record is looked at as a whole. Pure.
class RecordStream {
 public:
  static Result<RecordStream> Open(std::unique_ptr<ByteStream> stream, const ReadOptions& options,
                                   const Origin& origin);

  // The next record, valid until the next call; nullptr after the last one. Records that the reader
  // rejects are left out and counted.
  Result<const Record*> Next();
  const std::vector<std::string>& columns() const { return reader_->columns(); }
  std::int64_t rejected() const { return rejected_; }
  // Why and where the first one was rejected.
  const std::optional<Error>& first_reject() const { return first_reject_; }

 private:
  RecordStream(std::unique_ptr<BatchReader> reader, Origin origin)
      : reader_(std::move(reader)), origin_(std::move(origin)) {}

  void Take(std::size_t index);
  void Reject(std::size_t index);

  std::unique_ptr<BatchReader> reader_;
  Origin origin_;
  const Batch* batch_ = nullptr;
  std::size_t at_ = 0;  // in the batch
  Record record_;
  std::int64_t rejected_ = 0;
  std::optional<Error> first_reject_;
};

// What the value is, apart from whether it is there.
Value::Kind KindOf(FieldKind kind);

}  // namespace tenantry::load
