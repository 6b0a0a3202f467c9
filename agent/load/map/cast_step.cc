#include "agent/load/map/cast_step.h"

#include <algorithm>
#include <utility>

#include "agent/load/map/date_format.h"
#include "agent/load/map/number_format.h"
#include "agent/load/map/text_step.h"
#include "agent/load/read/characters.h"
#include "agent/load/read/values.h"
#include "common/base/strings.h"

namespace tenantry::load {
namespace {

// A text without characters is no value of any type; the column decides what it is.
bool IsNothing(const Field& field) { return Trimmed(field.text(), TrimSide::kBoth).empty(); }

StepOutcome AsKind(StepOutcome outcome, FieldKind kind) {
  outcome.field.kind = kind;
  return outcome;
}

class TextCast final : public Step {
 public:
  StepOutcome Apply(Field field, StepMemory&) const override {
    field.kind = FieldKind::kString;
    return {.field = field};
  }
};

class NumberCast final : public Step {
 public:
  explicit NumberCast(const CastStep& spec)
      : format_{.decimal = spec.decimal, .thousands = spec.thousands},
        refusal_("is no number with decimal mark \"" + spec.decimal + "\"" +
                 (spec.thousands.empty() ? "" : " and thousands mark \"" + spec.thousands + "\"")) {
  }
  StepOutcome Apply(Field field, StepMemory& memory) const override {
    if (field.kind == FieldKind::kNumber || IsNothing(field)) {
      return {.field = field};
    }
    std::string& number = memory.Scratch();
    if (!format_.Append(Trimmed(field.text(), TrimSide::kBoth), number)) {
      return {.field = field, .refusal = &refusal_};
    }
    return AsKind(memory.Keep(field, number), FieldKind::kNumber);
  }

 private:
  NumberFormat format_;
  std::string refusal_;
};

class BooleanCast final : public Step {
 public:
  explicit BooleanCast(const CastStep& spec)
      : spec_(spec),
        refusal_(spec.true_words.empty() ? "is no boolean"
                                         : "is none of " + Shorten(Join(spec.true_words, ", ")) +
                                               " and " + Shorten(Join(spec.false_words, ", "))) {}
  StepOutcome Apply(Field field, StepMemory&) const override {
    if (field.kind == FieldKind::kBoolean || IsNothing(field)) {
      return {.field = field};
    }
    const std::optional<bool> value = ValueOf(Trimmed(field.text(), TrimSide::kBoth));
    if (!value) {
      return {.field = field, .refusal = &refusal_};
    }
    return AsKind({.field = WithText(field, *value ? "true" : "false")}, FieldKind::kBoolean);
  }

 private:
  static bool IsOneOf(std::string_view text, const std::vector<std::string>& words) {
    return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
      return text.size() == word.size() &&
             std::equal(text.begin(), text.end(), word.begin(),
                        [](char left, char right) { return Lowered(left) == Lowered(right); });
    });
  }
  std::optional<bool> ValueOf(std::string_view text) const {
    if (spec_.true_words.empty()) {
      return ParseBoolean(text);
    }
    const bool is_true = IsOneOf(text, spec_.true_words);
    return is_true || IsOneOf(text, spec_.false_words) ? std::optional(is_true) : std::nullopt;
  }

  const CastStep& spec_;
  std::string refusal_;
};

class DateCast final : public Step {
 public:
  DateCast(DateFormat format, const CastStep& spec)
      : format_(std::move(format)),
        refusal_(std::string(spec.type == CastType::kDate ? "is no date" : "is no timestamp") +
                 " in the format \"" + Shorten(spec.format) + "\"") {}
  StepOutcome Apply(Field field, StepMemory& memory) const override {
    if (IsNothing(field)) {
      return {.field = field};
    }
    std::string& date = memory.Scratch();
    if (!format_.Append(Trimmed(field.text(), TrimSide::kBoth), date)) {
      return {.field = field, .refusal = &refusal_};
    }
    return AsKind(memory.Keep(field, date), FieldKind::kUntyped);
  }

 private:
  DateFormat format_;
  std::string refusal_;
};

}  // namespace

Result<std::unique_ptr<Step>> MakeCastStep(const CastStep& spec, const std::string& path) {
  std::unique_ptr<Step> step;
  switch (spec.type) {
    case CastType::kText:
      step = std::make_unique<TextCast>();
      break;
    case CastType::kNumber:
      step = std::make_unique<NumberCast>(spec);
      break;
    case CastType::kBoolean:
      step = std::make_unique<BooleanCast>(spec);
      break;
    default:
      step = std::make_unique<DateCast>(
          TRY(DateFormat::Parse(spec.format, spec.type, path + ".format")), spec);
  }
  return step;
}

}  // namespace tenantry::load
