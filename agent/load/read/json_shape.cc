#include "agent/load/read/json_shape.h"

#include <algorithm>

#include "agent/load/read/json_matcher.h"
#include "agent/load/read/json_scan.h"
#include "common/base/strings.h"

namespace tenantry::load {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

std::string_view SkipBlanks(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(kBlanks), text.size()));
}

std::string_view FirstLine(std::string_view text) { return text.substr(0, text.find('\n')); }

// What follows the value that `text` begins with; nullopt: it does not end in `text`.
std::optional<std::string_view> BehindValue(std::string_view text) {
  if (text[0] != '{' && text[0] != '[') {
    const std::size_t end = text.find('\n');
    return end == std::string_view::npos ? std::nullopt : std::optional(text.substr(end));
  }
  JsonMatcher matcher(JsonMatcher::Until::kClosed);
  const char* const end = matcher.Feed(text.data(), text.data() + text.size());
  return end == nullptr ? std::nullopt
                        : std::optional(text.substr(static_cast<std::size_t>(end - text.data())));
}

// Collects what the values of a list begin with.
class KindVote {
 public:
  void Add(char first) {
    objects_ |= first == '{';
    if (first != 'n' && first_ == '\0') {
      first_ = first;
    }
  }
  bool decided() const { return objects_; }
  JsonRecordKind kind() const {
    if (objects_) {
      return JsonRecordKind::kObject;
    }
    return first_ == '[' ? JsonRecordKind::kArray : JsonRecordKind::kScalar;
  }

 private:
  bool objects_ = false;
  char first_ = '\0';
};

JsonRecordKind KindOfLines(std::string_view text) {
  KindVote vote;
  for (text = SkipBlanks(text); !text.empty() && !vote.decided(); text = SkipBlanks(text)) {
    vote.Add(text[0]);
    text.remove_prefix(FirstLine(text).size());
  }
  return vote.kind();
}

bool IsFlawed(std::string_view text) {
  JsonScan scan;
  scan.SetEnd(text.data() + text.size());
  return scan.Value(text.data(), 1) == nullptr && scan.flaw().at < scan.end();
}

bool IsObject(std::string_view line) {
  JsonScan scan;
  scan.SetEnd(line.data() + line.size());
  const char* const end = line[0] == '{' ? scan.Value(line.data(), 1) : nullptr;
  return end != nullptr && end <= scan.end() &&
         Trim(line.substr(static_cast<std::size_t>(end - line.data()))).empty();
}

// Whether the first line is flawed, but the two after it are objects of their own.
bool IsFlawedLine(std::string_view text, bool whole) {
  if (!IsFlawed(text)) {
    return false;
  }
  int objects = 0;
  for (; objects < 2; ++objects) {
    text = SkipBlanks(text.substr(FirstLine(text).size()));
    const std::string_view line = FirstLine(text);
    const bool cut = line.size() == text.size() && !whole;
    if (line.empty() || cut) {
      return objects > 0;
    }
    if (!IsObject(line)) {
      return false;
    }
  }
  return true;
}

// The key at `text`, decoded, and what follows it.
struct KeyAhead {
  std::string key;
  std::string_view rest;
};

std::optional<KeyAhead> TakeKey(std::string_view text) {
  JsonScan scan;
  scan.SetEnd(text.data() + text.size());
  const bool quoted = !text.empty() && text[0] == '"';
  const char* const end = quoted ? scan.String(text.data()) : nullptr;
  if (end == nullptr) {
    return std::nullopt;
  }
  const auto size = static_cast<std::size_t>(end - text.data());
  KeyAhead ahead{.key = {}, .rest = SkipBlanks(text.substr(size))};
  AppendDecodedJson(ahead.key, text.substr(1, size - 2));
  if (ahead.rest.empty() || ahead.rest[0] != ':') {
    return std::nullopt;
  }
  ahead.rest = SkipBlanks(ahead.rest.substr(1));
  return ahead;
}

bool IsArrayOfObjects(std::string_view value) {
  return !value.empty() && value[0] == '[' && SkipBlanks(value.substr(1)).starts_with('{');
}

// The only member of the object at `text` that is an array of objects.
std::optional<std::string> FindEnvelope(std::string_view text) {
  std::optional<std::string> found;
  for (;;) {
    const std::optional<KeyAhead> member = TakeKey(SkipBlanks(text.substr(1)));
    if (!member) {
      return found;
    }
    if (IsArrayOfObjects(member->rest)) {
      if (found) {
        return std::nullopt;
      }
      found = member->key;
    }
    JsonMatcher matcher(JsonMatcher::Until::kMember);
    const char* const begin = member->rest.data();
    const char* const end = matcher.Feed(begin, begin + member->rest.size());
    if (end == nullptr || *end != ',') {
      return found;
    }
    text = member->rest.substr(static_cast<std::size_t>(end - begin));
  }
}

JsonShape ShapeOfSingle(std::string_view text) {
  if (text[0] == '[') {
    return {.framing = JsonFraming::kArray, .kind = FindElementKind(text.substr(1))};
  }
  if (text[0] != '{') {
    return {.framing = JsonFraming::kSequence, .kind = JsonRecordKind::kScalar};
  }
  return {.framing = JsonFraming::kSequence, .envelope = FindEnvelope(text)};
}

JsonShape ShapeOfLines(std::string_view text) {
  return {.framing = JsonFraming::kLines, .kind = KindOfLines(text)};
}

std::string Unescaped(std::string_view segment) {
  std::string text;
  for (std::size_t i = 0; i < segment.size(); ++i) {
    const bool escaped = segment[i] == '~' && i + 1 < segment.size();
    i += escaped ? 1 : 0;
    text += !escaped ? segment[i] : segment[i] == '0' ? '~' : '/';
  }
  return text;
}

}  // namespace

JsonShape FindJsonShape(std::string_view sample, bool whole, api::Format format) {
  const std::string_view text = SkipBlanks(sample);
  if (text.empty() || format == api::Format::kNdjson) {
    return ShapeOfLines(text);
  }
  if (text[0] == '{' && IsFlawedLine(text, whole)) {
    return ShapeOfLines(text);
  }
  const std::optional<std::string_view> behind = BehindValue(text);
  const std::string_view next = behind ? SkipBlanks(*behind) : std::string_view();
  if (next.empty()) {
    return ShapeOfSingle(text);
  }
  const std::string_view first = text.substr(0, text.size() - behind->size());
  const bool one_line = first.find('\n') == std::string_view::npos;
  const bool opens = next[0] == '{' || next[0] == '[';
  const bool same_line = Trim(FirstLine(*behind)).size() > 0;
  if (one_line && !(opens && same_line)) {
    return ShapeOfLines(text);
  }
  if (!opens || text[0] != next[0]) {
    return ShapeOfSingle(text);
  }
  return {.framing = JsonFraming::kSequence,
          .kind = text[0] == '{' ? JsonRecordKind::kObject : JsonRecordKind::kArray,
          .several = true};
}

JsonRecordKind FindElementKind(std::string_view sample) {
  KindVote vote;
  for (;;) {
    sample = SkipBlanks(sample);
    if (sample.empty() || sample[0] == ']') {
      return vote.kind();
    }
    vote.Add(sample[0]);
    if (vote.decided()) {
      return vote.kind();
    }
    JsonMatcher matcher(JsonMatcher::Until::kElement);
    const char* const end = matcher.Feed(sample.data(), sample.data() + sample.size());
    if (end == nullptr || *end == ']') {
      return vote.kind();
    }
    sample.remove_prefix(static_cast<std::size_t>(end - sample.data()) + 1);
  }
}

std::string Describe(const JsonShape& shape, const std::string& pointer) {
  const bool objects = shape.kind == JsonRecordKind::kObject;
  const std::string things = objects                                ? "objects"
                             : shape.kind == JsonRecordKind::kArray ? "arrays"
                                                                    : "values";
  const std::string thing = things.substr(0, things.size() - 1);
  std::string words;
  switch (shape.framing) {
    case JsonFraming::kLines:
      words = objects ? "lines" : "lines of " + things;
      break;
    case JsonFraming::kSequence:
      words = shape.several ? things + " one after the other" : "one " + thing;
      break;
    case JsonFraming::kArray:
      words = objects ? "array" : "array of " + things;
      break;
    case JsonFraming::kOne:
      words = "one " + thing;
      break;
  }
  return pointer.empty() ? words : words + " at " + pointer;
}

std::optional<std::vector<std::string>> ParseJsonPointer(std::string_view pointer) {
  std::vector<std::string> path;
  if (pointer.empty()) {
    return path;
  }
  for (std::size_t at = pointer.find('~'); at != std::string_view::npos;
       at = pointer.find('~', at + 1)) {
    if (at + 1 == pointer.size() || (pointer[at + 1] != '0' && pointer[at + 1] != '1')) {
      return std::nullopt;
    }
  }
  if (pointer[0] != '/') {
    return std::nullopt;
  }
  for (const std::string_view segment : Split(pointer.substr(1), '/')) {
    path.push_back(Unescaped(segment));
  }
  return path;
}

std::string ToJsonPointer(const std::vector<std::string>& path) {
  std::string pointer;
  for (const std::string& segment : path) {
    pointer += '/';
    for (const char byte : segment) {
      pointer += byte == '~' ? "~0" : byte == '/' ? "~1" : std::string(1, byte);
    }
  }
  return pointer;
}

}  // namespace tenantry::load
