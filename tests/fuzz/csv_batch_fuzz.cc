#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "common/base/strings.h"
#include "tests/unit/read/csv_reading.h"

namespace tenantry::load {
namespace {

void Require(bool condition) {
  if (!condition) {
    std::abort();
  }
}

// What every batch promises, whatever the bytes are.
void CheckBatch(const Batch& batch) {
  Require(batch.fields.size() == batch.records.size() * batch.width);
  std::size_t end = 0;
  for (std::size_t i = 0; i < batch.records.size(); ++i) {
    const RecordPlace& place = batch.records[i];
    Require(place.offset >= end);
    end = place.offset + std::size_t{place.size};
    Require(end <= batch.raw.size());
    for (std::size_t column = 0; column < batch.width; ++column) {
      const Field& field = batch.row(i)[column];
      Require((field.kind == FieldKind::kAbsent) == place.rejected);
      Require(place.rejected || (field.offset >= place.offset && field.offset <= end));
      Require(IsValidUtf8(field.text()));
      Require(field.text().find('\0') == std::string_view::npos);
    }
  }
  Require(end == batch.raw.size());
  std::size_t record = 0;
  for (const Flaw& flaw : batch.flaws) {
    Require(flaw.record >= record && flaw.record < batch.records.size());
    Require(flaw.offset <= batch.raw.size());
    Require(flaw.kind == Flaw::Kind::kMended || batch.records[flaw.record].rejected);
    record = flaw.record;
  }
}

void CheckBatches(std::string_view text, const ReadOptions& options) {
  auto stream = std::make_unique<JsonPieces>(std::string(text), text.size() + 1, std::nullopt);
  auto reader = BatchReader::Open(std::move(stream), options, {.dataset = "d", .source = "s"});
  std::int64_t next = 1;
  while (reader) {
    const Result<const Batch*> batch = (*reader)->Next();
    if (!batch || *batch == nullptr) {
      return;
    }
    Require((*batch)->first_record == next);
    next += static_cast<std::int64_t>((*batch)->records.size());
    CheckBatch(**batch);
  }
}

}  // namespace
}  // namespace tenantry::load

// The first byte chooses what is known of the dialect.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tenantry::load;  // NOLINT(google-build-using-namespace)
  if (size == 0) {
    return 0;
  }
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  ReadOptions options{.format = tenantry::api::Format::kCsv};
  if ((data[0] & 1) != 0) {
    options.csv.delimiter = (data[0] & 2) != 0 ? "," : "||";
    options.csv.quote = '"';
  }
  options.max_record_bytes = (data[0] & 4) != 0 ? 32 : 16 << 20;
  CheckBatches(text, options);
  const CsvReading reading = ReadCsv(std::string(text), options);
  Require(reading.Equals(ReadCsv(std::string(text), options, 1)));
  Require(reading.Equals(ReadCsv(std::string(text), options, 7)));
  return 0;
}
