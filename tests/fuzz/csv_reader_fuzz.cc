#include "tests/fuzz/read_records.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto reading = tenantry::load::CheckReading(bytes, tenantry::api::Format::kCsv);
  for (const tenantry::load::Record& record : reading.records) {
    tenantry::load::Require(record.cells.size() == reading.columns.size());
  }
  return 0;
}
