#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "agent/load/read/text_stream.h"
#include "tests/unit/read/json_reading.h"

namespace tenantry::load {
namespace {

constexpr std::size_t kEnough = 8 << 20;  // an archive of a few bytes may hold gigabytes

// The text, and whether an error follows; the place of damage is as exact as the library's blocks.
std::pair<std::string, bool> ReadText(std::string_view bytes, std::size_t piece) {
  auto stream = std::make_unique<JsonPieces>(std::string(bytes), piece, std::nullopt);
  Result<TextStream> text = OpenText(std::move(stream), {.dataset = "d", .source = "s"});
  if (!text) {
    return {"", true};
  }
  std::string read;
  while (read.size() < kEnough) {
    const Result<std::string_view> next = text->text->Next();
    if (!next) {
      return {read, true};
    }
    if (next->empty()) {
      return {read, false};
    }
    read += *next;
  }
  return {read.substr(0, kEnough), false};
}

}  // namespace
}  // namespace tenantry::load

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto text = tenantry::load::ReadText(bytes, size + 1);
  for (const std::size_t piece : {1, 7}) {
    if (text != tenantry::load::ReadText(bytes, piece)) {
      std::abort();
    }
  }
  return 0;
}
