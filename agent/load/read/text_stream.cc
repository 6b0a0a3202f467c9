#include "agent/load/read/text_stream.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "agent/load/read/decode_text.h"
#include "agent/load/read/decompress.h"
#include "common/base/strings.h"

namespace tenantry::load {
namespace {

constexpr std::size_t kSampleBytes = 1 << 20;
constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";
constexpr std::string_view kUtf16LeMark = "\xFF\xFE";
constexpr std::string_view kUtf16BeMark = "\xFE\xFF";

// A stream of which the beginning was looked at. What has ended or failed stays so.
class PeekedStream final : public ByteStream {
 public:
  explicit PeekedStream(std::unique_ptr<ByteStream> stream) : stream_(std::move(stream)) {}

  // At most `bytes` of the beginning, less only when there are no more.
  std::string_view Peek(std::size_t bytes) {
    while (start_.size() < bytes && !ended_) {
      start_ += Pull();
    }
    return std::string_view(start_).substr(0, bytes);
  }
  void Skip(std::size_t bytes) { start_.erase(0, bytes); }

  Result<std::string_view> Next() override {
    if (!start_.empty()) {
      given_ = std::exchange(start_, {});
      return std::string_view(given_);
    }
    given_ = {};
    const std::string_view piece = ended_ ? std::string_view() : Pull();
    if (piece.empty() && error_) {
      return *error_;
    }
    return piece;
  }

 private:
  std::string_view Pull() {
    Result<std::string_view> piece = stream_->Next();
    if (!piece) {
      error_ = std::move(piece).error();
      ended_ = true;
      return {};
    }
    ended_ = piece->empty();
    return *piece;
  }

  std::unique_ptr<ByteStream> stream_;
  std::string start_;
  std::string given_;
  bool ended_ = false;
  std::optional<Error> error_;
};

// Sources: RFC 1952, section 2.3.1; RFC 8878, sections 3.1.1 and 3.1.2
Compression FindCompression(std::string_view start) {
  if (start.starts_with("\x1F\x8B\x08")) {
    return Compression::kGzip;
  }
  const bool skippable =
      start.size() >= 4 && (start[0] & 0xF0) == 0x50 && start.substr(1, 3) == "\x2A\x4D\x18";
  return skippable || start.starts_with("\x28\xB5\x2F\xFD") ? Compression::kZstd
                                                            : Compression::kNone;
}

// Is it text in UTF-16 whose characters have their second byte at `high` of two? Most of those are
// zero, the others are not, and line ends are two bytes as well.
bool LooksLikeUtf16(std::string_view sample, std::size_t high) {
  const std::size_t units = sample.size() / 2;
  std::size_t high_zeros = 0;
  std::size_t low_zeros = 0;
  std::size_t line_ends = 0;
  std::size_t narrow_line_ends = 0;
  for (std::size_t unit = 0; unit < units; ++unit) {
    const char high_byte = sample[2 * unit + high];
    const char low_byte = sample[2 * unit + 1 - high];
    high_zeros += high_byte == '\0' ? 1 : 0;
    low_zeros += low_byte == '\0' ? 1 : 0;
    const bool ends = low_byte == '\n' || low_byte == '\r';
    line_ends += ends && high_byte == '\0' ? 1 : 0;
    narrow_line_ends += (ends && high_byte != '\0') || high_byte == '\n' || high_byte == '\r';
  }
  const std::size_t enough = line_ends > 0 ? units / 5 : units / 2;
  return units > 0 && high_zeros > 0 && high_zeros >= enough && low_zeros * 20 <= high_zeros &&
         narrow_line_ends * 10 <= line_ends;
}

// Is it text in an 8-bit encoding: more bytes that cannot be UTF-8 than characters that are?
bool LooksLikeWindows1252(std::string_view sample) {
  std::size_t characters = 0;
  std::size_t strange = 0;
  for (std::size_t at = 0; at < sample.size();) {
    const auto lead = static_cast<unsigned char>(sample[at]);
    if (lead < 0x80) {
      ++at;
      continue;
    }
    const std::size_t length = lead < 0xC2 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (length > 1 && at + length > sample.size() && sample.size() >= kSampleBytes) {
      break;  // cut off by the sample's end
    }
    if (length > 1 && IsValidUtf8(sample.substr(at, length))) {
      ++characters;
      at += length;
      continue;
    }
    // No character has these.
    if (std::string_view("\x81\x8D\x8F\x90\x9D\xFF").find(sample[at]) != std::string_view::npos) {
      return false;
    }
    ++strange;
    ++at;
  }
  return strange > characters;
}

struct FoundEncoding {
  Encoding encoding = Encoding::kUtf8;
  std::size_t mark = 0;  // bytes
};

FoundEncoding FindEncoding(std::string_view sample) {
  if (sample.starts_with(kUtf8Mark)) {
    return {Encoding::kUtf8WithMark, kUtf8Mark.size()};
  }
  if (sample.starts_with(kUtf16LeMark)) {
    return {Encoding::kUtf16Le, kUtf16LeMark.size()};
  }
  if (sample.starts_with(kUtf16BeMark)) {
    return {Encoding::kUtf16Be, kUtf16BeMark.size()};
  }
  if (IsValidUtf8(sample) && sample.find('\0') == std::string_view::npos) {
    return {};
  }
  if (LooksLikeUtf16(sample, 1)) {
    return {.encoding = Encoding::kUtf16Le};
  }
  if (LooksLikeUtf16(sample, 0)) {
    return {.encoding = Encoding::kUtf16Be};
  }
  return {.encoding = LooksLikeWindows1252(sample) ? Encoding::kWindows1252 : Encoding::kUtf8};
}

std::unique_ptr<ByteStream> Decompress(std::unique_ptr<ByteStream> bytes, Compression compression,
                                       const Origin& origin) {
  switch (compression) {
    case Compression::kGzip:
      return MakeGunzip(std::move(bytes), origin);
    case Compression::kZstd:
      return MakeUnzstd(std::move(bytes), origin);
    case Compression::kNone:
      break;
  }
  return bytes;
}

}  // namespace

const char* ToString(Compression compression) {
  switch (compression) {
    case Compression::kNone:
      return "";
    case Compression::kGzip:
      return "gzip";
    case Compression::kZstd:
      return "zstd";
  }
  return "";
}

const char* ToString(Encoding encoding) {
  switch (encoding) {
    case Encoding::kUtf8:
      return "UTF-8";
    case Encoding::kUtf8WithMark:
      return "UTF-8 with BOM";
    case Encoding::kUtf16Le:
      return "UTF-16LE";
    case Encoding::kUtf16Be:
      return "UTF-16BE";
    case Encoding::kWindows1252:
      return "Windows-1252";
  }
  return "";
}

Result<TextStream> OpenText(std::unique_ptr<ByteStream> bytes, const Origin& origin) {
  auto packed = std::make_unique<PeekedStream>(std::move(bytes));
  const Compression compression = FindCompression(packed->Peek(4));
  auto text = std::make_unique<PeekedStream>(Decompress(std::move(packed), compression, origin));
  const FoundEncoding found = FindEncoding(text->Peek(kSampleBytes));
  text->Skip(found.mark);
  const bool utf8 = found.encoding == Encoding::kUtf8 || found.encoding == Encoding::kUtf8WithMark;
  std::unique_ptr<ByteStream> decoded = std::move(text);
  if (!utf8) {
    decoded = MakeDecoder(std::move(decoded), found.encoding);
  }
  return TextStream{
      .text = std::move(decoded), .compression = compression, .encoding = found.encoding};
}

}  // namespace tenantry::load
