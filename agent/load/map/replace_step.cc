#include "agent/load/map/replace_step.h"

#include <re2/re2.h>

#include <array>
#include <utility>

namespace tenantry::load {
namespace {

constexpr std::int64_t kPatternBytes = 1 << 20;  // of memory that a pattern may need
constexpr int kMostGroups = 10;                  // \0 to \9

RE2::Options PatternOptions() {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kPatternBytes);
  return options;
}

// Bytes at `at` up to the next character: at least one.
std::size_t CharacterSize(std::string_view text, std::size_t at) {
  std::size_t size = 1;
  while (at + size < text.size() && (text[at + size] & 0xC0) == 0x80) {
    ++size;
  }
  return size;
}

class Replacer final : public Step {
 public:
  Replacer(const ReplaceStep& spec, std::unique_ptr<const RE2> pattern)
      : spec_(spec), pattern_(std::move(pattern)), groups_(1 + RE2::MaxSubmatch(spec.with)) {}

  StepOutcome Apply(Field field, StepMemory& memory) const override {
    const std::string_view text = field.text();
    std::array<re2::StringPiece, kMostGroups> groups;
    if (!Match(text, 0, groups)) {
      return {.field = WithText(field, text)};
    }
    std::string& out = memory.Scratch();
    const std::size_t rest = ReplaceAll(text, groups, out);
    out.append(text.substr(rest));
    return memory.Keep(field, out);
  }

 private:
  using Groups = std::array<re2::StringPiece, kMostGroups>;

  bool Match(std::string_view text, std::size_t from, Groups& groups) const {
    return pattern_->Match({text.data(), text.size()}, from, text.size(), RE2::UNANCHORED,
                           groups.data(), groups_);
  }

  // Beginning with the match in `groups`. Where the rest of the text begins.
  std::size_t ReplaceAll(std::string_view text, Groups& groups, std::string& out) const {
    std::size_t copied = 0;
    std::size_t from = 0;
    bool is_first = true;
    do {
      const auto start = static_cast<std::size_t>(groups[0].data() - text.data());
      const std::size_t end = start + groups[0].size();
      const bool is_empty = groups[0].empty();
      // Nothing is found right after something.
      if (!is_empty || start > copied || is_first) {
        out.append(text.substr(copied, start - copied));
        pattern_->Rewrite(&out, spec_.with, groups.data(), groups_);
        copied = end;
        is_first = false;
      }
      from = end + (!is_empty ? 0 : end < text.size() ? CharacterSize(text, end) : 1);
      // A value that is too long is refused; no need to make all of it.
    } while (spec_.occurrences == Occurrences::kAll && from <= text.size() &&
             out.size() <= kLongestValue && Match(text, from, groups));
    return copied;
  }

  const ReplaceStep& spec_;
  std::unique_ptr<const RE2> pattern_;
  int groups_;
};

// \C matches half of a character, too: what is left would be no UTF-8.
bool HasByteMatch(std::string_view pattern) {
  for (std::size_t i = 0; i + 1 < pattern.size(); ++i) {
    if (pattern[i] == '\\' && pattern[++i] == 'C') {
      return true;
    }
  }
  return false;
}

}  // namespace

Result<std::unique_ptr<Step>> MakeReplaceStep(const ReplaceStep& spec, const std::string& path) {
  if (HasByteMatch(spec.pattern)) {
    return MappingError(path + ".pattern", "has \\C, which matches half of a character");
  }
  auto pattern = std::make_unique<const RE2>(spec.pattern, PatternOptions());
  if (!pattern->ok()) {
    return MappingError(path + ".pattern", pattern->error());
  }
  std::string why;
  if (!pattern->CheckRewriteString(spec.with, &why)) {
    return MappingError(path + ".with", why);
  }
  return std::unique_ptr<Step>(std::make_unique<Replacer>(spec, std::move(pattern)));
}

}  // namespace tenantry::load
