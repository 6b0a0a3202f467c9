#include "agent/load/json_scanner.h"

#include <set>
#include <utility>

#include "agent/load/json_text.h"
#include "agent/load/read/place.h"

namespace tenantry::load {
namespace {

bool IsDigit(int byte) { return byte >= '0' && byte <= '9'; }

// Can be copied as it is, as part of a string.
bool IsPlain(unsigned char byte) {
  return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

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

}  // namespace

void JsonScanner::BeginRecord() {
  record_start_ = input_.offset();
  crossed_line_ = false;
  in_record_ = true;
}

Error JsonScanner::FlawAt(std::int64_t byte, std::string what) {
  flaw_byte_ = byte;
  return {.code = ErrorCode::kInvalid, .message = std::move(what)};
}

Error JsonScanner::Flaw(std::string what) {
  if (input_.error()) {
    return *input_.error();
  }
  return FlawAt(input_.offset(), std::move(what));
}

Error JsonScanner::Unexpected(int byte, std::string_view expected) {
  if (byte == Input::kEnd) {
    return Flaw("the data ends where " + std::string(expected) +
                " is expected: it is cut. Complete it.");
  }
  const char text = static_cast<char>(byte);
  return Flaw("found " + Quoted(std::string_view(&text, 1)) + " where " + std::string(expected) +
              " is expected. Correct the JSON.");
}

Result<void> JsonScanner::CheckSize() {
  if (in_record_ && input_.offset() - record_start_ > kMaxRecordBytes) {
    return FlawAt(record_start_, "the record is longer than 16 MiB. Split it.");
  }
  return {};
}

Result<int> JsonScanner::SkipBlanks() {
  int byte = input_.Peek();
  for (; byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n'; byte = input_.Peek()) {
    if (byte == '\n' && in_record_) {
      if (line_rule_ == LineRule::kOneLine) {
        return Flaw("the line ends inside the record. Put one whole object into each line.");
      }
      crossed_line_ = true;
    }
    input_.Skip();
  }
  if (input_.error()) {
    return *input_.error();
  }
  return byte;
}

Result<void> JsonScanner::Expect(char expected) {
  const int byte = TRY(SkipBlanks());
  if (byte != static_cast<unsigned char>(expected)) {
    return Unexpected(byte, Quoted(std::string_view(&expected, 1)));
  }
  input_.Skip();
  return CheckSize();
}

std::string JsonScanner::TakePlainRun() {
  const std::string_view ahead = input_.Buffered();
  std::size_t length = 0;
  while (length < ahead.size() && IsPlain(static_cast<unsigned char>(ahead[length]))) {
    ++length;
  }
  std::string run(ahead.substr(0, length));
  input_.Skip(length);
  return run;
}

Result<std::string> JsonScanner::ReadString() {
  input_.Skip();
  std::string text;
  Utf8Check utf8;
  for (;;) {
    TRY(CheckSize());
    const int byte = input_.Peek();
    if (byte == Input::kEnd) {
      return Flaw("the data ends inside a string: it is cut. Complete it.");
    }
    if (byte >= 0x80 || !utf8.idle()) {
      const std::int64_t start = input_.offset() - (utf8.idle() ? 0 : utf8.fed());
      if (!utf8.Feed(static_cast<unsigned char>(byte))) {
        return FlawAt(start, "the bytes are not valid UTF-8. Save the file as UTF-8.");
      }
      text += static_cast<char>(byte);
      input_.Skip();
    } else if (byte == '"') {
      input_.Skip();
      return text;
    } else if (byte == '\\') {
      text += TRY(ReadEscape());
    } else if (byte == 0) {
      return Flaw("it holds a NUL byte, which PostgreSQL cannot store. Remove it.");
    } else if (byte < 0x20) {
      return Flaw("it holds a control byte. Write it as an escape such as \\n.");
    } else {
      text += TakePlainRun();
    }
  }
}

Result<unsigned> JsonScanner::ReadFourHex() {
  unsigned code = 0;
  for (int i = 0; i < 4; ++i) {
    const int byte = input_.Peek();
    const int low = byte | 0x20;
    if (!IsDigit(byte) && (low < 'a' || low > 'f')) {
      return Unexpected(byte, "a hexadecimal digit");
    }
    code = code * 16 + static_cast<unsigned>(IsDigit(byte) ? byte - '0' : low - 'a' + 10);
    input_.Skip();
  }
  return code;
}

Result<std::string> JsonScanner::ReadEscape() {
  const std::int64_t start = input_.offset();
  input_.Skip();
  const int byte = input_.Peek();
  constexpr std::string_view kLetters = "\"\\/bfnrt";
  constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
  if (const std::size_t at = kLetters.find(static_cast<char>(byte));
      byte != Input::kEnd && at != std::string_view::npos) {
    input_.Skip();
    return std::string(1, kMeanings[at]);
  }
  if (byte != 'u') {
    return Unexpected(byte, "an escape such as \\n");
  }
  input_.Skip();
  unsigned code = TRY(ReadFourHex());
  if (code == 0) {
    return FlawAt(start, "it holds \\u0000 (NUL), which PostgreSQL cannot store. Remove it.");
  }
  if (code >= 0xD800 && code <= 0xDFFF) {
    const bool pair = code < 0xDC00 && input_.Peek() == '\\' && input_.Peek(1) == 'u';
    if (pair) {
      input_.Skip(2);
    }
    const unsigned second = pair ? TRY(ReadFourHex()) : 0;
    if (second < 0xDC00 || second > 0xDFFF) {
      return FlawAt(start, "it holds half of a \\u surrogate pair. Write both halves.");
    }
    code = 0x10000 + ((code - 0xD800) << 10) + (second - 0xDC00);
  }
  std::string text;
  AppendUtf8(text, code);
  return text;
}

Result<std::string> JsonScanner::ReadDigits() {
  if (!IsDigit(input_.Peek())) {
    return Unexpected(input_.Peek(), "a digit");
  }
  std::string digits;
  while (IsDigit(input_.Peek())) {
    const std::string_view ahead = input_.Buffered();
    std::size_t length = 0;
    while (length < ahead.size() && IsDigit(ahead[length])) {
      ++length;
    }
    digits += ahead.substr(0, length);
    input_.Skip(length);
    TRY(CheckSize());
  }
  return digits;
}

Result<std::string> JsonScanner::ReadNumber() {
  std::string text;
  const auto take = [&] {
    text += static_cast<char>(input_.Peek());
    input_.Skip();
  };
  if (input_.Peek() == '-') {
    take();
  }
  if (input_.Peek() == '0') {
    take();
  } else {
    text += TRY(ReadDigits());
  }
  if (input_.Peek() == '.') {
    take();
    text += TRY(ReadDigits());
  }
  if (input_.Peek() == 'e' || input_.Peek() == 'E') {
    take();
    if (input_.Peek() == '+' || input_.Peek() == '-') {
      take();
    }
    text += TRY(ReadDigits());
  }
  if (IsDigit(input_.Peek())) {
    return Flaw("a number begins with 0. Write it without, or as a string.");
  }
  return text;
}

// A number, true, false or null.
Result<std::string> JsonScanner::ReadScalar() {
  const int first = input_.Peek();
  if (first == '-' || IsDigit(first)) {
    return ReadNumber();
  }
  for (const std::string_view word : {"true", "false", "null"}) {
    if (first != static_cast<unsigned char>(word[0])) {
      continue;
    }
    for (std::size_t i = 0; i < word.size(); ++i) {
      if (input_.Peek() != static_cast<unsigned char>(word[i])) {
        return Unexpected(input_.Peek(), Quoted(word));
      }
      input_.Skip();
    }
    return std::string(word);
  }
  return Unexpected(first, "a value");
}

Result<Value> JsonScanner::ReadValue() {
  const int first = TRY(SkipBlanks());
  Value value;
  value.byte = input_.offset();
  if (first == '"') {
    value.kind = Value::Kind::kString;
    value.text = TRY(ReadString());
  } else if (first == '{' || first == '[') {
    nested_.clear();
    TRY(AppendNested(2));
    value.kind = Value::Kind::kNested;
    value.text = nested_;
  } else {
    value.text = TRY(ReadScalar());
    const char lead = value.text[0];
    value.kind = lead == 'n'                  ? Value::Kind::kNull
                 : lead == 't' || lead == 'f' ? Value::Kind::kBoolean
                                              : Value::Kind::kNumber;
    if (value.kind == Value::Kind::kNull) {
      value.text.clear();
    }
  }
  TRY(CheckSize());
  return value;
}

Result<void> JsonScanner::AppendNested(int depth) {
  if (depth > kMaxDepth) {
    return Flaw("it is nested deeper than " + std::to_string(kMaxDepth) + " levels. Flatten it.");
  }
  const int first = TRY(SkipBlanks());
  if (first == '{') {
    return AppendObject(depth);
  }
  if (first == '[') {
    return AppendArray(depth);
  }
  if (first == '"') {
    AppendJsonString(nested_, TRY(ReadString()));
  } else {
    nested_ += TRY(ReadScalar());
  }
  return CheckSize();
}

Result<void> JsonScanner::AppendObject(int depth) {
  input_.Skip();
  nested_ += '{';
  std::set<std::string> keys;
  for (int next = TRY(SkipBlanks()); next != '}'; next = TRY(SkipBlanks())) {
    if (!keys.empty()) {
      TRY(Expect(','));
      nested_ += ',';
      next = TRY(SkipBlanks());
    }
    if (next != '"') {
      return Unexpected(next, keys.empty() ? "a key or \"}\"" : "a key");
    }
    const std::int64_t start = input_.offset();
    std::string key = TRY(ReadString());
    AppendJsonString(nested_, key);
    const auto [known, is_new] = keys.insert(std::move(key));
    if (!is_new) {
      return FlawAt(start, "key " + Quoted(*known) + " occurs twice in one object. Remove one.");
    }
    TRY(Expect(':'));
    nested_ += ':';
    TRY(AppendNested(depth + 1));
  }
  input_.Skip();
  nested_ += '}';
  return {};
}

Result<void> JsonScanner::AppendArray(int depth) {
  input_.Skip();
  nested_ += '[';
  bool first = true;
  for (int next = TRY(SkipBlanks()); next != ']'; next = TRY(SkipBlanks())) {
    if (!first) {
      TRY(Expect(','));
      nested_ += ',';
    }
    TRY(AppendNested(depth + 1));
    first = false;
  }
  input_.Skip();
  nested_ += ']';
  return {};
}

}  // namespace tenantry::load
