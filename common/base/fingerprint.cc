#include "common/base/fingerprint.h"

#include <cstdint>
#include <cstdio>

namespace tenantry {
namespace {

std::uint64_t Fnv1a(std::string_view text, std::uint64_t offset) {
  constexpr std::uint64_t kPrime = 0x100000001b3;
  std::uint64_t hash = offset;
  for (const char c : text) {
    hash = (hash ^ static_cast<std::uint8_t>(c)) * kPrime;
  }
  return hash;
}

}  // namespace

std::string Fingerprint(std::string_view text) {
  constexpr std::uint64_t kOffset = 0xcbf29ce484222325;
  const std::uint64_t first = Fnv1a(text, kOffset);
  const std::uint64_t second = Fnv1a(text, first ^ 0x9e3779b97f4a7c15);
  char digits[33];
  std::snprintf(digits, sizeof digits, "%016llx%016llx", static_cast<unsigned long long>(first),
                static_cast<unsigned long long>(second));
  return digits;
}

}  // namespace tenantry
