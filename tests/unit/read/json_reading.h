#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/load/read/json_batch_reader.h"

// All that the JSON reader makes of a text, in words that tests compare.
namespace tenantry::load {

class JsonPieces final : public ByteStream {
 public:
  JsonPieces(std::string text, std::size_t size, std::optional<Error> error)
      : text_(std::move(text)), rest_(text_), size_(size), error_(std::move(error)) {}

  Result<std::string_view> Next() override {
    if (rest_.empty() && error_) {
      return *error_;
    }
    const std::string_view piece = rest_.substr(0, size_);
    rest_.remove_prefix(piece.size());
    return piece;
  }

 private:
  std::string text_;
  std::string_view rest_;
  std::size_t size_;
  std::optional<Error> error_;
};

struct JsonReading {
  std::vector<std::string> columns;
  // {a=1 b="text" c=null d=[1]}; "rejected" for a flawed one.
  std::vector<std::string> records;
  std::vector<std::string> texts;    // as the source writes them
  std::vector<std::string> places;   // "line 3 byte 17"
  std::vector<std::string> flaws;    // "record 2 line 3 byte 17 column a: why"
  std::vector<std::size_t> batches;  // records in each
  std::string error;
  std::string shape;
  api::Format format = api::Format::kAuto;

  friend bool operator==(const JsonReading&, const JsonReading&) = default;
};

inline std::string JsonWords(const Field& field) {
  const std::string text(field.text());
  switch (field.kind) {
    case FieldKind::kAbsent:
      return "";
    case FieldKind::kNull:
      return "null";
    case FieldKind::kString:
      return '"' + text + '"';
    case FieldKind::kUntyped:
    case FieldKind::kNumber:
    case FieldKind::kBoolean:
    case FieldKind::kNested:
      break;
  }
  return text;
}

inline std::string JsonWords(const Batch& batch, std::size_t record,
                             const std::vector<std::string>& columns) {
  if (batch.records[record].rejected) {
    return "rejected";
  }
  std::string words;
  for (std::size_t column = 0; column < batch.width; ++column) {
    const Field& field = batch.row(record)[column];
    if (field.kind != FieldKind::kAbsent) {
      words += (words.empty() ? "" : " ") + columns[column] + "=" + JsonWords(field);
    }
  }
  return "{" + words + "}";
}

inline void AddBatch(JsonReading& reading, const Batch& batch,
                     const std::vector<std::string>& columns) {
  reading.batches.push_back(batch.records.size());
  for (std::size_t i = 0; i < batch.records.size(); ++i) {
    const RecordPlace& place = batch.records[i];
    reading.records.push_back(JsonWords(batch, i, columns));
    reading.texts.emplace_back(batch.text(place));
    reading.places.push_back("line " + std::to_string(batch.line + place.line) + " byte " +
                             std::to_string(batch.byte + place.offset));
  }
  for (const Flaw& flaw : batch.flaws) {
    const std::int64_t record = batch.first_record + static_cast<std::int64_t>(flaw.record);
    const std::int64_t line = batch.line + batch.records[flaw.record].line;
    reading.flaws.push_back("record " + std::to_string(record) + " line " + std::to_string(line) +
                            " byte " + std::to_string(batch.byte + flaw.offset) +
                            (flaw.column.empty() ? "" : " column " + flaw.column) + ": " +
                            flaw.what);
  }
}

struct JsonSource {
  ReadOptions options = {};
  std::size_t piece = std::size_t{64} << 10;
  std::size_t taken = 0;  // bytes that were taken from the stream before
  std::optional<Error> error = std::nullopt;
};

inline JsonSource AtPath(const std::string& path) {
  JsonSource source;
  source.options.json_path = path;
  return source;
}

inline JsonSource UpTo(std::int64_t record_bytes) {
  JsonSource source;
  source.options.max_record_bytes = record_bytes;
  return source;
}

inline JsonReading ReadJson(const std::string& text, const JsonSource& source = {}) {
  const std::size_t taken = std::min(source.taken, text.size());
  TextStream stream;
  stream.text = std::make_unique<JsonPieces>(text.substr(taken), source.piece, source.error);
  auto reader = OpenJsonBatches(std::move(stream), text.substr(0, taken), source.options,
                                {.dataset = "albums", .source = "albums.json"});
  JsonReading reading;
  if (!reader) {
    reading.error = reader.error().message;
    return reading;
  }
  for (;;) {
    const Result<const Batch*> batch = (*reader)->Next();
    if (!batch || *batch == nullptr) {
      reading.error = batch ? "" : batch.error().message;
      break;
    }
    AddBatch(reading, **batch, (*reader)->columns());
  }
  reading.columns = (*reader)->columns();
  reading.shape = (*reader)->finding().json_shape;
  reading.format = (*reader)->finding().format;
  return reading;
}

}  // namespace tenantry::load
