#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "agent/load/read/byte_stream.h"

namespace tenantry::load {

// Reads a stream byte by byte, with a look ahead; how the stream is cut into pieces cannot be seen.
class Input {
 public:
  static constexpr int kEnd = -1;

  explicit Input(std::unique_ptr<ByteStream> stream) : stream_(std::move(stream)) {}

  // The byte `ahead` of the current one (0..255), or kEnd after the last or when reading failed:
  // whoever meets kEnd looks at error() first.
  int Peek(std::size_t ahead = 0) {
    return at_ + ahead < buffer_.size() ? static_cast<unsigned char>(buffer_[at_ + ahead])
                                        : PeekMore(ahead);
  }
  void Skip(std::size_t count = 1) { at_ += count; }  // of bytes that Peek has shown
  // What can be read without I/O.
  std::string_view Buffered() const { return std::string_view(buffer_).substr(at_); }

  std::int64_t offset() const { return before_ + static_cast<std::int64_t>(at_); }
  const std::optional<Error>& error() const { return error_; }

 private:
  int PeekMore(std::size_t ahead);

  std::unique_ptr<ByteStream> stream_;
  std::string buffer_;
  std::size_t at_ = 0;
  std::int64_t before_ = 0;  // bytes of the stream that have left the buffer
  bool ended_ = false;
  std::optional<Error> error_;
};

// Checks UTF-8 while it passes by. Source: RFC 3629, section 4.
class Utf8Check {
 public:
  // False: `byte` cannot stand here.
  bool Feed(unsigned char byte);
  // No sequence is open.
  bool idle() const { return missing_ == 0; }
  // Bytes of the open sequence that have been fed.
  int fed() const { return fed_; }

 private:
  bool Lead(unsigned char byte);

  int missing_ = 0;
  int fed_ = 0;
  unsigned char low_ = 0x80;  // bounds of the next byte
  unsigned char high_ = 0xBF;
};

}  // namespace tenantry::load
