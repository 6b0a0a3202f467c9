#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "agent/load/map/mapping.h"

// Foreign keys by natural key: a mapping says which it needs, whoever has the database answers.
namespace tenantry::load {

// One table's keys.
struct KeyReference {
  std::string table;  // or schema.table
  std::string match;
  std::string take;
  std::string path;  // of the first step that needs it, for messages

  bool SameAs(const KeyStep& step) const {
    return table == step.table && match == step.match && take == step.take;
  }
};
// Each once.
std::vector<KeyReference> KeysOf(const Mapping& mapping);

class KeyLookup {
 public:
  enum class Answer { kFound, kNone, kSeveral };
  struct Key {
    Answer answer = Answer::kNone;
    std::string_view text;  // of `take`, for kFound; lives as long as the lookup
  };
  virtual ~KeyLookup() = default;
  // `reference`: index into KeysOf(mapping). Does not allocate.
  virtual Key Find(std::size_t reference, std::string_view natural) const = 0;
};

}  // namespace tenantry::load
