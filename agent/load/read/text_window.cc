#include "agent/load/read/text_window.h"

#include <algorithm>
#include <cstring>

namespace tenantry::load {

void TextWindow::MakeRoom(std::size_t bytes) {
  if (first_ + bytes + kPadding <= buffer_.size()) {
    return;
  }
  const std::size_t kept = size();
  if (bytes + kPadding <= buffer_.size()) {
    std::memmove(buffer_.data(), begin(), kept);
  } else {
    std::vector<char> larger(bytes + kSlack + kPadding);
    std::memcpy(larger.data(), begin(), kept);
    buffer_ = std::move(larger);
  }
  first_ = 0;
  last_ = kept;
}

void TextWindow::NextPiece() {
  Result<std::string_view> next = stream_->Next();
  start_ = {};
  if (next) {
    piece_ = *next;
  } else {
    piece_ = {};
    error_ = std::move(next).error();
  }
  ended_ = piece_.empty();
}

void TextWindow::Fill(std::size_t bytes) {
  if (size() >= bytes) {
    return;
  }
  MakeRoom(bytes);
  while (size() < bytes && !ended()) {
    if (piece_.empty()) {
      NextPiece();
      continue;
    }
    // As much as there is room for: the next calls find it here.
    const std::size_t room = buffer_.size() - kPadding - last_;
    const std::size_t taken = std::min(piece_.size(), room);
    std::memcpy(buffer_.data() + last_, piece_.data(), taken);
    piece_.remove_prefix(taken);
    last_ += taken;
  }
  std::memset(buffer_.data() + last_, 0, kPadding);
}

void TextWindow::Drop(const char* until) {
  byte_ += until - begin();
  first_ += static_cast<std::size_t>(until - begin());
}

}  // namespace tenantry::load
