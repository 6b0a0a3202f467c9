#include "agent/load/read/json_scan.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "agent/load/read/characters.h"
#include "agent/load/read/place.h"

namespace tenantry::load {
namespace {

bool IsJsonBlank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

int HexDigit(char byte) {
  if (IsDigit(byte)) {
    return byte - '0';
  }
  const int low = byte | 0x20;
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

// Four digits that have been checked.
unsigned FourHex(const char* at) {
  unsigned code = 0;
  for (int i = 0; i < 4; ++i) {
    code = code * 16 + static_cast<unsigned>(HexDigit(at[i]));
  }
  return code;
}

bool IsHighHalf(unsigned code) { return code >= 0xD800 && code <= 0xDBFF; }
bool IsLowHalf(unsigned code) { return code >= 0xDC00 && code <= 0xDFFF; }

void AppendUtf8(std::string& text, unsigned code) {
  const auto add = [&](unsigned byte) { text += static_cast<char>(byte); };
  if (code < 0x80) {
    add(code);
  } else if (code < 0x800) {
    add(0xC0 | (code >> 6));
    add(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    add(0xE0 | (code >> 12));
    add(0x80 | ((code >> 6) & 0x3F));
    add(0x80 | (code & 0x3F));
  } else {
    add(0xF0 | (code >> 18));
    add(0x80 | ((code >> 12) & 0x3F));
    add(0x80 | ((code >> 6) & 0x3F));
    add(0x80 | (code & 0x3F));
  }
}

// The second byte's bounds, by the first: no overlong forms, no surrogates, nothing above U+10FFFF.
// Source: Unicode, table 3-7.
struct Sequence {
  int length = 0;  // 0: no sequence begins so
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
};

Sequence SequenceOf(unsigned char first) {
  if (first >= 0xC2 && first <= 0xDF) {
    return {.length = 2};
  }
  if (first >= 0xE0 && first <= 0xEF) {
    const unsigned char low = first == 0xE0 ? 0xA0 : 0x80;
    const unsigned char high = first == 0xED ? 0x9F : 0xBF;
    return {.length = 3, .low = low, .high = high};
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const unsigned char low = first == 0xF0 ? 0x90 : 0x80;
    const unsigned char high = first == 0xF4 ? 0x8F : 0xBF;
    return {.length = 4, .low = low, .high = high};
  }
  return {};
}

// How many of the bytes at `at` are a sequence, or begin one.
struct Utf8Run {
  int valid = 0;
  bool complete = false;
};

Utf8Run TakeUtf8(const char* at) {
  const Sequence sequence = SequenceOf(static_cast<unsigned char>(at[0]));
  if (sequence.length == 0) {
    return {};
  }
  const auto second = static_cast<unsigned char>(at[1]);
  if (second < sequence.low || second > sequence.high) {
    return {.valid = 1};
  }
  for (int i = 2; i < sequence.length; ++i) {
    if ((static_cast<unsigned char>(at[i]) & 0xC0) != 0x80) {
      return {.valid = i};
    }
  }
  return {.valid = sequence.length, .complete = true};
}

}  // namespace

const char* JsonScan::Fail(const char* at, std::string what) {
  flaw_ = {.at = at, .what = std::move(what)};
  return nullptr;
}

const char* JsonScan::Unexpected(const char* at, std::string_view expected) {
  if (at >= end_) {
    return Fail(end_, "the data ends where " + std::string(expected) +
                          " is expected: it is cut. Complete it.");
  }
  return Fail(at, "found " + Quoted(std::string_view(at, 1)) + " where " + std::string(expected) +
                      " is expected. Correct the JSON.");
}

const char* JsonScan::ManyBlanks(const char* at) {
  const char* const start = at;
  for (; IsJsonBlank(*at); ++at) {
    met_line_end_ |= *at == '\n';
  }
  met_blanks_ |= at != start;
  return at;
}

// At the first byte that is not plain.
const char* JsonScan::RestOfString(const char* at) {
  for (;; at = PlainEnd(at)) {
    if (*at == '"') {
      return at + 1;
    }
    if (*at == '\\') {
      escaped_ = true;
      at = Escape(at);
      if (at == nullptr) {
        return nullptr;
      }
    } else if (static_cast<unsigned char>(*at) >= 0x80) {
      at = Utf8(at);
      if (at == nullptr) {
        return nullptr;
      }
    } else if (at >= end_) {
      return Fail(end_, "the data ends inside a string: it is cut. Complete it.");
    } else if (*at == 0) {
      return Fail(at, "it holds a NUL byte, which PostgreSQL cannot store. Remove it.");
    } else {
      return Fail(at, "a string holds a control byte. Write it as an escape such as \\n.");
    }
  }
}

// Sequences, up to the next ASCII character.
const char* JsonScan::Utf8(const char* at) {
  while (static_cast<unsigned char>(*at) >= 0x80) {
    const Utf8Run run = TakeUtf8(at);
    if (!run.complete) {
      const char* const reached = at + run.valid;
      return Fail(reached >= end_ ? end_ : at,
                  "the bytes are not valid UTF-8. Save the file as UTF-8.");
    }
    at += run.valid;
  }
  return at;
}

const char* JsonScan::Escape(const char* at) {
  switch (at[1]) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
      return at + 2;
    case 'u':
      return Unicode(at);
    default:
      return Unexpected(at + 1, "an escape such as \\n");
  }
}

const char* JsonScan::Unicode(const char* at) {
  for (int i = 2; i < 6; ++i) {
    if (HexDigit(at[i]) < 0) {
      return Unexpected(at + i, "a hexadecimal digit");
    }
  }
  const unsigned code = FourHex(at + 2);
  if (code == 0) {
    return Fail(at, "it holds \\u0000 (NUL), which PostgreSQL cannot store. Remove it.");
  }
  if (!IsHighHalf(code) && !IsLowHalf(code)) {
    return at + 6;
  }
  const char* const second = at + 6;
  bool pair = IsHighHalf(code);
  for (int i = 0; pair && i < 6; ++i) {
    if (second + i == end_) {
      return Fail(end_, "the data ends inside a string: it is cut. Complete it.");
    }
    pair = i == 0 ? second[i] == '\\' : i == 1 ? second[i] == 'u' : HexDigit(second[i]) >= 0;
  }
  if (!pair || !IsLowHalf(FourHex(second + 2))) {
    return Fail(at, "it holds half of a \\u surrogate pair. Write both halves.");
  }
  return second + 6;
}

const char* JsonScan::Digits(const char* at) {
  if (!IsDigit(*at)) {
    return Unexpected(at, "a digit");
  }
  while (IsDigit(*at)) {
    ++at;
  }
  return at;
}

const char* JsonScan::Number(const char* at) {
  at += *at == '-' ? 1 : 0;
  if (*at == '0') {
    ++at;
    if (IsDigit(*at)) {
      return Fail(at, "a number begins with 0. Write it without, or as a string.");
    }
  } else {
    at = Digits(at);
  }
  if (at != nullptr && *at == '.') {
    at = Digits(at + 1);
  }
  if (at != nullptr && (*at == 'e' || *at == 'E')) {
    ++at;
    at = Digits(at + (*at == '+' || *at == '-' ? 1 : 0));
  }
  return at;
}

const char* JsonScan::Word(const char* at, std::string_view word) {
  for (const char byte : word) {
    if (*at != byte) {
      return Unexpected(at, Quoted(word));
    }
    ++at;
  }
  return at;
}

const char* JsonScan::Scalar(const char* at) {
  switch (*at) {
    case '"':
      return String(at);
    case 't':
      return Word(at, "true");
    case 'f':
      return Word(at, "false");
    case 'n':
      return Word(at, "null");
    default:
      return *at == '-' || IsDigit(*at) ? Number(at) : Unexpected(at, "a value");
  }
}

const char* JsonScan::Value(const char* at, int depth) {
  if (*at != '{' && *at != '[') {
    return Scalar(at);
  }
  if (depth > kMaxJsonDepth) {
    return Fail(
        at, "it is nested deeper than " + std::to_string(kMaxJsonDepth) + " levels. Flatten it.");
  }
  return *at == '{' ? Object(at, depth) : Array(at, depth);
}

const char* JsonScan::Object(const char* at, int depth) {
  at = Blanks(at + 1);
  if (*at == '}') {
    return at + 1;
  }
  for (;;) {
    at = *at == '"' ? String(at) : Unexpected(at, "a key");
    if (at == nullptr) {
      return nullptr;
    }
    at = Blanks(at);
    at = *at == ':' ? Value(Blanks(at + 1), depth + 1) : Unexpected(at, "\":\"");
    if (at == nullptr) {
      return nullptr;
    }
    at = Blanks(at);
    if (*at == '}') {
      return at + 1;
    }
    if (*at != ',') {
      return Unexpected(at, "\",\" or \"}\"");
    }
    at = Blanks(at + 1);
  }
}

const char* JsonScan::Array(const char* at, int depth) {
  at = Blanks(at + 1);
  if (*at == ']') {
    return at + 1;
  }
  for (;;) {
    at = Value(at, depth + 1);
    if (at == nullptr) {
      return nullptr;
    }
    at = Blanks(at);
    if (*at == ']') {
      return at + 1;
    }
    if (*at != ',') {
      return Unexpected(at, "\",\" or \"]\"");
    }
    at = Blanks(at + 1);
  }
}

void AppendDecodedJson(std::string& text, std::string_view source) {
  constexpr std::string_view kLetters = "bfnrt";
  constexpr std::string_view kMeanings = "\b\f\n\r\t";
  for (std::size_t at = 0; at < source.size();) {
    const std::size_t escape = std::min(source.find('\\', at), source.size());
    text.append(source, at, escape - at);
    at = escape + 2;
    if (escape == source.size()) {
      return;
    }
    const char letter = source[escape + 1];
    if (letter != 'u') {
      const std::size_t known = kLetters.find(letter);
      text += known == std::string_view::npos ? letter : kMeanings[known];
      continue;
    }
    unsigned code = FourHex(source.data() + at);
    at += 4;
    if (IsHighHalf(code)) {
      code = 0x10000 + ((code - 0xD800) << 10) + (FourHex(source.data() + at + 2) - 0xDC00);
      at += 6;
    }
    AppendUtf8(text, code);
  }
}

void AppendCompactJson(std::string& json, std::string_view source) {
  bool in_string = false;
  for (std::size_t at = 0; at < source.size(); ++at) {
    const char byte = source[at];
    if (!in_string && IsJsonBlank(byte)) {
      continue;
    }
    json += byte;
    if (in_string && byte == '\\') {
      json += source[++at];
    } else if (byte == '"') {
      in_string = !in_string;
    }
  }
}

std::int64_t CountLineEnds(const char* begin, const char* end) {
  std::int64_t count = 0;
#if defined(__SSE2__)
  __m128i sums = _mm_setzero_si128();
  for (; end - begin >= 16; begin += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(begin));
    const __m128i ones =
        _mm_and_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n')), _mm_set1_epi8(1));
    sums = _mm_add_epi64(sums, _mm_sad_epu8(ones, _mm_setzero_si128()));
  }
  count = _mm_cvtsi128_si64(sums) + _mm_cvtsi128_si64(_mm_unpackhi_epi64(sums, sums));
#endif
  for (; begin != end; ++begin) {
    count += *begin == '\n' ? 1 : 0;
  }
  return count;
}

}  // namespace tenantry::load
