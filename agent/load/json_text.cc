#include "agent/load/json_text.h"

#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

namespace tenantry::load {
namespace {

// Where the JSON value at `start` ends, for JSON that our reader has written.
std::size_t EndOfValue(std::string_view json, std::size_t start) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t at = start; at < json.size(); ++at) {
    const char byte = json[at];
    if (in_string) {
      at += byte == '\\' ? 1U : 0U;
      in_string = byte != '"';
    } else if (byte == '"') {
      in_string = true;
    } else if (byte == '{' || byte == '[') {
      ++depth;
    } else if (depth == 0 && (byte == ',' || byte == ']' || byte == '}')) {
      return at;
    } else if (byte == '}' || byte == ']') {
      --depth;
    }
  }
  return json.size();
}

// The text of a JSON string that our reader has written.
std::string DecodeString(std::string_view json) {
  const auto text = nlohmann::json::parse(json, nullptr, false);
  return text.is_string() ? text.get<std::string>() : std::string(json);
}

void AppendQuotedElement(std::string& literal, std::string_view text) {
  literal += '"';
  for (const char byte : text) {
    if (byte == '"' || byte == '\\') {
      literal += '\\';
    }
    literal += byte;
  }
  literal += '"';
}

void AppendElement(std::string& literal, std::string_view json, ArrayElements elements) {
  if (json == "null") {
    literal += "NULL";
  } else if (elements == ArrayElements::kJson || json[0] == '{') {
    AppendQuotedElement(literal, json);
  } else if (json[0] == '[') {
    literal += ToArrayLiteral(json, elements);
  } else if (json[0] == '"') {
    AppendQuotedElement(literal, DecodeString(json));
  } else {
    literal += json;
  }
}

}  // namespace

void AppendJsonString(std::string& json, std::string_view text) {
  json += '"';
  for (const char byte : text) {
    switch (byte) {
      case '"':
        json += "\\\"";
        break;
      case '\\':
        json += "\\\\";
        break;
      case '\n':
        json += "\\n";
        break;
      case '\r':
        json += "\\r";
        break;
      case '\t':
        json += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(byte) < 0x20) {
          std::array<char, 8> escape{};
          std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(byte));
          json += escape.data();
        } else {
          json += byte;
        }
    }
  }
  json += '"';
}

std::string ToJson(const Value& value) {
  switch (value.kind) {
    case Value::Kind::kNull:
      return "null";
    case Value::Kind::kNumber:
    case Value::Kind::kBoolean:
    case Value::Kind::kNested:
      return value.text;
    case Value::Kind::kUntyped:
    case Value::Kind::kString:
      break;
  }
  std::string json;
  AppendJsonString(json, value.text);
  return json;
}

std::string ToJson(const Record& record, const std::vector<std::string>& columns) {
  std::string json = "{";
  for (const Cell& cell : record.cells) {
    json += json.size() > 1 ? "," : "";
    AppendJsonString(json, columns[cell.column]);
    json += ':';
    json += ToJson(cell.value);
  }
  return json + "}";
}

std::string ToArrayLiteral(std::string_view json_array, ArrayElements elements) {
  std::string literal = "{";
  for (std::size_t at = 1; at + 1 < json_array.size();) {
    const std::size_t end = EndOfValue(json_array, at);
    literal += literal.size() > 1 ? "," : "";
    AppendElement(literal, json_array.substr(at, end - at), elements);
    at = end + 1;
  }
  return literal + "}";
}

}  // namespace tenantry::load
