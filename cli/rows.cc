#include "cli/rows.h"

#include <algorithm>
#include <string_view>

#include "agent/load/json_text.h"
#include "agent/load/read/characters.h"
#include "agent/load/read/json_scan.h"
#include "agent/load/read/values.h"

namespace tenantry::cli {
namespace {

using load::Field;
using load::FieldKind;
using load::ValueType;

bool NeedsQuotes(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return c == ',' || c == '"' || c == '\r' || c == '\n'; });
}

void AppendCsvText(std::string_view text, std::string& out) {
  if (!text.empty() && !NeedsQuotes(text)) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    out.append(c == '"' ? 2 : 1, c);
  }
  out += '"';
}

// JSON wants digits on both sides of a point. `text` is a number of an inferred column.
void AppendJsonNumber(std::string_view text, std::string& out) {
  const std::size_t first = text.starts_with('-') ? 1 : 0;
  if (text.find_first_of("0123456789") == std::string_view::npos) {
    load::AppendJsonString(out, text);  // NaN, Infinity
    return;
  }
  const std::size_t point = text.find('.');
  if (point == std::string_view::npos) {
    out += text;
    return;
  }
  const bool ends_there = point + 1 == text.size() || !load::IsDigit(text[point + 1]);
  out += text.substr(0, point);
  out += point == first ? "0" : "";
  out += text.substr(point + (ends_there ? 1 : 0));
}

void AppendUntyped(std::string_view text, ValueType type, std::string& out) {
  if (type != ValueType::kText && text.empty()) {
    out += "null";
    return;
  }
  switch (type) {
    case ValueType::kBoolean:
      out += load::ParseBoolean(text).value_or(false) ? "true" : "false";
      return;
    case ValueType::kInteger:
    case ValueType::kBigint:
    case ValueType::kNumeric:
      AppendJsonNumber(load::WithoutBlanks(text), out);
      return;
    case ValueType::kJsonb:
      load::AppendCompactJson(out, text);
      return;
    default:
      load::AppendJsonString(out, text);
  }
}

void AppendJsonValue(const Field& field, ValueType type, std::string& out) {
  switch (field.kind) {
    case FieldKind::kAbsent:
    case FieldKind::kNull:
      out += "null";
      return;
    case FieldKind::kUntyped:
      AppendUntyped(field.text(), type, out);
      return;
    case FieldKind::kString:
      load::AppendJsonString(out, field.text());
      return;
    default:
      out += field.text();
  }
}

}  // namespace

void AppendCsvHeader(const std::vector<std::string>& names, std::string& out) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    out += i > 0 ? "," : "";
    AppendCsvText(names[i], out);
  }
  out += "\r\n";
}

void AppendCsvRow(const Field* row, std::size_t width, std::size_t columns, std::string& out) {
  for (std::size_t i = 0; i < columns; ++i) {
    if (i > 0) {
      out += ',';
    }
    const bool null = i >= width || row[i].kind <= FieldKind::kNull;
    if (!null || columns == 1) {
      AppendCsvText(null ? std::string_view() : row[i].text(), out);
    }
  }
  out += "\r\n";
}

JsonRows::JsonRows(const std::vector<load::ColumnProfile>& columns) {
  for (const load::ColumnProfile& profile : columns) {
    Column& column = columns_.emplace_back();
    load::AppendJsonString(column.key, profile.name);
    column.key += ':';
    column.type = profile.type;
  }
}

void JsonRows::Append(const Field* row, std::size_t width, std::string& out) const {
  out += '{';
  bool first = true;
  for (std::size_t i = 0; i < std::min(width, columns_.size()); ++i) {
    if (row[i].kind == FieldKind::kAbsent) {
      continue;
    }
    if (!first) {
      out += ',';
    }
    first = false;
    out += columns_[i].key;
    AppendJsonValue(row[i], columns_[i].type, out);
  }
  out += "}\n";
}

}  // namespace tenantry::cli
