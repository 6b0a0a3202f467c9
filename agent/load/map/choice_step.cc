#include "agent/load/map/choice_step.h"

#include <algorithm>
#include <functional>
#include <unordered_map>
#include <unordered_set>

namespace tenantry::load {
namespace {

Field AsNull(Field field) {
  field.kind = FieldKind::kNull;
  return field;
}

StepOutcome WithoutMatch(Field field, Otherwise otherwise, const std::string& refusal) {
  switch (otherwise) {
    case Otherwise::kNull:
      return {.field = AsNull(field)};
    case Otherwise::kKeep:
      return {.field = field};
    case Otherwise::kReject:
      break;
  }
  return {.field = field, .refusal = &refusal};
}

// A value that the data does not have in this form: its text alone tells its type.
Field Chosen(Field field, std::string_view text) {
  field = WithText(field, text);
  field.kind = FieldKind::kUntyped;
  return field;
}

class NullIfStep final : public Step {
 public:
  explicit NullIfStep(const std::vector<std::string>& texts) : texts_(texts.begin(), texts.end()) {}
  StepOutcome Apply(Field field, StepMemory&) const override {
    return {.field = texts_.contains(field.text()) ? AsNull(field) : field};
  }

 private:
  std::unordered_set<std::string_view> texts_;
};

class LookUp final : public Step {
 public:
  explicit LookUp(const LookUpStep& spec)
      : spec_(spec),
        values_(spec.values.begin(), spec.values.end()),
        refusal_("is none of the look-up's " + std::to_string(spec.values.size()) + " values") {}
  StepOutcome Apply(Field field, StepMemory&) const override {
    const auto found = values_.find(field.text());
    if (found != values_.end()) {
      return {.field = Chosen(field, found->second)};
    }
    if (spec_.fallback) {
      return {.field = Chosen(field, *spec_.fallback)};
    }
    return WithoutMatch(field, spec_.otherwise, refusal_);
  }

 private:
  const LookUpStep& spec_;
  std::unordered_map<std::string_view, std::string_view> values_;
  std::string refusal_;
};

class KeyFinder final : public Step {
 public:
  KeyFinder(const KeyStep& spec, const KeyLookup& lookup, std::size_t reference)
      : spec_(spec),
        lookup_(lookup),
        reference_(reference),
        none_("is no " + spec.match + " of table " + spec.table),
        several_("is the " + spec.match + " of several rows of table " + spec.table) {}
  StepOutcome Apply(Field field, StepMemory&) const override {
    const KeyLookup::Key key = lookup_.Find(reference_, field.text());
    switch (key.answer) {
      case KeyLookup::Answer::kFound:
        return {.field = Chosen(field, key.text)};
      case KeyLookup::Answer::kSeveral:
        return {.field = field, .refusal = &several_};
      case KeyLookup::Answer::kNone:
        break;
    }
    return WithoutMatch(field, spec_.otherwise, none_);
  }

 private:
  const KeyStep& spec_;
  const KeyLookup& lookup_;
  std::size_t reference_;
  std::string none_;
  std::string several_;
};

class NoStep final : public Step {
 public:
  StepOutcome Apply(Field field, StepMemory&) const override { return {.field = field}; }
};

}  // namespace

std::unique_ptr<Step> MakeNullIfStep(const std::vector<std::string>& texts) {
  return std::make_unique<NullIfStep>(texts);
}

std::unique_ptr<Step> MakeLookUpStep(const LookUpStep& spec) {
  return std::make_unique<LookUp>(spec);
}

std::unique_ptr<Step> MakeKeyStep(const KeyStep& spec, const KeyAccess& keys) {
  const auto reference =
      std::find_if(keys.references.begin(), keys.references.end(),
                   [&](const KeyReference& candidate) { return candidate.SameAs(spec); });
  if (keys.lookup == nullptr || reference == keys.references.end()) {
    return std::make_unique<NoStep>();
  }
  return std::make_unique<KeyFinder>(spec, *keys.lookup,
                                     static_cast<std::size_t>(reference - keys.references.begin()));
}

}  // namespace tenantry::load
