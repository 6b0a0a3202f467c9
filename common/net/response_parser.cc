#include "common/net/response_parser.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <utility>

namespace tenantry::net {
namespace {

constexpr std::size_t kMaxLineBytes = 16 << 10;
constexpr std::size_t kMaxHeadBytes = 64 << 10;

std::string LowerCase(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

std::string_view Trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  return begin == std::string_view::npos
             ? std::string_view()
             : text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::optional<std::uint64_t> ParseNumber(std::string_view text, int base) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number, base);
  return parsed.ec == std::errc() && parsed.ptr == end ? std::optional(number) : std::nullopt;
}

}  // namespace

ResponseParser::Step ResponseParser::Take(std::string_view bytes) {
  switch (state_) {
    case State::kSized:
    case State::kUntilClose:
    case State::kChunk:
      return TakeBody(bytes);
    default:
      return TakeLine(bytes);
  }
}

ResponseParser::Step ResponseParser::TakeBody(std::string_view bytes) {
  if (state_ == State::kUntilClose) {
    return {Progress::kBody, bytes.size(), bytes};
  }
  const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
  left_ -= taken;
  if (left_ == 0) {
    state_ = state_ == State::kSized ? State::kDone : State::kChunkEnd;
  }
  return {Progress::kBody, taken, bytes.substr(0, taken)};
}

ResponseParser::Step ResponseParser::TakeLine(std::string_view bytes) {
  const std::size_t end = bytes.find('\n');
  const std::size_t taken = end == std::string_view::npos ? bytes.size() : end + 1;
  head_bytes_ += state_ == State::kChunkSize || state_ == State::kChunkEnd ? 0 : taken;
  if (line_.size() + taken > kMaxLineBytes || head_bytes_ > kMaxHeadBytes) {
    return {Progress::kHeadTooLong, taken, {}};
  }
  const bool is_in_head = state_ == State::kStatusLine || state_ == State::kHeader;
  const Progress going_on = is_in_head ? Progress::kHead : Progress::kBody;
  line_ += bytes.substr(0, taken);
  if (end == std::string_view::npos) {
    return {going_on, taken, {}};
  }
  std::string_view line = line_;
  line.remove_suffix(line.ends_with("\r\n") ? 2 : 1);
  const bool is_good = ReadLine(line);
  line_.clear();
  if (!is_good) {
    return {Progress::kMalformed, taken, {}};
  }
  const bool has_head = state_ != State::kStatusLine && state_ != State::kHeader;
  return {has_head ? Progress::kBody : Progress::kHead, taken, {}};
}

bool ResponseParser::ReadLine(std::string_view line) {
  switch (state_) {
    case State::kStatusLine:
      return ReadStatusLine(line);
    case State::kHeader:
      return line.empty() ? EndHead() : ReadHeader(line);
    case State::kChunkSize:
      return ReadChunkSize(line);
    case State::kChunkEnd:
      state_ = State::kChunkSize;
      return line.empty();
    case State::kTrailer:
      state_ = line.empty() ? State::kDone : State::kTrailer;
      return true;
    default:
      return false;
  }
}

// "HTTP/1.1 200 OK"
bool ResponseParser::ReadStatusLine(std::string_view line) {
  constexpr std::size_t kCode = 9;
  const bool is_http = line.starts_with("HTTP/1.0 ") || line.starts_with("HTTP/1.1 ");
  const auto code = is_http ? ParseNumber(line.substr(kCode, 3), 10) : std::nullopt;
  if (!code || *code < 100 || (line.size() > kCode + 3 && line[kCode + 3] != ' ')) {
    return false;
  }
  minor_version_ = line[7] - '0';
  status_ = static_cast<int>(*code);
  state_ = State::kHeader;
  return true;
}

bool ResponseParser::ReadHeader(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0 ||
      line.substr(0, colon).find_first_of(" \t") != std::string_view::npos) {
    return false;
  }
  headers_.emplace_back(LowerCase(line.substr(0, colon)), Trim(line.substr(colon + 1)));
  return true;
}

// How long the body is. Source: RFC 9112, section 6.3.
bool ResponseParser::EndHead() {
  constexpr int kSwitchingProtocols = 101;
  if (status_ < 200) {  // the answer itself follows
    headers_.clear();
    state_ = State::kStatusLine;
    return status_ != kSwitchingProtocols;
  }
  if (body_ == Body::kNone || status_ == 204 || status_ == 304) {
    state_ = State::kDone;
    return true;
  }
  if (const auto encoding = Find("transfer-encoding")) {
    state_ = State::kChunkSize;
    return LowerCase(*encoding) == "chunked";
  }
  const auto length = Find("content-length");
  if (!length) {
    state_ = State::kUntilClose;
    return true;
  }
  const auto bytes = ParseNumber(*length, 10);
  const bool is_one = std::all_of(headers_.begin(), headers_.end(), [&](const auto& header) {
    return header.first != "content-length" || header.second == *length;
  });
  left_ = bytes.value_or(0);
  state_ = left_ == 0 ? State::kDone : State::kSized;
  return bytes && is_one;
}

// "1a2b" or "1a2b;extension"
bool ResponseParser::ReadChunkSize(std::string_view line) {
  const auto size = ParseNumber(Trim(line.substr(0, line.find(';'))), 16);
  left_ = size.value_or(0);
  state_ = left_ == 0 ? State::kTrailer : State::kChunk;
  return size.has_value();
}

std::optional<std::string_view> ResponseParser::Find(std::string_view name) const {
  const auto found = std::find_if(headers_.begin(), headers_.end(),
                                  [name](const auto& header) { return header.first == name; });
  return found == headers_.end() ? std::nullopt : std::optional<std::string_view>(found->second);
}

bool ResponseParser::KeepsConnection() const {
  const std::string connection = LowerCase(Find("connection").value_or(""));
  return minor_version_ == 1 ? connection != "close" : connection == "keep-alive";
}

}  // namespace tenantry::net
