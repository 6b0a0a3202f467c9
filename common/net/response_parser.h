#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/net/http_client.h"

namespace tenantry::net {

// Reads one HTTP/1.1 answer from the bytes of a connection as they arrive. Pure.
class ResponseParser {
 public:
  // Whether the request was a HEAD, whose answer never has a body.
  enum class Body { kPossible, kNone };
  explicit ResponseParser(Body body) : body_(body) {}

  enum class Progress { kHead, kBody, kMalformed, kHeadTooLong };
  struct Step {
    Progress progress;
    std::size_t taken;       // of the bytes
    std::string_view piece;  // of the body, within the bytes
  };
  // Takes as much of `bytes` as belongs together: to be called until all are taken or the answer is
  // complete. kBody: the head is known, and `piece` is of the body, perhaps empty. The instance is
  // of no use after the other two.
  Step Take(std::string_view bytes);
  bool is_complete() const { return state_ == State::kDone; }
  // Whether the answer ends where the connection does.
  bool ends_with_connection() const { return state_ == State::kUntilClose; }

  int status() const { return status_; }
  const Headers& headers() const { return headers_; }  // names in lower case
  bool KeepsConnection() const;                        // once it is complete

 private:
  enum class State {
    kStatusLine,
    kHeader,
    kSized,
    kUntilClose,
    kChunkSize,
    kChunk,
    kChunkEnd,
    kTrailer,
    kDone
  };

  Step TakeLine(std::string_view bytes);
  Step TakeBody(std::string_view bytes);
  bool ReadLine(std::string_view line);
  bool ReadStatusLine(std::string_view line);
  bool ReadHeader(std::string_view line);
  bool ReadChunkSize(std::string_view line);
  bool EndHead();
  std::optional<std::string_view> Find(std::string_view name) const;

  Body body_;
  State state_ = State::kStatusLine;
  std::string line_;  // its beginning, from earlier bytes
  std::size_t head_bytes_ = 0;
  int status_ = 0;
  int minor_version_ = 1;
  Headers headers_;
  std::uint64_t left_ = 0;  // of the body or the chunk
};

}  // namespace tenantry::net
