#include <cstdint>
#include <cstdlib>

#include "agent/load/json_text.h"
#include "tests/unit/load/reading.h"

namespace {

void Require(bool condition) {
  if (!condition) {
    std::abort();
  }
}

}  // namespace

// The first byte chooses the format, the rest is the source.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using tenantry::api::Format;
  using tenantry::load::ArrayElements;
  if (size == 0) {
    return 0;
  }
  constexpr Format kFormats[] = {Format::kAuto, Format::kJson, Format::kNdjson, Format::kCsv};
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto reading = tenantry::load::ReadAll(bytes, kFormats[data[0] % 4]);
  for (const tenantry::load::Record& record : reading.records) {
    // What was read, written as JSON, reads as the same again.
    const std::string json = ToJson(record, reading.columns);
    const auto again = tenantry::load::ReadAll("[" + json + "]", Format::kJson);
    Require(again.error.empty() &&
            again.records.size() + static_cast<std::size_t>(again.rejected) == 1);
    for (const tenantry::load::Cell& cell : record.cells) {
      if (cell.value.kind == tenantry::load::Value::Kind::kNested && cell.value.text[0] == '[') {
        tenantry::load::ToArrayLiteral(cell.value.text, ArrayElements::kPlain);
        tenantry::load::ToArrayLiteral(cell.value.text, ArrayElements::kJson);
      }
    }
  }
  return 0;
}
