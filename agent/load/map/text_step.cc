#include "agent/load/map/text_step.h"

#include "agent/load/map/letter_case.h"
#include "agent/load/read/characters.h"

namespace tenantry::load {
namespace {

constexpr std::string_view kNoBreakSpace = "\xC2\xA0";

class TrimStep final : public Step {
 public:
  explicit TrimStep(TrimSide side) : side_(side) {}
  StepOutcome Apply(Field field, StepMemory&) const override {
    return {.field = WithText(field, Trimmed(field.text(), side_))};
  }

 private:
  TrimSide side_;
};

class CaseStep final : public Step {
 public:
  explicit CaseStep(LetterCase letter_case) : letter_case_(letter_case) {}
  StepOutcome Apply(Field field, StepMemory& memory) const override {
    std::string& text = memory.Scratch();
    AppendInCase(field.text(), letter_case_, text);
    return memory.Keep(field, text);
  }

 private:
  LetterCase letter_case_;
};

class NthPart final : public Step {
 public:
  explicit NthPart(const PartStep& spec) : spec_(spec) {}
  StepOutcome Apply(Field field, StepMemory&) const override {
    const std::string_view text = field.text();
    const bool from_end = spec_.number < 0;
    std::string_view rest = text;
    for (std::int64_t left = from_end ? -std::int64_t{spec_.number} : spec_.number;;) {
      const std::size_t at = from_end ? rest.rfind(spec_.by) : rest.find(spec_.by);
      const bool last = at == std::string_view::npos;
      if (--left == 0) {
        return {.field = WithText(field, Outer(rest, at, from_end))};
      }
      if (last) {
        field.kind = FieldKind::kNull;
        return {.field = field};
      }
      rest = from_end ? rest.substr(0, at) : rest.substr(at + spec_.by.size());
    }
  }

 private:
  std::string_view Outer(std::string_view rest, std::size_t at, bool from_end) const {
    if (at == std::string_view::npos) {
      return rest;
    }
    return from_end ? rest.substr(at + spec_.by.size()) : rest.substr(0, at);
  }

  const PartStep& spec_;
};

}  // namespace

std::unique_ptr<Step> MakeTrimStep(TrimSide side) { return std::make_unique<TrimStep>(side); }
std::unique_ptr<Step> MakeCaseStep(LetterCase letter_case) {
  return std::make_unique<CaseStep>(letter_case);
}
std::unique_ptr<Step> MakePartStep(const PartStep& spec) { return std::make_unique<NthPart>(spec); }

std::string_view Trimmed(std::string_view text, TrimSide side) {
  while (side != TrimSide::kEnd && !text.empty()) {
    if (!IsBlank(text.front()) && !text.starts_with(kNoBreakSpace)) {
      break;
    }
    text.remove_prefix(IsBlank(text.front()) ? 1 : kNoBreakSpace.size());
  }
  while (side != TrimSide::kStart && !text.empty()) {
    if (!IsBlank(text.back()) && !text.ends_with(kNoBreakSpace)) {
      break;
    }
    text.remove_suffix(IsBlank(text.back()) ? 1 : kNoBreakSpace.size());
  }
  return text;
}

}  // namespace tenantry::load
