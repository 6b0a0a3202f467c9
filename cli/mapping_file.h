#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "agent/load/map/mapping.h"
#include "common/base/result.h"

namespace tenantry::cli {

// The mapping in a file for --mapping, YAML or JSON; null when `path` is empty. kInvalid with the
// file's name and the field.
Result<std::shared_ptr<const load::Mapping>> ReadMappingFile(const std::string& path);

// Pure. A YAML document as JSON text: scalars as YAML 1.2's core schema has them. kInvalid for what
// is no YAML, or too large or too deep.
Result<std::string> YamlToJson(std::string_view yaml);

}  // namespace tenantry::cli
