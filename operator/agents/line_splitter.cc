#include "operator/agents/line_splitter.h"

#include <utility>

namespace tenantry::agents {

Result<std::vector<std::string>> LineSplitter::Feed(std::string_view piece) {
  std::vector<std::string> lines;
  for (std::size_t end = piece.find('\n'); end != std::string_view::npos; end = piece.find('\n')) {
    TRY(Append(piece.substr(0, end)));
    lines.push_back(std::exchange(line_, {}));
    piece.remove_prefix(end + 1);
  }
  TRY(Append(piece));
  return lines;
}

Result<void> LineSplitter::Append(std::string_view part) {
  if (part.size() > longest_line_ - line_.size()) {
    return Error{.code = ErrorCode::kInvalid,
                 .message = "a line is longer than " + std::to_string(longest_line_) + " bytes"};
  }
  line_ += part;
  return {};
}

}  // namespace tenantry::agents
