#pragma once

#include <string>
#include <string_view>

namespace tenantry {

// 128 bits of FNV-1a over `text` as 32 hex digits: tells whether two texts of our own making
// differ. Not cryptographic: never feed it a secret, never use it where somebody gains by a
// collision. Source: http://www.isthe.com/chongo/tech/comp/fnv/ (64-bit, run with two offsets).
std::string Fingerprint(std::string_view text);

}  // namespace tenantry
