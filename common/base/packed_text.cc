#include "common/base/packed_text.h"

#include <zlib.h>

#include <cassert>
#include <optional>

namespace tenantry {
namespace {

// Less than this is hardly made smaller.
constexpr std::size_t kWorthPacking = 256;
// 4 KiB to look back, as little working memory as goes with it: the texts are small, and setting
// up more memory takes longer than packing.
constexpr int kWindowBits = -12;  // negative: without zlib's header and checksum
constexpr int kMemoryLevel = 5;

// None: the packed text would not be smaller.
std::optional<std::string> Pack(std::string_view text) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kWindowBits, kMemoryLevel,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    return std::nullopt;
  }
  std::string packed(text.size() - 1, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));  // only read
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const int outcome = deflate(&stream, Z_FINISH);
  const std::size_t size = stream.total_out;
  deflateEnd(&stream);
  if (outcome != Z_STREAM_END) {
    return std::nullopt;
  }
  return packed.substr(0, size);  // a copy that is no larger than it must be
}

std::string Unpack(const std::string& packed, std::size_t size) {
  std::string text(size, '\0');
  z_stream stream{};
  if (inflateInit2(&stream, kWindowBits) != Z_OK) {
    throw std::bad_alloc();
  }
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));  // only read
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  [[maybe_unused]] const int outcome = inflate(&stream, Z_FINISH);
  inflateEnd(&stream);
  assert(outcome == Z_STREAM_END);
  return text;
}

}  // namespace

PackedText::PackedText(std::string_view text) : size_(text.size()) {
  if (text.empty()) {
    return;
  }
  std::optional<std::string> packed;
  if (text.size() >= kWorthPacking) {
    packed = Pack(text);
  }
  bytes_ = std::make_shared<const std::string>(packed ? *std::move(packed) : std::string(text));
}

std::string PackedText::str() const {
  if (bytes_ == nullptr) {
    return {};
  }
  return bytes_->size() == size_ ? *bytes_ : Unpack(*bytes_, size_);
}

}  // namespace tenantry
