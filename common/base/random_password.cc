#include "common/base/random_password.h"

#include <sys/random.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace tenantry {
namespace {

std::array<std::uint8_t, 64> RandomBytes() {
  std::array<std::uint8_t, 64> bytes{};
  // Up to 256 bytes are never cut short, and a kernel without a generator is not worth running on.
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    std::abort();
  }
  return bytes;
}

}  // namespace

Secret RandomPassword() {
  constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  constexpr std::size_t kLetters = sizeof kAlphabet - 1;
  constexpr std::size_t kUnbiased = 256 - 256 % kLetters;
  constexpr std::size_t kLength = 32;
  std::string password;
  while (password.size() < kLength) {
    for (const std::uint8_t byte : RandomBytes()) {
      if (byte < kUnbiased && password.size() < kLength) {
        password += kAlphabet[byte % kLetters];
      }
    }
  }
  return Secret(std::move(password));
}

}  // namespace tenantry
