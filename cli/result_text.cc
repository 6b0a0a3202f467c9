#include "cli/result_text.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "cli/text_table.h"

namespace tenantry::cli {
namespace {

bool IsNumber(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return std::isdigit(static_cast<unsigned char>(c)) != 0 || c == ',' || c == '.';
  });
}

using Rows = std::vector<std::vector<std::string>>;

bool HoldsNumbersBelowItsName(const Rows& rows, std::size_t column) {
  return rows.size() > 1 &&
         std::all_of(rows.begin() + 1, rows.end(), [&](const std::vector<std::string>& row) {
           return column >= row.size() || IsNumber(row[column]);
         });
}

std::vector<std::size_t> Widths(const Rows& rows) {
  std::vector<std::size_t> widths;
  for (const std::vector<std::string>& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], DisplayWidth(row[i]));
    }
  }
  return widths;
}

// `to_the_right`: of each column.
std::string Aligned(const Rows& rows, const std::vector<std::size_t>& widths,
                    const std::vector<bool>& to_the_right) {
  std::string text;
  for (const std::vector<std::string>& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string blanks(widths[i] - DisplayWidth(row[i]), ' ');
      line += (i == 0 ? "" : "  ") + (to_the_right[i] ? blanks + row[i] : row[i] + blanks);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string DumpText(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// Words that no YAML reader takes for anything but text.
bool IsPlainWord(const std::string& text) {
  constexpr std::array kOthers = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"};
  std::string lower;
  for (const char c : text) {
    const bool fits = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' ||
                      c == '.' || c == '/';
    if (!fits) {
      return false;
    }
    lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  const bool begins = !lower.empty() &&
                      (std::isalpha(static_cast<unsigned char>(lower[0])) != 0 || lower[0] == '/');
  return begins && std::find(kOthers.begin(), kOthers.end(), lower) == kOthers.end();
}

std::string Scalar(const Json& value) {
  const bool plain = value.is_string() && IsPlainWord(value.get_ref<const std::string&>());
  return plain ? value.get<std::string>() : DumpText(value);
}

bool IsScalar(const Json& value) { return !value.is_structured() || value.empty(); }

// Lines of a mapping or list, each with `indent` before it.
std::string Block(const Json& value, const std::string& indent) {
  std::string text;
  if (value.is_array()) {
    for (const Json& item : value) {
      if (IsScalar(item)) {
        text += indent + "- " + Scalar(item) + "\n";
        continue;
      }
      // The first line goes beside the dash.
      text += indent + "- " + Block(item, indent + "  ").substr(indent.size() + 2);
    }
    return text;
  }
  for (const auto& [key, item] : value.items()) {
    text += indent + Scalar(Json(key)) + ":";
    text += IsScalar(item) ? " " + Scalar(item) + "\n" : "\n" + Block(item, indent + "  ");
  }
  return text;
}

}  // namespace

std::string FormatTable(const Rows& rows) {
  const std::vector<std::size_t> widths = Widths(rows);
  std::vector<bool> to_the_right;
  for (std::size_t i = 0; i < widths.size(); ++i) {
    to_the_right.push_back(i > 0 && HoldsNumbersBelowItsName(rows, i));
  }
  return Aligned(rows, widths, to_the_right);
}

std::string FormatList(const Rows& rows) {
  const std::vector<std::size_t> widths = Widths(rows);
  return Aligned(rows, widths, std::vector<bool>(widths.size(), false));
}

std::string FormatYaml(const Json& value) {
  return IsScalar(value) ? Scalar(value) + "\n" : Block(value, "");
}

std::string FormatDocument(const Json& value, OutputFormat format) {
  return format == OutputFormat::kYaml
             ? FormatYaml(value)
             : value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace tenantry::cli
