#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/load/map/mapped_reader.h"
#include "tests/unit/read/csv_reading.h"

// What a mapping makes of a text, in words that tests compare.
namespace tenantry::load {

inline std::string MappingProblem(std::string_view json) {
  const Result<Mapping> mapping = ParseMapping(json, "mapping");
  return mapping ? "" : mapping.error().message;
}

inline CsvReading ReadMapped(std::string text, std::string_view json,
                             const KeyLookup* keys = nullptr, ReadOptions options = {}) {
  CsvReading reading;
  const Result<Mapping> mapping = ParseMapping(json, "mapping");
  if (!mapping) {
    reading.error = mapping.error().message;
    return reading;
  }
  auto stream = std::make_unique<JsonPieces>(std::move(text), 65536, std::nullopt);
  auto reader = OpenBatches(std::move(stream), options, {.mapping = &*mapping, .keys = keys},
                            {.dataset = "albums", .source = "file albums.csv"});
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
    AddBatch(**batch, reading);
    for (std::size_t i = 0; i < (*batch)->records.size(); ++i) {
      reading.rows[reading.rows.size() - (*batch)->records.size() + i] = "";
      std::string& row = reading.rows[reading.rows.size() - (*batch)->records.size() + i];
      for (std::size_t column = 0; column < (*batch)->width; ++column) {
        const Field& field = (*batch)->row(i)[column];
        row += column == 0 ? "" : "|";
        row += field.kind == FieldKind::kAbsent ? "-"
               : field.kind == FieldKind::kNull ? "NULL"
                                                : std::string(field.text());
      }
      row = (*batch)->records[i].rejected ? "rejected" : row;
    }
  }
  reading.columns = (*reader)->columns();
  reading.finding = (*reader)->finding();
  return reading;
}

// One value through the steps of a column: what comes out, or why it is refused.
inline std::string Through(const std::string& steps, const std::string& value) {
  std::string quoted = value;
  for (std::size_t at = quoted.find('"'); at != std::string::npos; at = quoted.find('"', at + 2)) {
    quoted.insert(at, 1, '"');
  }
  const CsvReading reading =
      ReadMapped("id,v\n1,\"" + quoted + "\"\n",
                 R"({"columns": [{"name": "v", "steps": )" + steps + R"(}], "drop": ["id"]})",
                 nullptr, {.format = api::Format::kCsv, .csv = {.header = true}});
  if (!reading.error.empty()) {
    return reading.error;
  }
  return reading.flaws.empty() ? reading.rows.at(0) : reading.flaws.at(0);
}

}  // namespace tenantry::load
