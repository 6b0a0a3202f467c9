#include "agent/load/read/decode_text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace tenantry::load {
namespace {

constexpr std::size_t kInBytes = 64 << 10;  // of one output piece
constexpr std::size_t kGroup = 16;

// Appends code points as UTF-8; also lone surrogates, in the form that is not UTF-8.
class Utf8Writer {
 public:
  explicit Utf8Writer(std::size_t capacity) : buffer_(capacity) {}

  void Clear() { size_ = 0; }
  std::string_view text() const { return {buffer_.data(), size_}; }
  void PutByte(std::uint32_t byte) { buffer_[size_++] = static_cast<char>(byte); }
  void Put(std::uint32_t point) {
    if (point < 0x80) {
      PutByte(point);
      return;
    }
    if (point < 0x800) {
      PutByte(0xC0 | point >> 6);
    } else if (point < 0x10000) {
      PutByte(0xE0 | point >> 12);
      PutByte(0x80 | (point >> 6 & 0x3F));
    } else {
      PutByte(0xF0 | point >> 18);
      PutByte(0x80 | (point >> 12 & 0x3F));
      PutByte(0x80 | (point >> 6 & 0x3F));
    }
    PutByte(0x80 | (point & 0x3F));
  }
  char* end() { return buffer_.data() + size_; }
  void Grow(std::size_t bytes) { size_ += bytes; }

 private:
  std::vector<char> buffer_;
  std::size_t size_ = 0;
};

class Decoder : public ByteStream {
 public:
  explicit Decoder(std::unique_ptr<ByteStream> bytes)
      : bytes_(std::move(bytes)), out_(4 * kInBytes + 64) {}

  Result<std::string_view> Next() final {
    out_.Clear();
    while (out_.text().empty() && !ended_) {
      if (piece_.empty()) {
        piece_ = TRY(bytes_->Next());
      }
      if (piece_.empty()) {
        ended_ = true;
        End();
        break;
      }
      const std::string_view part = piece_.substr(0, kInBytes);
      piece_.remove_prefix(part.size());
      Decode(part);
    }
    return out_.text();
  }

 protected:
  virtual void Decode(std::string_view bytes) = 0;
  virtual void End() = 0;
  Utf8Writer& out() { return out_; }

 private:
  std::unique_ptr<ByteStream> bytes_;
  std::string_view piece_;
  Utf8Writer out_;
  bool ended_ = false;
};

class Utf16Decoder final : public Decoder {
 public:
  Utf16Decoder(std::unique_ptr<ByteStream> bytes, std::size_t low_byte)
      : Decoder(std::move(bytes)), low_byte_(low_byte) {}

 protected:
  void Decode(std::string_view bytes) override {
    std::size_t at = 0;
    if (has_half_) {
      has_half_ = false;
      const char unit[2] = {half_, bytes[0]};
      PutUnit(UnitAt(unit));
      at = 1;
    }
    while (at + 1 < bytes.size()) {
      if (CopyAscii(bytes, at)) {
        at += kGroup;
        continue;
      }
      PutUnit(UnitAt(bytes.data() + at));
      at += 2;
    }
    has_half_ = at < bytes.size();
    half_ = has_half_ ? bytes[at] : '\0';
  }

  void End() override {
    PutSurrogate();
    if (has_half_) {
      out().PutByte(0xFF);
    }
  }

 private:
  std::uint32_t UnitAt(const char* at) const {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(at[low_byte_])) |
           static_cast<std::uint32_t>(static_cast<unsigned char>(at[1 - low_byte_])) << 8;
  }

  // Eight units at once, if they are ASCII.
  bool CopyAscii([[maybe_unused]] std::string_view bytes, [[maybe_unused]] std::size_t at) {
#if defined(__SSE2__)
    if (surrogate_ != 0 || at + kGroup > bytes.size()) {
      return false;
    }
    __m128i units = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes.data() + at));
    if (low_byte_ == 1) {
      units = _mm_or_si128(_mm_slli_epi16(units, 8), _mm_srli_epi16(units, 8));
    }
    const __m128i high = _mm_and_si128(units, _mm_set1_epi16(static_cast<short>(0xFF80)));
    if (_mm_movemask_epi8(_mm_cmpeq_epi16(high, _mm_setzero_si128())) != 0xFFFF) {
      return false;
    }
    _mm_storel_epi64(reinterpret_cast<__m128i*>(out().end()), _mm_packus_epi16(units, units));
    out().Grow(kGroup / 2);
    return true;
#else
    return false;
#endif
  }

  void PutUnit(std::uint32_t unit) {
    const bool low = unit >= 0xDC00 && unit <= 0xDFFF;
    if (surrogate_ != 0 && low) {
      out().Put(0x10000 + ((surrogate_ - 0xD800) << 10) + (unit - 0xDC00));
      surrogate_ = 0;
      return;
    }
    PutSurrogate();
    if (unit >= 0xD800 && unit <= 0xDBFF) {
      surrogate_ = unit;
    } else {
      out().Put(unit);
    }
  }

  void PutSurrogate() {
    if (surrogate_ != 0) {
      out().Put(surrogate_);
      surrogate_ = 0;
    }
  }

  const std::size_t low_byte_;   // of two
  std::uint32_t surrogate_ = 0;  // the first of a pair
  bool has_half_ = false;
  char half_ = '\0';
};

// 0x80 to 0x9F; the five bytes that mean nothing are the control characters of Latin-1.
// Source: https://encoding.spec.whatwg.org/index-windows-1252.txt
constexpr std::array<std::uint16_t, 32> kWindows1252 = {
    0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x008D, 0x017D, 0x008F, 0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178};

class Windows1252Decoder final : public Decoder {
 public:
  using Decoder::Decoder;

 protected:
  void Decode(std::string_view bytes) override {
    for (const char byte : bytes) {
      const std::uint32_t point = static_cast<unsigned char>(byte);
      out().Put(point >= 0x80 && point < 0xA0 ? kWindows1252[point - 0x80] : point);
    }
  }
  void End() override {}
};

}  // namespace

std::unique_ptr<ByteStream> MakeDecoder(std::unique_ptr<ByteStream> bytes, Encoding encoding) {
  if (encoding == Encoding::kWindows1252) {
    return std::make_unique<Windows1252Decoder>(std::move(bytes));
  }
  return std::make_unique<Utf16Decoder>(std::move(bytes), encoding == Encoding::kUtf16Le ? 0 : 1);
}

}  // namespace tenantry::load
