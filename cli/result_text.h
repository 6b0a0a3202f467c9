#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/output_options.h"

// Results as text. Pure.
namespace tenantry::cli {

using Json = nlohmann::ordered_json;  // results keep the order in which they are written

// Columns with two blanks between them, named by the first row; those of numbers align to the
// right.
std::string FormatTable(const std::vector<std::vector<std::string>>& rows);
// The same without names: everything aligns to the left.
std::string FormatList(const std::vector<std::vector<std::string>>& rows);

// As YAML 1.2: block style, strings quoted unless they are plain words.
std::string FormatYaml(const Json& value);

// JSON or YAML, with a line end.
std::string FormatDocument(const Json& value, OutputFormat format);

}  // namespace tenantry::cli
