#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/load/read/batch_reader.h"
#include "tests/unit/read/json_reading.h"

// All that the CSV reader makes of a text, in words that tests compare.
namespace tenantry::load {

struct CsvReading {
  std::vector<std::string> columns;
  std::vector<std::string> rows;     // "1|two|NULL"; "rejected"
  std::vector<std::string> texts;    // as the source writes them
  std::vector<std::string> places;   // "record 1 line 2 byte 4"
  std::vector<std::string> flaws;    // "rejected 2 byte 17 column a: why"
  std::vector<std::size_t> batches;  // records in each
  std::string error;
  Finding finding;

  bool Equals(const CsvReading& other) const {
    return columns == other.columns && rows == other.rows && texts == other.texts &&
           places == other.places && flaws == other.flaws && batches == other.batches &&
           error == other.error && finding.csv == other.finding.csv;
  }
};

inline std::string CsvWords(const Batch& batch, std::size_t record) {
  if (batch.records[record].rejected) {
    return "rejected";
  }
  std::string words;
  for (std::size_t column = 0; column < batch.width; ++column) {
    const Field& field = batch.row(record)[column];
    words += column == 0 ? "" : "|";
    words += field.kind == FieldKind::kUntyped ? std::string(field.text()) : "NULL";
  }
  return words;
}

inline void AddBatch(const Batch& batch, CsvReading& reading) {
  reading.batches.push_back(batch.records.size());
  for (std::size_t i = 0; i < batch.records.size(); ++i) {
    const RecordPlace& place = batch.records[i];
    reading.rows.push_back(CsvWords(batch, i));
    reading.texts.emplace_back(batch.text(place));
    reading.places.push_back("record " +
                             std::to_string(batch.first_record + static_cast<std::int64_t>(i)) +
                             " line " + std::to_string(batch.line + place.line) + " byte " +
                             std::to_string(batch.byte + place.offset));
  }
  for (const Flaw& flaw : batch.flaws) {
    reading.flaws.push_back(
        (flaw.kind == Flaw::Kind::kRejected ? "rejected " : "mended ") +
        std::to_string(batch.first_record + static_cast<std::int64_t>(flaw.record)) + " byte " +
        std::to_string(batch.byte + flaw.offset) +
        (flaw.column.empty() ? "" : " column " + flaw.column) + ": " + flaw.what);
  }
}

inline CsvReading ReadCsv(std::string text, const ReadOptions& options, std::size_t piece = 65536,
                          std::optional<Error> error = std::nullopt) {
  CsvReading reading;
  auto stream = std::make_unique<JsonPieces>(std::move(text), piece, std::move(error));
  auto reader = BatchReader::Open(std::move(stream), options,
                                  {.dataset = "albums", .source = "file albums.csv"});
  if (!reader) {
    reading.error = reader.error().message;
    return reading;
  }
  for (;;) {
    const Result<const Batch*> batch = (*reader)->Next();
    if (!batch) {
      reading.error = batch.error().message;
      break;
    }
    if (*batch == nullptr) {
      break;
    }
    AddBatch(**batch, reading);
  }
  reading.columns = (*reader)->columns();
  reading.finding = (*reader)->finding();
  return reading;
}

inline CsvReading ReadCsv(std::string text) {
  return ReadCsv(std::move(text), {.format = api::Format::kCsv});
}

}  // namespace tenantry::load
