#include "tests/support/line_faults.h"

#include <utility>

namespace tenantry::testing {

LineFaults::Verdict LineFaults::Take(std::string line) {
  using Kind = HttpFault::Kind;
  const std::size_t number = count_++;
  if (fault_.kind == Kind::kReplay && number <= fault_.line) {
    seen_.push_back(line);
  }
  if (!held_.empty()) {
    return {.pieces = {std::move(line), std::exchange(held_, "")}};
  }
  if (number != fault_.line) {
    return {.pieces = {std::move(line)}};
  }
  switch (fault_.kind) {
    case Kind::kDuplicate:
      return {.pieces = {line, line}};
    case Kind::kSwap:
      held_ = std::move(line);
      return {};
    case Kind::kDrop:
      return {};
    case Kind::kReplay:
      seen_.insert(seen_.begin(), std::move(line));
      return {.pieces = std::move(seen_)};
    case Kind::kCutLine:
      return {.pieces = {line.substr(0, line.size() / 2)}, .then = Then::kCut};
    case Kind::kSilent:
      return {.then = Then::kSilence};
    case Kind::kGone:
      return {.pieces = {R"({"type":"ERROR","object":)" + StatusBody(410) + "}\n"},
              .then = Then::kEnd};
    default:
      return {.pieces = {std::move(line)}};
  }
}

}  // namespace tenantry::testing
