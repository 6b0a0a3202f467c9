#include "operator/reconcile/random.h"

#include <sys/random.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace tenantry::reconcile {
namespace {

template <std::size_t N>
std::array<std::uint8_t, N> RandomBytes() {
  std::array<std::uint8_t, N> bytes{};
  // Up to 256 bytes are never cut short, and a kernel without a generator is not worth running on.
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    std::abort();
  }
  return bytes;
}

}  // namespace

plan::Credentials RandomCredentials() {
  return {.username = "", .password = RandomPassword(), .cache_password = RandomPassword()};
}

std::string RandomToken() {
  const auto bytes = RandomBytes<4>();
  char digits[9];
  std::snprintf(digits, sizeof digits, "%02x%02x%02x%02x", unsigned{bytes[0]}, unsigned{bytes[1]},
                unsigned{bytes[2]}, unsigned{bytes[3]});
  return digits;
}

double RandomFraction() {
  const auto bytes = RandomBytes<4>();
  std::uint32_t number = 0;
  for (const std::uint8_t byte : bytes) {
    number = number << 8U | byte;
  }
  return static_cast<double>(number) / 4294967296.0;
}

}  // namespace tenantry::reconcile
