#include "agent/load/read/text_arena.h"

#include <algorithm>

namespace tenantry::load {

std::string_view TextArena::Keep(std::string_view text) {
  if (blocks_.empty() || blocks_.back().capacity() - blocks_.back().size() < text.size()) {
    blocks_.emplace_back().reserve(std::max(kBlockBytes, text.size()));
  }
  std::string& block = blocks_.back();
  block += text;  // within its capacity: what is there does not move
  return std::string_view(block).substr(block.size() - text.size());
}

void TextArena::Clear() {
  if (blocks_.empty()) {
    return;
  }
  blocks_.resize(1);
  blocks_.front().clear();
}

}  // namespace tenantry::load
