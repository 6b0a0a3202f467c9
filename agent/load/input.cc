#include "agent/load/input.h"

namespace tenantry::load {

int Input::PeekMore(std::size_t ahead) {
  buffer_.erase(0, at_);
  before_ += static_cast<std::int64_t>(at_);
  at_ = 0;
  while (!ended_ && buffer_.size() <= ahead) {
    Result<std::string_view> piece = stream_->Next();
    if (!piece) {
      error_ = std::move(piece).error();
      ended_ = true;
    } else if (piece->empty()) {
      ended_ = true;
    } else {
      buffer_ += *piece;
    }
  }
  return ahead < buffer_.size() ? static_cast<unsigned char>(buffer_[ahead]) : kEnd;
}

bool Utf8Check::Feed(unsigned char byte) {
  if (missing_ == 0) {
    return Lead(byte);
  }
  if (byte < low_ || byte > high_) {
    return false;
  }
  low_ = 0x80;
  high_ = 0xBF;
  ++fed_;
  --missing_;
  return true;
}

bool Utf8Check::Lead(unsigned char byte) {
  fed_ = 1;
  low_ = 0x80;
  high_ = 0xBF;
  if (byte < 0x80) {
    return true;
  }
  if (byte < 0xC2 || byte > 0xF4) {
    return false;
  }
  missing_ = byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : 3;
  // No overlong forms, no surrogates, nothing above U+10FFFF.
  low_ = byte == 0xE0 ? 0xA0 : byte == 0xF0 ? 0x90 : 0x80;
  high_ = byte == 0xED ? 0x9F : byte == 0xF4 ? 0x8F : 0xBF;
  return true;
}

}  // namespace tenantry::load
