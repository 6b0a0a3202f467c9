#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tenantry::load {

// Texts that stay where they are until all of them are forgotten.
class TextArena {
 public:
  std::string_view Keep(std::string_view text);
  void Clear();  // keeps one block for the next texts

 private:
  static constexpr std::size_t kBlockBytes = 64 << 10;

  std::vector<std::string> blocks_;
};

}  // namespace tenantry::load
