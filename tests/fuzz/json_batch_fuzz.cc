#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>

#include "common/base/strings.h"
#include "tests/unit/read/json_reading.h"

namespace tenantry::load {
namespace {

void Require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

void CheckField(const Batch& batch, const Field& field) {
  if (field.kind == FieldKind::kAbsent) {
    return;
  }
  const std::string_view text = field.text();
  Require(IsValidUtf8(text) && text.find('\0') == std::string_view::npos);
  Require(field.offset <= batch.raw.size());
  if (field.kind == FieldKind::kNested || field.kind == FieldKind::kNumber) {
    Require(nlohmann::json::accept(text));
  }
}

void CheckBatch(const Batch& batch) {
  Require(batch.fields.size() == batch.records.size() * batch.width);
  for (const RecordPlace& place : batch.records) {
    Require(std::size_t{place.offset} + place.size <= batch.raw.size());
  }
  for (const Field& field : batch.fields) {
    CheckField(batch, field);
  }
  for (const Flaw& flaw : batch.flaws) {
    Require(batch.records[flaw.record].rejected && flaw.offset <= batch.raw.size());
  }
}

void CheckBatches(const std::string& text, const ReadOptions& options) {
  TextStream stream;
  stream.text = std::make_unique<JsonPieces>(text, text.size() + 1, std::nullopt);
  const auto reader = OpenJsonBatches(std::move(stream), "", options, {});
  while (reader) {
    const Result<const Batch*> batch = (*reader)->Next();
    if (!batch || *batch == nullptr) {
      return;
    }
    CheckBatch(**batch);
  }
}

}  // namespace
}  // namespace tenantry::load

// The first byte chooses the options.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tenantry::load;  // NOLINT: the entry point cannot be inside of it
  if (size == 0) {
    return 0;
  }
  const std::string text(reinterpret_cast<const char*>(data), size);
  JsonSource source;
  source.options.max_record_bytes = 64;
  if (data[0] == '/') {
    source.options.json_path = text.substr(0, text.find(' '));
  }
  if (data[0] == '\n') {
    source.options.format = tenantry::api::Format::kNdjson;
  }
  const std::string body = data[0] == '/' ? text.substr(source.options.json_path.size()) : text;
  CheckBatches(body, source.options);
  source.piece = body.size() + 1;
  const JsonReading whole = ReadJson(body, source);
  source.piece = 3;
  Require(ReadJson(body, source) == whole);
  return 0;
}
