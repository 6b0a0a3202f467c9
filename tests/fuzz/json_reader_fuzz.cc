#include "agent/load/json_text.h"
#include "tests/fuzz/read_records.h"

// The first byte chooses the format, the rest is the source.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using tenantry::api::Format;
  using tenantry::load::ArrayElements;
  if (size == 0) {
    return 0;
  }
  constexpr Format kFormats[] = {Format::kAuto, Format::kJson, Format::kNdjson};
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto reading = tenantry::load::CheckReading(bytes, kFormats[data[0] % 3]);
  for (const tenantry::load::Record& record : reading.records) {
    // What was read, written as JSON, reads as the same again.
    const std::string json = ToJson(record, reading.columns);
    const auto again = tenantry::load::ReadAll(json, Format::kJson);
    tenantry::load::Require(again.error.empty() && again.records.size() == 1);
    tenantry::load::Require(ToJson(again.records[0], again.columns) == json);
    for (const tenantry::load::Cell& cell : record.cells) {
      if (cell.value.kind == tenantry::load::Value::Kind::kNested && cell.value.text[0] == '[') {
        tenantry::load::ToArrayLiteral(cell.value.text, ArrayElements::kPlain);
        tenantry::load::ToArrayLiteral(cell.value.text, ArrayElements::kJson);
      }
    }
  }
  return 0;
}
