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
#include "agent/load/read/json_scan.h"
#include "agent/load/read/place.h"
#include "common/base/error.h"

namespace tenantry::load {

// The part of a text that is being looked at, in one piece and followed by kJsonPadding zeros. What
// it holds depends on what was asked of it only, not on how the bytes arrive.
class JsonWindow {
 public:
  // `start`: bytes of the text before the stream's next one.
  JsonWindow(std::unique_ptr<ByteStream> stream, std::string start)
      : stream_(std::move(stream)), start_(std::move(start)), piece_(start_) {}
  JsonWindow(const JsonWindow&) = delete;
  JsonWindow& operator=(const JsonWindow&) = delete;

  const char* begin() const { return buffer_.data() + first_; }
  const char* end() const { return buffer_.data() + last_; }
  std::size_t size() const { return last_ - first_; }
  std::int64_t byte() const { return byte_; }  // where begin() is in the text
  std::int64_t line() const { return line_; }  // from 1

  // Reads until `bytes` are there or nothing more comes. Moves the bytes in memory.
  void Fill(std::size_t bytes);
  void Drop(const char* until);  // what is before it is not needed any more

  // Nothing more comes: the text ends at end(), or its stream has failed there.
  bool ended() const { return ended_; }
  const std::optional<Error>& error() const { return error_; }

 private:
  void MakeRoom(std::size_t bytes, std::size_t limit);
  void NextPiece();

  std::unique_ptr<ByteStream> stream_;
  std::string start_;
  std::string_view piece_;  // not in the buffer yet
  std::vector<char> buffer_ = std::vector<char>(kJsonPadding);
  std::size_t first_ = 0;
  std::size_t last_ = 0;
  std::int64_t byte_ = 0;
  std::int64_t line_ = 1;
  bool ended_ = false;
  std::optional<Error> error_;
};

// What is wrong at a place of the window, with its line. `record`: the one being read; 0: none.
Error JsonError(const JsonWindow& window, const Origin& origin, std::int64_t record, const char* at,
                std::string_view what);

}  // namespace tenantry::load
