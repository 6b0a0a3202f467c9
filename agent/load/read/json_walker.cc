#include "agent/load/read/json_walker.h"

#include <algorithm>
#include <charconv>

#include "agent/load/read/batch.h"
#include "agent/load/read/json_shape.h"

namespace tenantry::load {

Error JsonWalker::Fail(const char* at, std::string_view what) const {
  return JsonError(window_, origin_, 0, at, what);
}

Error JsonWalker::Missing(const std::string& segment, std::string_view what) const {
  std::vector<std::string> path;
  for (const Level& level : levels_) {
    path.push_back(level.segment);
  }
  const std::string place = path.empty() ? "the document" : Quoted(ToJsonPointer(path));
  return Fail(window_.begin(),
              place + " " + std::string(what) + " " + Quoted(segment) + ". Correct the JSON path.");
}

// Gets more bytes than there are.
Result<void> JsonWalker::More() {
  if (!window_.ended()) {
    window_.Fill(std::min(std::max(kBatchBytes, 2 * window_.size()), longest_ + kBatchBytes));
  }
  if (window_.ended() && window_.error()) {
    return *window_.error();
  }
  return {};
}

// The next byte that is not blank, which the window then begins with; '\0' at the end.
Result<char> JsonWalker::Peek() {
  for (;;) {
    window_.Drop(scan_.Blanks(window_.begin()));
    if (window_.size() > 0 || window_.ended()) {
      break;
    }
    TRY(More());
  }
  if (window_.size() == 0 && window_.error()) {
    return *window_.error();
  }
  scan_.SetEnd(window_.end());
  return *window_.begin();
}

Result<void> JsonWalker::Expect(char byte) {
  const char next = TRY(Peek());
  if (next != byte) {
    scan_.Unexpected(window_.begin(), Quoted(std::string_view(&byte, 1)));
    return Fail(scan_.flaw().at, scan_.flaw().what);
  }
  window_.Drop(window_.begin() + 1);
  return {};
}

// The end of the scalar that the window begins with.
Result<const char*> JsonWalker::ScanToken() {
  for (;;) {
    scan_.SetEnd(window_.end());
    const char* const end = scan_.Scalar(window_.begin());
    const bool cut = end == nullptr ? scan_.flaw().at == window_.end() : end == window_.end();
    if (cut && window_.size() > longest_) {
      return Fail(window_.begin(), "a value outside of the records is too long. Shorten it.");
    }
    if (cut && !window_.ended()) {
      TRY(More());
      continue;
    }
    if (end == nullptr) {
      return cut && window_.error() ? *window_.error() : Fail(scan_.flaw().at, scan_.flaw().what);
    }
    return end;
  }
}

Result<std::string> JsonWalker::TakeKey() {
  if (TRY(Peek()) != '"') {
    scan_.Unexpected(window_.begin(), "a key");
    return Fail(scan_.flaw().at, scan_.flaw().what);
  }
  const char* const end = TRY(ScanToken());
  std::string key;
  AppendDecodedJson(key, std::string_view(window_.begin() + 1, end - 1));
  window_.Drop(end);
  TRY(Expect(':'));
  return key;
}

Result<void> JsonWalker::SkipValue(int depth) {
  const char first = TRY(Peek());
  if (first == '{' || first == '[') {
    return SkipContainer(depth);
  }
  window_.Drop(TRY(ScanToken()));
  return {};
}

Result<void> JsonWalker::SkipContainer(int depth) {
  if (depth > kMaxJsonDepth) {
    return Fail(window_.begin(), "it is nested deeper than " + std::to_string(kMaxJsonDepth) +
                                     " levels. Flatten it.");
  }
  const bool object = *window_.begin() == '{';
  const char closing = object ? '}' : ']';
  window_.Drop(window_.begin() + 1);
  if (TRY(Peek()) == closing) {
    return Expect(closing);
  }
  for (;;) {
    if (object) {
      TRY(TakeKey());
    }
    TRY(SkipValue(depth + 1));
    if (TRY(Peek()) == closing) {
      return Expect(closing);
    }
    TRY(Expect(','));
  }
}

Result<char> JsonWalker::Enter(const std::vector<std::string>& path) {
  for (const std::string& segment : path) {
    const char bracket = TRY(Peek());
    if (bracket == '{') {
      TRY(EnterObject(segment));
    } else if (bracket == '[') {
      TRY(EnterArray(segment));
    } else {
      return Missing(segment, "is no object or array, so it has no");
    }
    levels_.push_back({.bracket = bracket, .segment = segment});
  }
  return Peek();
}

Result<void> JsonWalker::EnterObject(const std::string& key) {
  TRY(Expect('{'));
  std::vector<std::string> others;
  for (char next = TRY(Peek()); next != '}'; next = TRY(Peek())) {
    if (!others.empty()) {
      TRY(Expect(','));
    }
    const std::string name = TRY(TakeKey());
    if (name == key) {
      return {};
    }
    if (others.size() < 5) {
      others.push_back(Quoted(name));
    }
    TRY(SkipValue(2));
  }
  std::string what = others.empty() ? "is empty: it has no" : "has the keys ";
  for (const std::string& other : others) {
    what += other + ", ";
  }
  return Missing(key, what + (others.empty() ? "" : "but no"));
}

Result<void> JsonWalker::EnterArray(const std::string& index) {
  std::size_t wanted = 0;
  const char* const end = index.data() + index.size();
  const auto parsed = std::from_chars(index.data(), end, wanted);
  const bool leading_zero = index.size() > 1 && index[0] == '0';
  if (parsed.ec != std::errc() || parsed.ptr != end || leading_zero) {
    return Missing(index, "is an array, so it has no");
  }
  TRY(Expect('['));
  for (std::size_t i = 0; TRY(Peek()) != ']'; ++i) {
    if (i > 0) {
      TRY(Expect(','));
    }
    if (i == wanted) {
      TRY(Peek());
      return {};
    }
    TRY(SkipValue(2));
  }
  return Missing(index, "has no element");
}

Result<void> JsonWalker::Leave(OtherRecords others) {
  for (; !levels_.empty(); levels_.pop_back()) {
    TRY(LeaveLevel(levels_.back(), others));
    others = OtherRecords::kIgnored;
  }
  TRY(Peek());
  if (window_.size() > 0) {
    scan_.Unexpected(window_.begin(), "the end of the document");
    return Fail(window_.begin(), scan_.flaw().what);
  }
  return {};
}

Result<void> JsonWalker::LeaveLevel(const Level& level, OtherRecords others) {
  const char closing = level.bracket == '{' ? '}' : ']';
  while (TRY(Peek()) != closing) {
    TRY(Expect(','));
    if (level.bracket == '{') {
      const std::string name = TRY(TakeKey());
      if (name == level.segment) {
        return Fail(window_.begin(), "key " + Quoted(name) +
                                         " occurs twice in one object: which one has the records "
                                         "is not clear. Remove one.");
      }
      if (others == OtherRecords::kRefused) {
        TRY(CheckSibling(name));
      }
    }
    TRY(SkipValue(2));
  }
  return Expect(closing);
}

// At the value of a member.
Result<void> JsonWalker::CheckSibling(const std::string& name) {
  if (TRY(Peek()) != '[') {
    return {};
  }
  const char* next = scan_.Blanks(window_.begin() + 1);
  while (next == window_.end() && !window_.ended() && window_.size() <= longest_) {
    TRY(More());
    next = scan_.Blanks(window_.begin() + 1);
  }
  if (*next != '{') {
    return {};
  }
  return Fail(window_.begin(), Quoted(ToJsonPointer({levels_.back().segment})) + " and " +
                                   Quoted(ToJsonPointer({name})) +
                                   " are both arrays of objects. Say with a JSON path which one "
                                   "holds the records.");
}

}  // namespace tenantry::load
