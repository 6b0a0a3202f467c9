#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent/load/map/mapping.h"
#include "agent/load/map/step.h"
#include "agent/load/map/text_template.h"
#include "agent/load/read/place.h"

namespace tenantry::load {

// Where a mapped column's value comes from: a column of the data, or a part of a split one.
struct MappedInput {
  enum class Kind { kMissing, kColumn, kPart };
  std::string name;  // as the mapping says it
  Kind kind = Kind::kMissing;
  std::size_t index = 0;  // of the column, or among all parts

  bool SamePlace(const MappedInput& other) const {
    return kind == other.kind && index == other.index;
  }
};

// A column that comes out.
struct MappedOutput {
  std::string name;
  const MappedColumn* column = nullptr;  // null: passed through as it is
  std::vector<MappedInput> inputs;       // of a template several; of a constant none
  std::vector<TemplatePart> text;        // of a template
  std::vector<std::unique_ptr<Step>> steps;
};

struct MappedSplit {
  const SplitColumn* split = nullptr;
  MappedInput input;
  std::size_t first_part = 0;
  bool is_placed = false;  // its parts are among the outputs
};

enum class Completeness { kAllColumnsKnown, kMoreMayCome };

// Which columns come out of a mapping, and what they are made of, for the columns that the data is
// known to have.
class MappedLayout {
 public:
  // `mapping` and the lookup outlive the layout.
  static Result<MappedLayout> Make(const Mapping& mapping, const KeyLookup* keys, Origin origin);

  // `columns` of the data, of which those of earlier calls are the first. Outputs keep their
  // places; new ones come after them. kInvalid/InvalidSpec: a column that the mapping takes is
  // missing and cannot come any more; two columns would have one name.
  Result<void> Extend(const std::vector<std::string>& columns, Completeness completeness);

  const std::vector<MappedOutput>& outputs() const { return outputs_; }
  const std::vector<MappedSplit>& splits() const { return splits_; }
  std::size_t parts() const { return parts_.size(); }
  const std::vector<std::string>& names() const { return names_; }

 private:
  MappedLayout(const Mapping& mapping, Origin origin)
      : mapping_(&mapping), origin_(std::move(origin)) {}

  void AddSplits();
  MappedInput Resolved(MappedInput input, const std::vector<std::string>& columns) const;
  void ResolveAll(const std::vector<std::string>& columns);
  Result<void> CheckResolved(const std::vector<std::string>& columns) const;
  Error Missing(const std::string& path, const std::string& name,
                const std::vector<std::string>& columns) const;
  // Puts what is made of that column at its place, or the column itself.
  Result<void> PlaceColumn(const std::string& name, MappedInput input);
  // The same for the parts of the splits that are meant.
  template <class Predicate>
  Result<void> PlaceParts(Predicate of);
  Result<void> Place(MappedOutput output);
  bool IsSplit(const MappedInput& input) const;
  bool IsPassedOn(const std::string& name) const;

  const Mapping* mapping_;
  Origin origin_;
  std::vector<MappedOutput> made_;  // that have no place yet
  std::vector<MappedOutput> outputs_;
  std::vector<MappedSplit> splits_;
  std::vector<std::string> parts_;  // names of all splits' parts
  std::vector<std::string> names_;
  std::size_t known_ = 0;  // columns of the data
};

}  // namespace tenantry::load
