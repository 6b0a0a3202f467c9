#include "agent/load/read/json_record.h"

#include <algorithm>

#include "agent/load/read/place.h"

namespace tenantry::load {
namespace {

constexpr const char* kValueColumn = "value";

std::string_view Between(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}

FieldKind KindOf(char first) {
  switch (first) {
    case 'n':
      return FieldKind::kNull;
    case 't':
    case 'f':
      return FieldKind::kBoolean;
    default:
      return FieldKind::kNumber;
  }
}

}  // namespace

void JsonRecordParser::BeginBatch(const char* raw) {
  raw_ = raw;
  arena_.Clear();
}

void JsonRecordParser::Forget() { std::fill(row_.begin(), row_.end(), Field()); }

void JsonRecordParser::Reject() {
  columns_.ForgetFrom(known_columns_);
  row_.resize(known_columns_);
  Forget();
}

const char* JsonRecordParser::Parse(const char* at, JsonRecordKind kind) {
  known_columns_ = columns_.size();
  current_ = JsonColumns::kNone;
  const char* end = nullptr;
  switch (kind) {
    case JsonRecordKind::kObject:
      end = *at == '{' ? Object(at) : scan_.Unexpected(at, "an object");
      break;
    case JsonRecordKind::kArray:
      end = *at == '[' ? Array(at) : scan_.Unexpected(at, "an array");
      break;
    case JsonRecordKind::kScalar:
      current_ = columns_.FindOrAdd(current_, kValueColumn, "value\"");
      row_.resize(columns_.size());
      end = Into(at);
      break;
  }
  const bool in_column = end == nullptr && current_ != JsonColumns::kNone;
  column_ = in_column ? columns_.names()[current_] : "";
  return end;
}

const char* JsonRecordParser::Object(const char* at) {
  at = scan_.Blanks(at + 1);
  return *at == '}' ? at + 1 : Members(at);
}

const char* JsonRecordParser::Members(const char* at) {
  for (;;) {
    at = *at == '"' ? Key(at) : scan_.Unexpected(at, "a key");
    if (at == nullptr) {
      return nullptr;
    }
    at = scan_.Blanks(at);
    at = *at == ':' ? Into(scan_.Blanks(at + 1)) : scan_.Unexpected(at, "\":\"");
    if (at == nullptr) {
      return nullptr;
    }
    at = scan_.Blanks(at);
    if (*at == '}') {
      return at + 1;
    }
    if (*at != ',') {
      return scan_.Unexpected(at, "\",\" or \"}\"");
    }
    at = scan_.Blanks(at + 1);
  }
}

// Finds the column of the key at `at`.
const char* JsonRecordParser::Key(const char* at) {
  const std::size_t predicted = columns_.Predict(current_, Between(at + 1, scan_.end()));
  const char* end = nullptr;
  if (predicted != JsonColumns::kNone) {
    current_ = predicted;
    end = at + columns_.KeySize(predicted);
  } else {
    end = scan_.String(at);
    end = end != nullptr ? NewKey(at, end) : nullptr;
  }
  if (end != nullptr && row_[current_].kind != FieldKind::kAbsent) {
    return scan_.Fail(at, "key " + Quoted(columns_.names()[current_]) +
                              " occurs twice in the record. Remove one.");
  }
  return end;
}

const char* JsonRecordParser::NewKey(const char* at, const char* end) {
  const std::string_view source = Between(at + 1, end);
  std::string_view key = source.substr(0, source.size() - 1);
  if (key.size() > kMaxJsonKeyBytes) {
    return scan_.Fail(
        at, "a key is longer than " + std::to_string(kMaxJsonKeyBytes) + " bytes. Shorten it.");
  }
  if (scan_.escaped()) {
    text_.clear();
    AppendDecodedJson(text_, key);
    key = text_;
  }
  const std::size_t column = columns_.FindOrAdd(current_, key, source);
  if (column == JsonColumns::kNone) {
    return scan_.Fail(at, "key " + Quoted(key) + " would be column " +
                              std::to_string(kMaxJsonColumns + 1) + ", and a table holds " +
                              std::to_string(kMaxJsonColumns) + ". Nest some of the keys.");
  }
  current_ = column;
  row_.resize(columns_.size());
  return end;
}

const char* JsonRecordParser::Array(const char* at) {
  at = scan_.Blanks(at + 1);
  if (*at == ']') {
    return at + 1;
  }
  for (std::size_t index = 0;; ++index) {
    at = Element(at, index);
    if (at == nullptr) {
      return nullptr;
    }
    at = scan_.Blanks(at);
    if (*at == ']') {
      return at + 1;
    }
    if (*at != ',') {
      return scan_.Unexpected(at, "\",\" or \"]\"");
    }
    at = scan_.Blanks(at + 1);
  }
}

// Columns of arrays are added in order: the index is the column.
const char* JsonRecordParser::Element(const char* at, std::size_t index) {
  if (index == kMaxJsonColumns) {
    return scan_.Fail(at, "it has more than " + std::to_string(kMaxJsonColumns) +
                              " values, and a table holds no more columns. Split it.");
  }
  if (index == columns_.size()) {
    const std::string name = "column_" + std::to_string(index + 1);
    columns_.FindOrAdd(current_, name, name + '"');
    row_.resize(columns_.size());
  }
  current_ = index;
  return Into(at);
}

// Reads the value at `at` into the current column.
const char* JsonRecordParser::Into(const char* at) {
  scan_.ForgetBlanks();
  const char* const end = scan_.Value(at, 2);
  if (end == nullptr) {
    return nullptr;
  }
  if (*at == '"') {
    row_[current_] = TextOf(at, end);
  } else if (*at == '{' || *at == '[') {
    row_[current_] = NestedOf(at, end);
  } else {
    const FieldKind kind = KindOf(*at);
    const auto size = kind == FieldKind::kNull ? 0 : static_cast<std::uint32_t>(end - at);
    row_[current_] = {
        .data = at, .size = size, .offset = static_cast<std::uint32_t>(at - raw_), .kind = kind};
  }
  return end;
}

Field JsonRecordParser::TextOf(const char* at, const char* end) {
  std::string_view text = Between(at + 1, end - 1);
  if (scan_.escaped()) {
    text_.clear();
    AppendDecodedJson(text_, text);
    text = arena_.Keep(text_);
  }
  return {.data = text.data(),
          .size = static_cast<std::uint32_t>(text.size()),
          .offset = static_cast<std::uint32_t>(at - raw_),
          .kind = FieldKind::kString};
}

Field JsonRecordParser::NestedOf(const char* at, const char* end) {
  std::string_view text = Between(at, end);
  if (scan_.met_blanks()) {
    text_.clear();
    AppendCompactJson(text_, text);
    text = arena_.Keep(text_);
  }
  return {.data = text.data(),
          .size = static_cast<std::uint32_t>(text.size()),
          .offset = static_cast<std::uint32_t>(at - raw_),
          .kind = FieldKind::kNested};
}

}  // namespace tenantry::load
