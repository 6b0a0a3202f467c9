#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/load/read/byte_stream.h"
#include "common/base/error.h"

namespace tenantry::load {

// The part of a text that is being looked at, in one piece and followed by kPadding zero bytes, so
// that it can be scanned in blocks.
class TextWindow {
 public:
  static constexpr std::size_t kPadding = 64;

  // `start`: bytes of the text before the stream's next one.
  TextWindow(std::unique_ptr<ByteStream> stream, std::string start)
      : stream_(std::move(stream)), start_(std::move(start)), piece_(start_) {}
  TextWindow(const TextWindow&) = delete;
  TextWindow& operator=(const TextWindow&) = delete;

  const char* begin() const { return buffer_.data() + first_; }
  const char* end() const { return buffer_.data() + last_; }
  std::size_t size() const { return last_ - first_; }
  std::int64_t byte() const { return byte_; }  // where begin() is in the text

  // Reads until `bytes` are there or nothing more comes. May move the bytes in memory.
  void Fill(std::size_t bytes);
  void Drop(const char* until);  // what is before it is not needed any more

  // end() is the text's end, or where its stream has failed.
  bool ended() const { return ended_ && piece_.empty(); }
  const std::optional<Error>& error() const { return error_; }

 private:
  static constexpr std::size_t kSlack = 512 << 10;  // so that moving is rare

  void MakeRoom(std::size_t bytes);
  void NextPiece();

  std::unique_ptr<ByteStream> stream_;
  std::string start_;
  std::string_view piece_;  // not in the buffer yet
  std::vector<char> buffer_ = std::vector<char>(kPadding);
  std::size_t first_ = 0;
  std::size_t last_ = 0;
  std::int64_t byte_ = 0;
  bool ended_ = false;
  std::optional<Error> error_;
};

}  // namespace tenantry::load
