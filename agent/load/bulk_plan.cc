#include "agent/load/bulk_plan.h"

#include <algorithm>
#include <utility>

#include "common/api/reasons.h"
#include "common/base/strings.h"

namespace tenantry::load {
namespace {

class Planner {
 public:
  explicit Planner(const PlanInput& input) : input_(input), table_(input.table) {}

  Result<BulkPlan> Make() {
    TRY(FindCollectTarget());
    for (std::size_t source = 0; source < input_.source_columns.size(); ++source) {
      TRY(Place(source));
    }
    // In the table's order: statements and marks go through both side by side.
    std::sort(plan_.columns.begin(), plan_.columns.end(),
              [](const auto& a, const auto& b) { return a.target < b.target; });
    TRY(CheckTwice());
    plan_.key = TRY(FindKey());
    plan_.cursor = TRY(FindCursor());
    plan_.sparse = input_.sparse;
    const bool direct = input_.options.conflict == api::Conflict::kError && !table_.row_security &&
                        input_.track == TrackRows::kNo;
    plan_.way = direct ? BulkPlan::Way::kDirect : BulkPlan::Way::kStaged;
    const bool binary =
        std::all_of(plan_.columns.begin(), plan_.columns.end(),
                    [](const BulkPlan::Column& column) { return column.wire != Wire::kOther; });
    plan_.format = binary ? CopyFormat::kBinary : CopyFormat::kText;
    return plan_;
  }

 private:
  std::string TableName() const { return table_.schema + "." + table_.name; }

  Error SpecError(const std::string& what) const {
    return {.code = ErrorCode::kInvalid,
            .message = "Dataset " + input_.origin.dataset + ": " + what,
            .reason = api::reason::kInvalidSpec};
  }

  Result<void> FindCollectTarget() {
    if (input_.options.unknown_columns != api::UnknownColumns::kCollect) {
      return {};
    }
    const std::optional<std::size_t> column = table_.Find(input_.options.collect_column);
    const bool fits = column && WireOf(table_.columns[*column].storage_type) == Wire::kJsonb;
    if (!fits) {
      return SpecError("unknown columns shall go into column " +
                       Quoted(input_.options.collect_column) + ", and table " + TableName() +
                       " has no such column of type jsonb. Name another one.");
    }
    plan_.collect_target = column;
    return {};
  }

  Result<void> Place(std::size_t source) {
    const std::string& name = input_.source_columns[source];
    const std::optional<std::size_t> target =
        input_.positional ? NthColumn(source) : FindColumn(table_, name);
    if (target && !table_.columns[*target].generated && target != plan_.collect_target) {
      plan_.columns.push_back({.source = source,
                               .target = *target,
                               .wire = WireOf(table_.columns[*target].storage_type),
                               .order = OrderOf(source)});
      return {};
    }
    if (plan_.collect_target) {
      plan_.collected.push_back(source);
      return {};
    }
    if (input_.options.unknown_columns == api::UnknownColumns::kIgnore) {
      return {};
    }
    return Unknown(source, target.has_value());
  }

  Error Unknown(std::size_t source, bool generated) const {
    const ::tenantry::load::Place place = {
        .record = 0, .byte = {}, .column = input_.source_columns[source]};
    if (generated) {
      return DataError(input_.origin, place,
                       "table " + TableName() +
                           " generates this column itself. Remove it from the data, or ignore "
                           "unknown columns.");
    }
    if (input_.positional) {
      return DataError(input_.origin, place,
                       "the data has " + std::to_string(input_.source_columns.size()) +
                           " columns and no header, and table " + TableName() + " has fewer (" +
                           Join(Insertable(), ", ") + "). Give the data a header.");
    }
    return DataError(input_.origin, place,
                     "table " + TableName() + " has no such column. Rename it (nearest: " +
                         Join(NearestNames(input_.source_columns[source], Insertable()), ", ") +
                         "), or ignore unknown columns.");
  }

  std::vector<std::string> Insertable() const {
    std::vector<std::string> names;
    for (const TableColumn& column : table_.columns) {
      if (!column.generated) {
        names.push_back(column.name);
      }
    }
    return names;
  }

  std::optional<std::size_t> NthColumn(std::size_t position) const {
    for (std::size_t i = 0; i < table_.columns.size(); ++i) {
      if (!table_.columns[i].generated && position-- == 0) {
        return i;
      }
    }
    return std::nullopt;
  }

  DateOrder OrderOf(std::size_t source) const {
    return source < input_.profiles.size() ? input_.profiles[source].order
                                           : DateOrder::kYearMonthDay;
  }

  Result<void> CheckTwice() const {
    for (std::size_t i = 1; i < plan_.columns.size(); ++i) {
      if (plan_.columns[i].target == plan_.columns[i - 1].target) {
        return DataError(
            input_.origin,
            {.record = 0, .byte = {}, .column = input_.source_columns[plan_.columns[i].source]},
            "column " + Quoted(input_.source_columns[plan_.columns[i - 1].source]) +
                " means the same column of the table. Rename one of them.");
      }
    }
    return {};
  }

  Result<std::optional<std::size_t>> FindCursor() const {
    const api::Conflict conflict = input_.options.conflict;
    if (conflict != api::Conflict::kKeepNewest && conflict != api::Conflict::kKeepOldest) {
      return std::optional<std::size_t>();
    }
    const std::optional<std::size_t> column = FindColumn(table_, input_.options.cursor);
    const bool given =
        column && std::any_of(plan_.columns.begin(), plan_.columns.end(),
                              [&](const auto& placed) { return placed.target == *column; });
    if (!given) {
      return SpecError(std::string("conflict: ") + api::ToString(conflict) +
                       " compares a cursor column, and " +
                       (input_.options.cursor.empty()
                            ? "none is named"
                            : Quoted(input_.options.cursor) + " is none of the data's columns") +
                       ". Name one, such as updated_at.");
    }
    return column;
  }

  Result<Key> FindKey() const {
    Record first;
    first.number = 1;
    std::vector<std::string> names;
    for (const BulkPlan::Column& column : plan_.columns) {
      first.cells.push_back({.column = names.size(), .value = {}});
      names.push_back(table_.columns[column.target].name);
    }
    api::Dataset dataset;
    dataset.name = input_.origin.dataset;
    dataset.key = input_.options.key;
    dataset.conflict = input_.options.conflict;
    for (std::string& name : dataset.key) {
      const std::optional<std::size_t> column = FindColumn(table_, name);
      name = column ? table_.columns[*column].name : name;
    }
    return ChooseKey(table_, dataset, input_.track, first, names, input_.origin);
  }

  const PlanInput& input_;
  const Table& table_;
  BulkPlan plan_;
};

}  // namespace

std::optional<std::size_t> FindColumn(const Table& table, std::string_view name) {
  if (const std::optional<std::size_t> exact = table.Find(name)) {
    return exact;
  }
  const std::string plain = PlainName(name);
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    if (PlainName(table.columns[i].name) == plain) {
      if (found) {
        return std::nullopt;  // two columns look like it
      }
      found = i;
    }
  }
  return found;
}

Result<BulkPlan> MakeBulkPlan(const PlanInput& input) { return Planner(input).Make(); }

std::int32_t LaneOf(std::string_view key_bytes, std::int32_t lanes) {
  std::uint64_t hash = 14695981039346656037U;
  for (const char byte : key_bytes) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 1099511628211U;
  }
  return static_cast<std::int32_t>((hash >> 32) % static_cast<std::uint64_t>(lanes));
}

}  // namespace tenantry::load
