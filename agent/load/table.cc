#include "agent/load/table.h"

#include <algorithm>
#include <set>
#include <utility>

#include "common/api/reasons.h"
#include "common/base/strings.h"

namespace tenantry::load {
namespace {

Error SpecError(const Origin& origin, const std::string& what) {
  return {.code = ErrorCode::kInvalid,
          .message = "Dataset " + origin.dataset + ": " + what,
          .reason = api::reason::kInvalidSpec};
}

std::set<std::string> NamesOf(const Record& record, const std::vector<std::string>& names) {
  std::set<std::string> present;
  for (const Cell& cell : record.cells) {
    present.insert(names[cell.column]);
  }
  return present;
}

std::string ListIndexes(const Table& table) {
  std::vector<std::string> lists;
  for (const UniqueIndex& index : table.unique_indexes) {
    lists.push_back("(" + Join(index.columns, ", ") + ")");
  }
  return lists.empty() ? "it has none" : "it has " + Join(lists, ", ");
}

// The index with all of `wanted`, whose other columns the data leaves to their defaults.
const UniqueIndex* FindIndex(const Table& table, const std::set<std::string>& wanted,
                             const std::set<std::string>& present) {
  const UniqueIndex* best = nullptr;
  for (const UniqueIndex& index : table.unique_indexes) {
    std::size_t met = 0;
    const bool fits = std::all_of(index.columns.begin(), index.columns.end(), [&](const auto& c) {
      if (wanted.contains(c)) {
        ++met;
        return true;
      }
      return !present.contains(c) && table.columns[*table.Find(c)].has_default();
    });
    const bool better = best == nullptr || index.columns.size() < best->columns.size();
    if (fits && met == wanted.size() && better) {
      best = &index;
    }
  }
  return best;
}

const UniqueIndex* FindPrimary(const Table& table) {
  const auto found = std::find_if(table.unique_indexes.begin(), table.unique_indexes.end(),
                                  [](const UniqueIndex& index) { return index.primary; });
  return found == table.unique_indexes.end() ? nullptr : &*found;
}

Result<const UniqueIndex*> ChooseIndex(const Table& table, const api::Dataset& dataset,
                                       const std::set<std::string>& present, const Origin& origin) {
  if (dataset.key.empty()) {
    return FindPrimary(table);
  }
  for (const std::string& column : dataset.key) {
    if (!table.Find(column)) {
      return SpecError(origin, "key names column " + Quoted(column) + ", which table " +
                                   table.schema + "." + table.name + " lacks. Correct the key.");
    }
  }
  const UniqueIndex* index =
      FindIndex(table, std::set<std::string>(dataset.key.begin(), dataset.key.end()), present);
  if (index == nullptr) {
    return SpecError(origin, "table " + table.schema + "." + table.name +
                                 " has no unique index on (" + Join(dataset.key, ", ") + "); " +
                                 ListIndexes(table) +
                                 ". Correct the key, or create the index in the tenant's schema.");
  }
  return index;
}

std::size_t Distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) {
    row[j] = j;
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

std::optional<std::size_t> Table::Find(std::string_view column) const {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].name == column) {
      return i;
    }
  }
  return std::nullopt;
}

bool Key::Has(std::size_t column) const {
  return std::find(columns.begin(), columns.end(), column) != columns.end();
}

bool Key::IsDefaulted(std::size_t column) const {
  return std::find(defaulted.begin(), defaulted.end(), column) != defaulted.end();
}

Result<Key> ChooseKey(const Table& table, const api::Dataset& dataset, TrackRows track,
                      const Record& first, const std::vector<std::string>& names,
                      const Origin& origin) {
  const std::set<std::string> present = NamesOf(first, names);
  const UniqueIndex* index = TRY(ChooseIndex(table, dataset, present, origin));
  const bool needed = dataset.conflict != api::Conflict::kError || track == TrackRows::kYes;
  if (index == nullptr) {
    if (needed) {
      return SpecError(origin,
                       "table " + table.schema + "." + table.name +
                           " has no primary key, so its rows cannot be told apart. Name a "
                           "unique key, or use conflict: Error and deletionPolicy: Retain.");
    }
    return Key{};
  }
  Key key;
  for (const std::string& name : index->columns) {
    const std::size_t column = *table.Find(name);
    key.columns.push_back(column);
    if (present.contains(name)) {
      continue;
    }
    if (!table.columns[column].has_default()) {
      return DataError(origin, {.record = first.number, .byte = first.byte, .column = name},
                       "the key column is missing, and it has no default. Add it.");
    }
    key.defaulted.push_back(column);
  }
  if (key.defaulted.size() == key.columns.size() && dataset.conflict != api::Conflict::kError) {
    return DataError(
        origin, {.record = first.number, .byte = first.byte, .column = ""},
        "no column of the key (" + Join(index->columns, ", ") +
            ") is in the data, so rows cannot be matched. Add it, or name another key.");
  }
  return key;
}

std::vector<std::string> NearestNames(std::string_view name, std::vector<std::string> names) {
  constexpr std::size_t kMaxLength = 64;  // identifiers have at most 63 bytes
  constexpr std::size_t kShown = 3;
  const std::string_view start = name.substr(0, kMaxLength);
  std::stable_sort(names.begin(), names.end(), [&](const auto& a, const auto& b) {
    return Distance(start, a) < Distance(start, b);
  });
  names.resize(std::min(names.size(), kShown));
  return names;
}

}  // namespace tenantry::load
