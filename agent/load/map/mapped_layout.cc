#include "agent/load/map/mapped_layout.h"

#include <algorithm>
#include <optional>

#include "agent/load/read/plain_name.h"
#include "common/api/reasons.h"
#include "common/base/strings.h"

namespace tenantry::load {
namespace {

constexpr std::size_t kListedColumns = 20;

Result<MappedOutput> MakeOutput(const MappedColumn& column, const KeyAccess& keys) {
  MappedOutput output;
  output.name = column.name;
  output.column = &column;
  if (column.text_template) {
    output.text = TRY(ParseTemplate(*column.text_template, column.path));
    for (const TemplatePart& part : output.text) {
      if (part.is_column) {
        output.inputs.push_back({.name = part.text});
      }
    }
  } else if (!column.constant) {
    output.inputs.push_back({.name = column.from});
  }
  for (std::size_t i = 0; i < column.steps.size(); ++i) {
    const std::string path = column.path + ".steps[" + std::to_string(i) + "]";
    output.steps.push_back(TRY(MakeStep(column.steps[i], path, keys)));
  }
  return output;
}

// The exact name, or else the only one that looks like it.
std::optional<std::size_t> FindName(const std::vector<std::string>& names,
                                    const std::string& wanted) {
  const auto exact = std::find(names.begin(), names.end(), wanted);
  if (exact != names.end()) {
    return static_cast<std::size_t>(exact - names.begin());
  }
  const std::string plain = PlainName(wanted);
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (PlainName(names[i]) == plain) {
      if (found) {
        return std::nullopt;
      }
      found = i;
    }
  }
  return found;
}

bool IsMissing(const MappedInput& input) { return input.kind == MappedInput::Kind::kMissing; }

bool IsMadeOf(const MappedOutput& output, const MappedInput& input) {
  return output.column != nullptr && output.text.empty() && !output.inputs.empty() &&
         output.inputs.front().SamePlace(input);
}

}  // namespace

Result<MappedLayout> MappedLayout::Make(const Mapping& mapping, const KeyLookup* keys,
                                        Origin origin) {
  MappedLayout layout(mapping, std::move(origin));
  const KeyAccess access = {.references = KeysOf(mapping), .lookup = keys};
  for (const MappedColumn& column : mapping.columns) {
    layout.made_.push_back(TRY(MakeOutput(column, access)));
  }
  layout.AddSplits();
  return layout;
}

void MappedLayout::AddSplits() {
  for (const SplitColumn& split : mapping_->splits) {
    splits_.push_back(
        {.split = &split, .input = {.name = split.from}, .first_part = parts_.size()});
    parts_.insert(parts_.end(), split.into.begin(), split.into.end());
  }
}

Result<void> MappedLayout::Extend(const std::vector<std::string>& columns,
                                  Completeness completeness) {
  if (columns.size() == known_) {
    return {};
  }
  ResolveAll(columns);
  if (completeness == Completeness::kAllColumnsKnown) {
    TRY(CheckResolved(columns));
  }
  const bool is_first = known_ == 0;
  for (; known_ < columns.size(); ++known_) {
    const MappedInput column = {.kind = MappedInput::Kind::kColumn, .index = known_};
    TRY(PlaceColumn(columns[known_], column));
    TRY(PlaceParts([&](const MappedSplit& split) { return split.input.SamePlace(column); }));
  }
  if (is_first) {
    TRY(PlaceParts([](const MappedSplit&) { return true; }));
  }
  for (MappedOutput& output : std::exchange(made_, {})) {
    TRY(Place(std::move(output)));
  }
  return {};
}

template <class Predicate>
Result<void> MappedLayout::PlaceParts(Predicate of) {
  for (MappedSplit& split : splits_) {
    if (split.is_placed || !of(split)) {
      continue;
    }
    split.is_placed = true;
    for (std::size_t i = 0; i < split.split->into.size(); ++i) {
      const std::size_t part = split.first_part + i;
      TRY(PlaceColumn(parts_[part], {.kind = MappedInput::Kind::kPart, .index = part}));
    }
  }
  return {};
}

MappedInput MappedLayout::Resolved(MappedInput input,
                                   const std::vector<std::string>& columns) const {
  if (const std::optional<std::size_t> column = FindName(columns, input.name)) {
    input.kind = MappedInput::Kind::kColumn;
    input.index = *column;
  } else if (const std::optional<std::size_t> part = FindName(parts_, input.name)) {
    input.kind = MappedInput::Kind::kPart;
    input.index = *part;
  }
  return input;
}

void MappedLayout::ResolveAll(const std::vector<std::string>& columns) {
  for (std::vector<MappedOutput>* outputs : {&made_, &outputs_}) {
    for (MappedOutput& output : *outputs) {
      for (MappedInput& input : output.inputs) {
        input = IsMissing(input) ? Resolved(input, columns) : input;
      }
    }
  }
  for (MappedSplit& split : splits_) {
    if (IsMissing(split.input)) {
      const std::optional<std::size_t> column = FindName(columns, split.input.name);
      split.input.kind = column ? MappedInput::Kind::kColumn : MappedInput::Kind::kMissing;
      split.input.index = column.value_or(0);
    }
  }
}

Result<void> MappedLayout::CheckResolved(const std::vector<std::string>& columns) const {
  for (const MappedSplit& split : splits_) {
    if (IsMissing(split.input)) {
      return Missing(split.split->path + ".from", split.input.name, columns);
    }
  }
  for (const MappedOutput& output : made_) {
    const auto missing = std::find_if(output.inputs.begin(), output.inputs.end(), IsMissing);
    if (missing != output.inputs.end()) {
      return Missing(output.column->path + (output.text.empty() ? ".from" : ".template"),
                     missing->name, columns);
    }
  }
  return {};
}

Error MappedLayout::Missing(const std::string& path, const std::string& name,
                            const std::vector<std::string>& columns) const {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < std::min(columns.size(), kListedColumns); ++i) {
    names.push_back(Shorten(columns[i]));
  }
  return MappingError(path, "dataset " + origin_.dataset + " has no column " + Quoted(name) +
                                ", or several that look like it. It has " + Join(names, ", ") +
                                (columns.size() > names.size() ? ", …" : "") +
                                ". Correct the name.");
}

Result<void> MappedLayout::PlaceColumn(const std::string& name, MappedInput input) {
  for (auto output = made_.begin(); output != made_.end();) {
    if (!IsMadeOf(*output, input)) {
      ++output;
      continue;
    }
    TRY(Place(std::move(*output)));
    output = made_.erase(output);
  }
  const bool is_taken =
      IsSplit(input) || std::any_of(outputs_.begin(), outputs_.end(),
                                    [&](const auto& output) { return IsMadeOf(output, input); });
  if (is_taken || !IsPassedOn(name)) {
    return {};
  }
  MappedOutput passed;
  passed.name = name;
  passed.inputs.push_back(std::move(input));
  return Place(std::move(passed));
}

Result<void> MappedLayout::Place(MappedOutput output) {
  if (std::find(names_.begin(), names_.end(), output.name) == names_.end()) {
    names_.push_back(output.name);
    outputs_.push_back(std::move(output));
    return {};
  }
  const auto made =
      std::find_if(mapping_->columns.begin(), mapping_->columns.end(),
                   [&](const MappedColumn& column) { return column.name == output.name; });
  const bool is_part = made == mapping_->columns.end();
  return MappingError(is_part ? mapping_->splits.front().path : made->path,
                      "dataset " + origin_.dataset + " has a column " + Quoted(output.name) +
                          " of its own, too, which the mapping passes on. Drop it, or choose "
                          "another name.");
}

bool MappedLayout::IsSplit(const MappedInput& input) const {
  return std::any_of(splits_.begin(), splits_.end(),
                     [&](const MappedSplit& split) { return split.input.SamePlace(input); });
}

bool MappedLayout::IsPassedOn(const std::string& name) const {
  return mapping_->other_columns == OtherColumns::kKeep &&
         std::none_of(mapping_->drop.begin(), mapping_->drop.end(),
                      [&](const std::string& dropped) {
                        return dropped == name || PlainName(dropped) == PlainName(name);
                      });
}

}  // namespace tenantry::load
