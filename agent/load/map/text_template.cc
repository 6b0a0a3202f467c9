#include "agent/load/map/text_template.h"

#include <algorithm>
#include <utility>

#include "agent/load/map/step.h"
#include "agent/load/read/plain_name.h"

namespace tenantry::load {
namespace {

void AppendText(std::string_view text, std::vector<TemplatePart>& parts) {
  if (parts.empty() || parts.back().is_column) {
    parts.emplace_back();
  }
  parts.back().text += text;
}

}  // namespace

Result<std::vector<TemplatePart>> ParseTemplate(std::string_view text, const std::string& path) {
  std::vector<TemplatePart> parts;
  bool has_column = false;
  while (!text.empty()) {
    const std::size_t brace = std::min(text.find_first_of("{}"), text.size());
    if (brace > 0) {
      AppendText(text.substr(0, brace), parts);
      text.remove_prefix(brace);
      continue;
    }
    if (text.substr(0, 2) == "{{" || text.substr(0, 2) == "}}") {
      AppendText(text.substr(0, 1), parts);
      text.remove_prefix(2);
      continue;
    }
    const std::size_t end = text.find('}');
    if (text.front() == '}' || end == std::string_view::npos || end == 1) {
      return MappingError(path + ".template",
                          text.front() == '}'
                              ? "has a } without {. Write }} for a brace"
                              : "has a { without a column's name and }. Write {{ for a brace");
    }
    parts.push_back({.is_column = true, .text = std::string(text.substr(1, end - 1))});
    has_column = true;
    text.remove_prefix(end + 1);
  }
  if (!has_column) {
    return MappingError(path + ".template", "names no column, like {id}. Use constant");
  }
  return parts;
}

bool TakesColumn(std::string_view text, std::string_view column) {
  const Result<std::vector<TemplatePart>> parts = ParseTemplate(text, "");
  return parts && std::any_of(parts->begin(), parts->end(), [&](const TemplatePart& part) {
           return part.is_column &&
                  (part.text == column || PlainName(part.text) == PlainName(column));
         });
}

}  // namespace tenantry::load
