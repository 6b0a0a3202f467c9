#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tenantry {

// Base64 with padding, standard alphabet. Source: RFC 4648, §4.
std::string EncodeBase64(std::string_view bytes);
// None for anything else than whole, padded groups of the standard alphabet.
std::optional<std::string> DecodeBase64(std::string_view text);

}  // namespace tenantry
