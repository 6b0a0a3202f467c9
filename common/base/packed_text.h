#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace tenantry {

// An immutable text that is compressed where that makes it smaller: for what is kept in thousands
// and rarely read. Copies share its bytes. Thread-safe.
class PackedText {
 public:
  PackedText() = default;             // ""
  PackedText(std::string_view text);  // NOLINT(*-explicit-*)
  PackedText(const std::string& text) : PackedText(std::string_view(text)) {}  // NOLINT
  PackedText(const char* text) : PackedText(std::string_view(text)) {}         // NOLINT

  std::string str() const;
  bool empty() const { return bytes_ == nullptr; }
  std::size_t packed_size() const { return bytes_ == nullptr ? 0 : bytes_->size(); }

  friend bool operator==(const PackedText& a, const PackedText& b) {
    return a.size_ == b.size_ && (a.bytes_ == b.bytes_ || *a.bytes_ == *b.bytes_);
  }

 private:
  std::shared_ptr<const std::string> bytes_;  // null: ""
  std::size_t size_ = 0;                      // of the text; that of the bytes: it is not packed
};

}  // namespace tenantry
