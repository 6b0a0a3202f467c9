#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace tenantry::load {

struct TemplatePart {
  bool is_column = false;
  std::string text;  // the column's name, or what stands between columns
};

// "{first} {last}"; {{ and }} stand for braces. kInvalid/InvalidSpec with `path` before it.
Result<std::vector<TemplatePart>> ParseTemplate(std::string_view text, const std::string& path);

// Whether a valid template takes that column, exactly or as PlainName sees it.
bool TakesColumn(std::string_view text, std::string_view column);

}  // namespace tenantry::load
