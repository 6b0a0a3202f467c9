#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

// Where the few bytes are that mean something in CSV. Both classes read up to 64 bytes beyond the
// end of the text, and take no notice of them.
namespace tenantry::load {

inline constexpr std::size_t kScanBlock = 64;

#if defined(__SSE2__)
using ByteVector = __m128i;
inline ByteVector FillVector(char byte) { return _mm_set1_epi8(byte); }
#else
using ByteVector = char;
inline ByteVector FillVector(char byte) { return byte; }
#endif

// The bits of 64 bytes that are one of `count` given ones.
template <std::size_t count>
class ByteSet {
 public:
  explicit ByteSet(const char (&bytes)[count]) {
    for (std::size_t i = 0; i < count; ++i) {
      bytes_[i] = FillVector(bytes[i]);
    }
  }

  std::uint64_t Find(const char* block) const {
#if defined(__SSE2__)
    return FindPart(block) | FindPart(block + 16) << 16 | FindPart(block + 32) << 32 |
           FindPart(block + 48) << 48;
#else
    std::uint64_t found = 0;
    for (std::size_t at = 0; at < kScanBlock; ++at) {
      const bool equal = std::find(bytes_, bytes_ + count, block[at]) != bytes_ + count;
      found |= static_cast<std::uint64_t>(equal) << at;
    }
    return found;
#endif
  }

 private:
#if defined(__SSE2__)
  std::uint64_t FindPart(const char* part) const {
    const __m128i text = _mm_loadu_si128(reinterpret_cast<const __m128i*>(part));
    return static_cast<std::uint32_t>(
        _mm_movemask_epi8(Equal(text, std::make_index_sequence<count>())));
  }
  // Written out for each byte: the compiler keeps them in registers.
  template <std::size_t... index>
  __m128i Equal(__m128i text, std::index_sequence<index...>) const {
    __m128i equal = _mm_setzero_si128();
    ((equal = _mm_or_si128(equal, _mm_cmpeq_epi8(text, bytes_[index]))), ...);
    return equal;
  }
#endif

  ByteVector bytes_[count];
};

// Goes from one such byte to the next.
template <std::size_t count>
class ByteScanner {
 public:
  ByteScanner(const ByteSet<count>& set, const char* at, const char* end) : set_(set), end_(end) {
    Load(at);
  }

  // The next one, which is passed; the end when there is none.
  const char* Next() {
    while (found_ == 0) {
      if (static_cast<std::size_t>(end_ - block_) <= kScanBlock) {
        block_ = end_;
        return end_;
      }
      Load(block_ + kScanBlock);
    }
    const char* at = block_ + std::countr_zero(found_);
    found_ &= found_ - 1;
    return at;
  }

  // Goes on at `at`, which is not before the last one found.
  void Seek(const char* at) {
    const auto ahead = static_cast<std::size_t>(at - block_);
    if (ahead < kScanBlock) {
      found_ &= ~std::uint64_t{0} << ahead;
    } else {
      Load(at);
    }
  }

 private:
  void Load(const char* block) {
    block_ = block;
    found_ = block < end_ ? set_.Find(block) : 0;
    const auto left = static_cast<std::size_t>(end_ - block);
    if (left < kScanBlock) {
      found_ &= (std::uint64_t{1} << left) - 1;
    }
  }

  const ByteSet<count>& set_;
  const char* end_;
  const char* block_ = nullptr;
  std::uint64_t found_ = 0;
};

}  // namespace tenantry::load
