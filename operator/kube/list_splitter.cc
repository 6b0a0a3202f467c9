#include "operator/kube/list_splitter.h"

#include <nlohmann/json.hpp>

#include "common/base/strings.h"

namespace tenantry::kube {
namespace {

bool IsBlank(char byte) { return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n'; }

// Numbers, true, false and null are made of these and nothing else is.
bool IsScalarByte(char byte) {
  return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || byte == 'E' ||
         byte == '-' || byte == '+' || byte == '.';
}

bool StartsValue(char byte) {
  return byte == '{' || byte == '[' || byte == '"' || IsScalarByte(byte);
}

Error NotAList(char byte) {
  return {ErrorCode::kInternal,
          "the API server's answer is not a list: unexpected \"" + Shorten({&byte, 1}) + "\""};
}

}  // namespace

Result<void> ListSplitter::Push(std::string_view piece, const ItemSink& on_item) {
  while (!piece.empty() && !stopped_) {
    piece.remove_prefix(TRY(Step(piece, on_item)));
  }
  return {};
}

Result<ListMetadata> ListSplitter::Finish() const {
  if (state_ != State::kDone) {
    return Error{ErrorCode::kUnavailable, "the API server's list was cut off before its end"};
  }
  return metadata_;
}

// Takes at least one byte, or changes the state; returns how many bytes it took.
Result<std::size_t> ListSplitter::Step(std::string_view rest, const ItemSink& on_item) {
  if (state_ == State::kInValue) {
    return StepInValue(rest, on_item);
  }
  if (IsBlank(rest.front())) {
    return std::size_t{1};
  }
  return StepBetween(rest.front());
}

// Between values of the outermost object.
Result<std::size_t> ListSplitter::StepBetween(char byte) {
  switch (state_) {
    case State::kStart:
      if (byte == '{') {
        state_ = State::kKeyOrEnd;
        return std::size_t{1};
      }
      return NotAList(byte);
    case State::kKeyOrEnd:
    case State::kKey:
      if (byte == '"') {
        BeginValue(Role::kKey);
        return std::size_t{0};
      }
      if (byte == '}' && state_ == State::kKeyOrEnd) {
        state_ = State::kDone;
        return std::size_t{1};
      }
      return NotAList(byte);
    case State::kColon:
      if (byte == ':') {
        state_ = State::kValue;
        return std::size_t{1};
      }
      return NotAList(byte);
    case State::kValue:
      if (key_ == "items" && byte == '[') {
        state_ = State::kItemOrEnd;
        return std::size_t{1};
      }
      if (!StartsValue(byte)) {
        return NotAList(byte);
      }
      BeginValue(key_ == "metadata" ? Role::kMetadata : Role::kSkipped);
      return std::size_t{0};
    case State::kAfterValue:
      if (byte == ',' || byte == '}') {
        state_ = byte == ',' ? State::kKey : State::kDone;
        return std::size_t{1};
      }
      return NotAList(byte);
    default:
      return StepItems(byte);
  }
}

// Between elements of "items".
Result<std::size_t> ListSplitter::StepItems(char byte) {
  if (state_ == State::kItemOrEnd || state_ == State::kItem) {
    if (StartsValue(byte)) {
      BeginValue(Role::kItem);
      return std::size_t{0};
    }
    if (byte == ']' && state_ == State::kItemOrEnd) {
      state_ = State::kAfterValue;
      return std::size_t{1};
    }
  }
  if (state_ == State::kAfterItem && (byte == ',' || byte == ']')) {
    state_ = byte == ',' ? State::kItem : State::kAfterValue;
    return std::size_t{1};
  }
  return NotAList(byte);
}

void ListSplitter::BeginValue(Role role) {
  state_ = State::kInValue;
  role_ = role;
  text_.clear();
  depth_ = 0;
  scalar_ = false;
  in_string_ = false;
  escaped_ = false;
}

Result<std::size_t> ListSplitter::StepInValue(std::string_view rest, const ItemSink& on_item) {
  const Scan scan = ScanValue(rest);
  const std::string_view part = rest.substr(0, scan.length);
  if (role_ != Role::kSkipped && text_.size() + part.size() > max_item_bytes_) {
    return Error{ErrorCode::kInternal, "an object in the API server's list is larger than " +
                                           std::to_string(max_item_bytes_) + " bytes"};
  }
  if (scan.ended && text_.empty()) {
    TRY(EndValue(part, on_item));  // the usual case: no copy
    return scan.length;
  }
  if (role_ != Role::kSkipped) {
    text_.append(part);
  }
  if (scan.ended) {
    const std::string whole = std::move(text_);
    text_.clear();
    TRY(EndValue(whole, on_item));
  }
  return scan.length;
}

// How far the value goes in `rest`.
ListSplitter::Scan ListSplitter::ScanValue(std::string_view rest) {
  for (std::size_t i = 0; i < rest.size(); ++i) {
    const char byte = rest[i];
    if (in_string_) {
      if (escaped_ || byte == '\\') {
        escaped_ = !escaped_;
        continue;
      }
      in_string_ = byte != '"';
      if (!in_string_ && depth_ == 0) {
        return {i + 1, true};
      }
      continue;
    }
    if (scalar_) {
      if (!IsScalarByte(byte)) {
        return {i, true};
      }
    } else if (byte == '"') {
      in_string_ = true;
    } else if (byte == '{' || byte == '[') {
      ++depth_;
    } else if (byte == '}' || byte == ']') {
      if (--depth_ == 0) {
        return {i + 1, true};
      }
    } else {
      scalar_ = depth_ == 0;
    }
  }
  return {rest.size(), false};
}

Result<void> ListSplitter::EndValue(std::string_view text, const ItemSink& on_item) {
  switch (role_) {
    case Role::kKey:
      key_ = text.substr(1, text.size() - 2);
      state_ = State::kColon;
      return {};
    case Role::kItem:
      state_ = State::kAfterItem;
      stopped_ = !on_item(text);
      return {};
    case Role::kMetadata:
      state_ = State::kAfterValue;
      return ReadMetadata(text);
    case Role::kSkipped:
      state_ = State::kAfterValue;
      return {};
  }
  return {};
}

Result<void> ListSplitter::ReadMetadata(std::string_view text) {
  const nlohmann::json metadata = nlohmann::json::parse(text, nullptr, false);
  if (!metadata.is_object()) {
    return Error{ErrorCode::kInternal, "the metadata of the API server's list is not an object"};
  }
  const auto read = [&](const char* field) {
    const auto found = metadata.find(field);
    return found != metadata.end() && found->is_string() ? found->get<std::string>()
                                                         : std::string();
  };
  metadata_ = {.resource_version = read("resourceVersion"), .continue_token = read("continue")};
  return {};
}

Result<void> LineSplitter::Push(std::string_view piece, const LineSink& on_line) {
  while (!piece.empty() && !stopped_) {
    const std::size_t end = piece.find('\n');
    const std::string_view part = piece.substr(0, end);
    if (line_.size() + part.size() > max_line_bytes_) {
      return Error{ErrorCode::kInternal, "an event of the API server's watch is longer than " +
                                             std::to_string(max_line_bytes_) + " bytes"};
    }
    if (end == std::string_view::npos) {
      line_.append(part);
      return {};
    }
    piece.remove_prefix(end + 1);
    line_.append(part);
    const std::string whole = std::move(line_);
    line_.clear();
    const std::string_view line = Trim(whole);
    stopped_ = !line.empty() && !on_line(line);
  }
  return {};
}

}  // namespace tenantry::kube
