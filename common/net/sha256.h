#pragma once

#include <array>
#include <string_view>

namespace tenantry::net {

using Sha256Digest = std::array<unsigned char, 32>;

// For keys of tables that must not hold what they stand for: tokens.
Sha256Digest Sha256(std::string_view bytes);

}  // namespace tenantry::net
