#include "agent/load/read/csv_notes.h"

#include <algorithm>

#include "agent/load/read/csv_cell.h"

namespace tenantry::load {
namespace {

constexpr std::string_view kMarks[] = {"*", "(", "[", "#", "--", "==", "__", "©", "†", "‡", "//"};

std::size_t Words(std::string_view text) {
  return 1 + static_cast<std::size_t>(std::count(text.begin(), text.end(), ' '));
}

}  // namespace

bool ReadsLikeNote(std::string_view line, std::string_view first_value, NoteGap gap) {
  if (IsTyped(ClassifyCell(line))) {
    return false;
  }
  const bool marked = std::any_of(std::begin(kMarks), std::end(kMarks),
                                  [&](std::string_view mark) { return line.starts_with(mark); });
  // A row's first value would be of one kind with the row's before it.
  const bool other_kind = IsTyped(ClassifyCell(first_value));
  const bool sentence = line.find(": ") != std::string_view::npos || line.ends_with('.') ||
                        Words(line) > Words(first_value) + 1;
  return gap == NoteGap::kBlankLine || marked || other_kind || sentence;
}

}  // namespace tenantry::load
