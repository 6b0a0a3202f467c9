#include "agent/load/read/csv_header.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "agent/load/read/csv_cell.h"
#include "common/base/strings.h"

namespace tenantry::load {
namespace {

constexpr std::size_t kRowsLookedAt = 200;
constexpr std::size_t kLongestName = 128;

std::string_view CellOf(const SampleRow& row, std::size_t column) {
  return column < row.cells.size() ? Trim(row.cells[column]) : std::string_view();
}

// The kind that nearly all values of a column are of, if they are of one that is not text.
std::optional<CellKind> KindOfColumn(std::span<const SampleRow> data, std::size_t column) {
  std::size_t counts[6] = {};
  std::size_t values = 0;
  for (const SampleRow& row : data) {
    const CellKind kind = ClassifyCell(CellOf(row, column));
    values += kind == CellKind::kEmpty ? 0 : 1;
    ++counts[static_cast<std::size_t>(kind)];
  }
  for (const CellKind kind :
       {CellKind::kNumber, CellKind::kTime, CellKind::kBoolean, CellKind::kOther}) {
    const std::size_t alike = counts[static_cast<std::size_t>(kind)];
    if (alike > 0 && alike * 10 >= values * 8) {
      return kind;
    }
  }
  return std::nullopt;
}

// "country,1990,1991,1992": numbers that are names.
bool IsRowOfYears(const SampleRow& row) {
  int last = 0;
  int years = 0;
  for (std::size_t i = 0; i < row.cells.size(); ++i) {
    const std::string_view cell = CellOf(row, i);
    const bool year = cell.size() == 4 && (cell.starts_with("19") || cell.starts_with("20")) &&
                      ClassifyCell(cell) == CellKind::kNumber;
    if (!year) {
      if (years > 0) {
        return false;
      }
      continue;
    }
    const int number = std::stoi(std::string(cell));
    if (number <= last) {
      return false;
    }
    last = number;
    ++years;
  }
  return years >= 2 && ClassifyCell(CellOf(row, 0)) == CellKind::kText;
}

bool LooksLikeName(std::string_view cell) {
  return !cell.empty() && cell.size() <= kLongestName && !IsTyped(ClassifyCell(cell));
}

// Names of columns are not among the values of their columns.
bool Recurs(std::span<const SampleRow> data, std::size_t column, std::string_view name) {
  return std::any_of(data.begin(), data.end(),
                     [&](const SampleRow& row) { return CellOf(row, column) == name; });
}

}  // namespace

int JudgeHeader(std::span<const SampleRow> rows) {
  if (rows.empty()) {
    return 0;
  }
  const SampleRow& first = rows.front();
  const std::span<const SampleRow> data = rows.subspan(1, std::min(rows.size() - 1, kRowsLookedAt));
  if (!data.empty() && IsRowOfYears(first)) {
    return 1;
  }
  int verdict = 0;
  for (std::size_t column = 0; column < first.cells.size(); ++column) {
    const CellKind kind = ClassifyCell(CellOf(first, column));
    const std::optional<CellKind> others = KindOfColumn(data, column);
    if (others && kind == CellKind::kText) {
      ++verdict;
    } else if (IsTyped(kind)) {
      --verdict;
    }
  }
  return verdict;
}

bool HasHeader(std::span<const SampleRow> rows) {
  const int verdict = JudgeHeader(rows);
  if (rows.empty() || verdict != 0) {
    return verdict > 0;
  }
  const SampleRow& first = rows.front();
  const std::span<const SampleRow> data = rows.subspan(1);
  std::set<std::string_view> names;
  std::size_t recurring = 0;
  for (std::size_t column = 0; column < first.cells.size(); ++column) {
    const std::string_view cell = CellOf(first, column);
    if (LooksLikeName(cell)) {
      names.insert(cell);
    }
    recurring += !cell.empty() && Recurs(data, column, cell) ? 1 : 0;
  }
  return recurring == 0 && names.size() * 2 > first.cells.size();
}

std::vector<std::string> MakeColumnNames(const std::vector<std::string_view>& header,
                                         std::size_t width) {
  std::set<std::string> taken;
  for (const std::string_view name : header) {
    taken.emplace(Trim(name));
  }
  std::set<std::string> used;
  std::map<std::string, std::size_t> numbers;  // the last one given to a name
  std::vector<std::string> names;
  for (std::size_t i = 0; i < width; ++i) {
    std::string stem(i < header.size() ? Trim(header[i]) : std::string_view());
    if (!IsValidUtf8(stem) || stem.find('\0') != std::string::npos) {
      stem = Shorten(stem, stem.size() * 4);
    }
    std::string name = stem.empty() ? "column_" + std::to_string(i + 1) : stem;
    stem = stem.empty() ? "column" : stem;
    while (used.contains(name) || (name != stem && taken.contains(name))) {
      std::size_t& number = numbers.try_emplace(stem, 1).first->second;
      name = stem + "_" + std::to_string(++number);
    }
    used.insert(name);
    names.push_back(std::move(name));
  }
  return names;
}

}  // namespace tenantry::load
