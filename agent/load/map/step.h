#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/load/map/key_lookup.h"
#include "agent/load/map/mapping.h"
#include "agent/load/read/batch.h"
#include "agent/load/read/text_arena.h"

// The steps of a mapping, ready to run.
namespace tenantry::load {

// What a step makes of a value, or why it refuses it.
struct StepOutcome {
  Field field;
  // "is no number with decimal mark \",\""; lives as long as the step. Null: done.
  const std::string* refusal = nullptr;
};

// Where steps put texts that are not in the source.
class StepMemory {
 public:
  // A field that holds a copy of `text`, otherwise like `like`; refused when values grow too much.
  StepOutcome Keep(Field like, std::string_view text);
  // A text to build a value in, empty.
  std::string& Scratch() {
    scratch_.clear();
    return scratch_;
  }
  void Clear();  // all fields end

 private:
  TextArena arena_;
  std::size_t bytes_ = 0;
  std::string scratch_;
};
inline constexpr std::size_t kLongestValue = 16 << 20;
inline constexpr std::size_t kMostMadeBytes = 64 << 20;  // for one batch

class Step {
 public:
  virtual ~Step() = default;
  // `field` is a single value: neither absent nor NULL nor nested.
  virtual StepOutcome Apply(Field field, StepMemory& memory) const = 0;
};

struct KeyAccess {
  std::vector<KeyReference> references;  // of the mapping
  const KeyLookup* lookup = nullptr;     // null: values that look for a key stay as they are
};

// kInvalid/InvalidSpec with `path` before it. `spec` and the lookup outlive the step.
Result<std::unique_ptr<Step>> MakeStep(const StepSpec& spec, const std::string& path,
                                       const KeyAccess& keys);

// "price: what is wrong", as errors of a mapping are.
Error MappingError(const std::string& path, const std::string& what);

// What a text step leaves of a kind: numbers and booleans become strings.
inline FieldKind TextKind(FieldKind kind) {
  return kind == FieldKind::kUntyped ? kind : FieldKind::kString;
}
inline Field WithText(Field field, std::string_view text) {
  field.data = text.data();
  field.size = static_cast<std::uint32_t>(text.size());
  field.kind = TextKind(field.kind);
  return field;
}

}  // namespace tenantry::load
