#include "agent/load/read/json_framer.h"

namespace tenantry::load {
namespace {

// Its last byte says that a value is complete, whatever follows.
bool IsClosed(const char* end) { return end[-1] == '}' || end[-1] == ']' || end[-1] == '"'; }

}  // namespace

JsonFramer::End JsonFramer::Behind(const char* start, const char* end, Rest rest) {
  switch (framing_) {
    case JsonFraming::kLines:
      return BehindLine(start, end, rest);
    case JsonFraming::kSequence:
      return BehindValue(end, rest);
    case JsonFraming::kArray:
      return BehindElement(end, rest);
    case JsonFraming::kOne:
      break;
  }
  return {.record = end, .next = end, .last = true};
}

JsonFramer::End JsonFramer::BehindLine(const char* start, const char* end, Rest rest) {
  if (scan_.met_line_end()) {
    const char* at = start;
    while (*at != '\n') {
      ++at;
    }
    scan_.Fail(at, kLineEndsInside);
    return {};
  }
  while (*end == ' ' || *end == '\t' || *end == '\r') {
    ++end;
  }
  if (*end == '\n') {
    return {.record = end + 1, .next = end + 1};
  }
  if (end == scan_.end() && rest == Rest::kNone) {
    return {.record = end, .next = end};
  }
  scan_.Unexpected(end, "the end of the line");
  return {};
}

JsonFramer::End JsonFramer::BehindValue(const char* end, Rest rest) {
  const bool whole = IsClosed(end) || (end == scan_.end() && rest == Rest::kNone) ||
                     (end != scan_.end() && scan_.Blanks(end) != end);
  if (whole) {
    return {.record = end, .next = end};
  }
  scan_.Unexpected(end, "a blank");
  return {};
}

JsonFramer::End JsonFramer::BehindElement(const char* end, Rest rest) {
  const char* const at = scan_.Blanks(end);
  if (*at == ',' || *at == ']') {
    return {.record = end, .next = at + 1, .last = *at == ']'};
  }
  if (at == scan_.end() && rest != Rest::kMore && IsClosed(end)) {
    return {.record = end, .next = at};
  }
  scan_.Unexpected(at, "\",\" or \"]\"");
  return {};
}

JsonFramer::End JsonFramer::BehindFlawed(const char* end) const {
  switch (framing_) {
    case JsonFraming::kLines:
    case JsonFraming::kSequence:
      return {.record = end, .next = end};
    case JsonFraming::kArray:
      return {.record = end, .next = end + 1, .last = *end == ']'};
    case JsonFraming::kOne:
      break;
  }
  return {.record = end, .next = end, .last = true};
}

JsonMatcher JsonFramer::MakeMatcher() const {
  switch (framing_) {
    case JsonFraming::kLines:
      return JsonMatcher(JsonMatcher::Until::kLineEnd);
    case JsonFraming::kArray:
      return JsonMatcher(JsonMatcher::Until::kElement);
    case JsonFraming::kSequence:
    case JsonFraming::kOne:
      break;
  }
  return JsonMatcher(JsonMatcher::Until::kClosed);
}

bool JsonFramer::CanMatch(const char* start) const {
  return framing_ == JsonFraming::kLines || framing_ == JsonFraming::kArray || *start == '{' ||
         *start == '[';
}

}  // namespace tenantry::load
