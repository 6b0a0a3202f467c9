#include "agent/load/read/json_window.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace tenantry::load {

// For `bytes` in all, of which there will be `limit` at most.
void JsonWindow::MakeRoom(std::size_t bytes, std::size_t limit) {
  if (first_ + bytes + kJsonPadding <= buffer_.size()) {
    return;
  }
  const std::size_t kept = size();
  if (bytes + kJsonPadding <= buffer_.size()) {
    std::memmove(buffer_.data(), begin(), kept);
  } else {
    const std::size_t room = std::min(limit, std::max(bytes, 2 * buffer_.size()));
    std::vector<char> larger(room + kJsonPadding);
    std::memcpy(larger.data(), begin(), kept);
    buffer_ = std::move(larger);
  }
  first_ = 0;
  last_ = kept;
}

void JsonWindow::Fill(std::size_t bytes) {
  while (size() < bytes && !ended_) {
    if (piece_.empty()) {
      NextPiece();
      continue;
    }
    const std::size_t taken = std::min(piece_.size(), bytes - size());
    MakeRoom(size() + taken, bytes);
    std::memcpy(buffer_.data() + last_, piece_.data(), taken);
    piece_.remove_prefix(taken);
    last_ += taken;
  }
  std::memset(buffer_.data() + last_, 0, kJsonPadding);
}

void JsonWindow::NextPiece() {
  const Result<std::string_view> next = stream_->Next();
  start_ = {};
  piece_ = {};
  if (next) {
    piece_ = *next;
  } else {
    error_ = next.error();
  }
  ended_ = piece_.empty();
}

void JsonWindow::Drop(const char* until) {
  line_ += CountLineEnds(begin(), until);
  byte_ += until - begin();
  first_ += static_cast<std::size_t>(until - begin());
}

Error JsonError(const JsonWindow& window, const Origin& origin, std::int64_t record, const char* at,
                std::string_view what) {
  const std::int64_t line = window.line() + CountLineEnds(window.begin(), at);
  const Place place{.record = record, .byte = window.byte() + (at - window.begin()), .column = {}};
  return DataError(origin, place, "line " + std::to_string(line) + ": " + std::string(what));
}

}  // namespace tenantry::load
