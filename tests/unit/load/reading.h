#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/load/record_stream.h"

namespace tenantry::load {

struct Reading {
  std::vector<std::string> columns;
  std::vector<Record> records;  // those before the error, if there is one
  std::int64_t rejected = 0;
  std::string first_reject;
  std::string error;  // empty: none
};

// Reads all of `text`, as dataset "songs" of "key s in ConfigMap c".
inline Reading ReadAll(std::string_view text, api::Format format = api::Format::kAuto) {
  class OnePiece final : public ByteStream {
   public:
    explicit OnePiece(std::string_view bytes) : bytes_(bytes) {}
    Result<std::string_view> Next() override { return std::exchange(bytes_, {}); }

   private:
    std::string_view bytes_;
  };
  Reading reading;
  auto stream = RecordStream::Open(std::make_unique<OnePiece>(text), {.format = format},
                                   {.dataset = "songs", .source = "key s in ConfigMap c"});
  if (!stream) {
    reading.error = stream.error().message;
    return reading;
  }
  for (;;) {
    const Result<const Record*> record = stream->Next();
    if (!record || *record == nullptr) {
      reading.columns = stream->columns();
      reading.rejected = stream->rejected();
      reading.first_reject = stream->first_reject() ? stream->first_reject()->message : "";
      reading.error = record ? "" : record.error().message;
      return reading;
    }
    reading.records.push_back(**record);
  }
}

}  // namespace tenantry::load
