#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace tenantry::load {

// Containers in containers, a record counting as the first one.
inline constexpr int kMaxJsonDepth = 128;
// Zero bytes that follow whatever is scanned, so that no step has to ask where the end is.
inline constexpr std::size_t kJsonPadding = 32;

struct JsonFlaw {
  const char* at = nullptr;  // the end of what is scanned: more bytes may mend it
  std::string what;          // with the next step
  std::string column = {};   // empty: none in particular
};

// The words of JSON (RFC 8259, strictly) in memory. Each function takes the first byte of a word
// and returns the byte after it, or nullptr: flaw() says why.
class JsonScan {
 public:
  void SetEnd(const char* end) { end_ = end; }
  const char* end() const { return end_; }
  const JsonFlaw& flaw() const { return flaw_; }

  const char* Blanks(const char* at);  // never fails
  // What has been met since it was last forgotten.
  bool met_blanks() const { return met_blanks_; }
  bool met_line_end() const { return met_line_end_; }
  void ForgetBlanks() { met_blanks_ = false; }
  void ForgetLineEnds() { met_line_end_ = false; }

  const char* String(const char* at);        // at its opening quote
  bool escaped() const { return escaped_; }  // the last string holds escapes
  const char* Number(const char* at);
  const char* Word(const char* at, std::string_view word);
  const char* Scalar(const char* at);  // a string, number, true, false or null
  // A whole value; a container at `at` is the `depth`th.
  const char* Value(const char* at, int depth);

  const char* Fail(const char* at, std::string what);
  const char* Unexpected(const char* at, std::string_view expected);

 private:
  const char* ManyBlanks(const char* at);
  const char* RestOfString(const char* at);
  const char* Utf8(const char* at);
  const char* Escape(const char* at);
  const char* Unicode(const char* at);
  const char* Digits(const char* at);
  const char* Object(const char* at, int depth);
  const char* Array(const char* at, int depth);

  const char* end_ = nullptr;
  JsonFlaw flaw_;
  bool met_blanks_ = false;
  bool met_line_end_ = false;
  bool escaped_ = false;
};

// Appends the text of a string that JsonScan has passed, given without its quotes.
void AppendDecodedJson(std::string& text, std::string_view source);
// Appends JSON that JsonScan has passed, without its blanks.
void AppendCompactJson(std::string& json, std::string_view source);
// The number of line feeds.
std::int64_t CountLineEnds(const char* begin, const char* end);

// The first byte that a string cannot simply hold: a quote, a backslash, a control byte, or one
// that is not ASCII.
inline const char* PlainEnd(const char* at) {
#if defined(__SSE2__)
  for (;; at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i special = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                                      _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))),
                                         _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)));
    const int mask = _mm_movemask_epi8(special);
    if (mask != 0) {
      return at + __builtin_ctz(static_cast<unsigned>(mask));
    }
  }
#else
  while (static_cast<signed char>(*at) >= 0x20 && *at != '"' && *at != '\\') {
    ++at;
  }
  return at;
#endif
}

inline const char* JsonScan::Blanks(const char* at) {
  if (static_cast<unsigned char>(*at) > ' ') {
    return at;
  }
  if (*at == ' ' && static_cast<unsigned char>(at[1]) > ' ') {
    met_blanks_ = true;
    return at + 1;
  }
  return ManyBlanks(at);
}

inline const char* JsonScan::String(const char* at) {
  escaped_ = false;
  at = PlainEnd(at + 1);
  return *at == '"' ? at + 1 : RestOfString(at);
}

}  // namespace tenantry::load
