#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "agent/load/map/mapped_reader.h"
#include "common/base/strings.h"
#include "tests/unit/read/csv_reading.h"

namespace tenantry::load {
namespace {

void Require(bool condition) {
  if (!condition) {
    std::abort();
  }
}

constexpr char kData[] =
    "a,b,first,last\n1,\"1.234,5\",Anna Maria,\xC3\x84rger\n2,31.12.2026,,x\n\"\",NULL, y ,\n";

// Whatever the mapping, its batches keep what batches promise.
void CheckBatches(BatchReader& reader) {
  for (;;) {
    const Result<const Batch*> batch = reader.Next();
    if (!batch || *batch == nullptr) {
      return;
    }
    Require((*batch)->width == reader.columns().size());
    Require((*batch)->fields.size() == (*batch)->records.size() * (*batch)->width);
    for (const Field& field : (*batch)->fields) {
      Require(IsValidUtf8(field.text()));
      Require(field.text().find('\0') == std::string_view::npos);
      Require(field.offset <= (*batch)->raw.size());
    }
    for (const Flaw& flaw : (*batch)->flaws) {
      Require(flaw.record < (*batch)->records.size());
    }
  }
}

}  // namespace
}  // namespace tenantry::load

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tenantry::load;  // NOLINT(google-build-using-namespace)
  const auto mapping =
      ParseMapping(std::string_view(reinterpret_cast<const char*>(data), size), "mapping");
  if (!mapping) {
    return 0;
  }
  auto reader = OpenBatches(std::make_unique<JsonPieces>(kData, 65536, std::nullopt),
                            {.format = tenantry::api::Format::kCsv}, {.mapping = &*mapping},
                            {.dataset = "d"});
  if (reader) {
    CheckBatches(**reader);
  }
  return 0;
}
