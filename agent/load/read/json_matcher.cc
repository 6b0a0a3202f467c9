#include "agent/load/read/json_matcher.h"

#include <cstring>

namespace tenantry::load {

// Behind the closing quote, or `end`.
const char* JsonMatcher::EndOfString(const char* at, const char* end) {
  for (; at != end; ++at) {
    if (after_backslash_) {
      after_backslash_ = false;
    } else if (*at == '\\') {
      after_backslash_ = true;
    } else if (*at == '"') {
      in_string_ = false;
      return at + 1;
    }
  }
  return end;
}

void JsonMatcher::Open(char bracket) {
  if (open_.size() < kMaxKnown) {
    open_ += bracket;
  } else {
    ++deeper_;
  }
}

// Also closes those that were left open inside; a bracket that closes nothing is passed over.
void JsonMatcher::Close(char opening) {
  if (deeper_ > 0) {
    --deeper_;
    return;
  }
  const std::size_t match = open_.rfind(opening);
  if (match != std::string::npos) {
    open_.resize(match);
  }
}

bool JsonMatcher::IsSeparator(char byte) const {
  return (until_ == Until::kElement && (byte == ',' || byte == ']')) ||
         (until_ == Until::kMember && (byte == ',' || byte == '}'));
}

const char* JsonMatcher::Feed(const char* at, const char* end) {
  if (until_ == Until::kLineEnd) {
    const void* found = std::memchr(at, '\n', static_cast<std::size_t>(end - at));
    return found == nullptr ? nullptr : static_cast<const char*>(found) + 1;
  }
  while (at != end) {
    if (in_string_) {
      at = EndOfString(at, end);
      continue;
    }
    const char byte = *at;
    if (!IsOpen() && IsSeparator(byte)) {
      return at;
    }
    ++at;
    if (byte == '"') {
      in_string_ = true;
    } else if (byte == '{' || byte == '[') {
      Open(byte);
    } else if (byte == '}' || byte == ']') {
      Close(byte == '}' ? '{' : '[');
      if (!IsOpen() && until_ == Until::kClosed) {
        return at;
      }
    }
  }
  return nullptr;
}

}  // namespace tenantry::load
