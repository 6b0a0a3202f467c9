#include "common/api/json_text.h"

#include <algorithm>

namespace tenantry::api {
namespace {

// Whether brackets outside of strings nest too deeply. Needs no valid JSON, so it can run first.
bool NestsTooDeeply(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      i += c == '\\' ? 1U : 0U;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxJsonDepth) {
        return true;
      }
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

}  // namespace

Result<nlohmann::json> ParseJson(std::string_view text) {
  if (NestsTooDeeply(text)) {
    return Error{.code = ErrorCode::kInvalid,
                 .message = "nests deeper than " + std::to_string(kMaxJsonDepth) + " levels"};
  }
  try {
    return nlohmann::json::parse(text);
  } catch (const nlohmann::json::parse_error& error) {
    return Error{.code = ErrorCode::kInvalid,
                 .message = "is not valid JSON at byte " + std::to_string(error.byte)};
  } catch (const nlohmann::json::exception&) {
    return Error{.code = ErrorCode::kInvalid,
                 .message = "is not valid JSON: a number is too large"};
  }
}

bool IsDeeperThan(const nlohmann::json& value, int levels) {
  if (!value.is_structured()) {
    return false;
  }
  return levels == 0 || std::any_of(value.begin(), value.end(), [&](const nlohmann::json& item) {
           return IsDeeperThan(item, levels - 1);
         });
}

std::string DumpJson(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace tenantry::api
