#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "common/base/result.h"

// JSON text that others wrote. Nothing here throws.
namespace tenantry::api {

// Deeper nesting than this is refused: reading and writing recurse.
inline constexpr int kMaxJsonDepth = 128;

// kInvalid when `text` is not JSON (the message tells the byte) or nests too deeply.
Result<nlohmann::json> ParseJson(std::string_view text);
bool IsDeeperThan(const nlohmann::json& value, int levels);
// Compact text, keys sorted; bytes that are not UTF-8 become U+FFFD.
std::string DumpJson(const nlohmann::json& value);

}  // namespace tenantry::api
