// Feeds arbitrary bytes to the reader of HTTP answers: what it makes of them must not depend on the
// pieces in which they arrive.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "common/net/response_parser.h"

namespace {

using tenantry::net::ResponseParser;

struct Read {
  std::string body;
  int status = 0;
  bool is_complete = false;
  bool is_refused = false;

  friend bool operator==(const Read&, const Read&) = default;
};

Read ReadInPieces(std::string_view bytes, std::size_t size) {
  using Progress = ResponseParser::Progress;
  ResponseParser parser(ResponseParser::Body::kPossible);
  Read read;
  while (!bytes.empty() && !parser.is_complete() && !read.is_refused) {
    const auto step = parser.Take(bytes.substr(0, size));
    read.is_refused =
        step.progress == Progress::kMalformed || step.progress == Progress::kHeadTooLong;
    read.body += step.piece;
    bytes.remove_prefix(step.taken);
  }
  read.is_complete = parser.is_complete() && !read.is_refused;
  read.status = read.is_refused ? 0 : parser.status();
  return read;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Read whole = ReadInPieces(bytes, size + 1);
  if (ReadInPieces(bytes, 1) != whole || ReadInPieces(bytes, 7) != whole) {
    std::abort();
  }
  return 0;
}
