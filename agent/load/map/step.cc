#include "agent/load/map/step.h"

#include <utility>

#include "agent/load/map/cast_step.h"
#include "agent/load/map/choice_step.h"
#include "agent/load/map/replace_step.h"
#include "agent/load/map/text_step.h"

namespace tenantry::load {

StepOutcome StepMemory::Keep(Field like, std::string_view text) {
  static const std::string too_long = "becomes longer than 16 MiB";
  static const std::string too_much = "grows too much: one batch may become 64 MiB";
  bytes_ += text.size();
  if (text.size() > kLongestValue || bytes_ > kMostMadeBytes) {
    bytes_ -= text.size();
    return {.field = like, .refusal = text.size() > kLongestValue ? &too_long : &too_much};
  }
  return {.field = WithText(like, arena_.Keep(text))};
}

void StepMemory::Clear() {
  arena_.Clear();
  bytes_ = 0;
}

Result<std::unique_ptr<Step>> MakeStep(const StepSpec& spec, const std::string& path,
                                       const KeyAccess& keys) {
  if (spec.trim) {
    return MakeTrimStep(*spec.trim);
  }
  if (spec.letter_case) {
    return MakeCaseStep(*spec.letter_case);
  }
  if (spec.replace) {
    return MakeReplaceStep(*spec.replace, path + ".replace");
  }
  if (spec.part) {
    return MakePartStep(*spec.part);
  }
  if (spec.null_if) {
    return MakeNullIfStep(*spec.null_if);
  }
  if (spec.cast) {
    return MakeCastStep(*spec.cast, path + ".cast");
  }
  if (spec.look_up) {
    return MakeLookUpStep(*spec.look_up);
  }
  return MakeKeyStep(*spec.key, keys);
}

}  // namespace tenantry::load
