#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/api/enum_names.h"
#include "common/base/strings.h"

// Words of a command line as people type them. Pure.
namespace tenantry::cli {

// Small letters without '-' and '_': "Keep-Newest" and "keepnewest" are one word.
std::string PlainWord(std::string_view word);

// The candidate that `word` was probably meant to be; empty: none is near.
std::string Nearest(std::string_view word, const std::vector<std::string>& candidates);

// The value that `word` names in an API enum's table.
template <class E>
std::optional<E> FindEnum(std::string_view word) {
  for (const api::EnumName<E>& entry : api::NamesOf(E{})) {
    if (PlainWord(entry.name) == PlainWord(word)) {
      return entry.value;
    }
  }
  return std::nullopt;
}

// "Error, Skip, Update": all names of an API enum.
template <class E>
std::string EnumWords() {
  std::vector<std::string> names;
  for (const api::EnumName<E>& entry : api::NamesOf(E{})) {
    names.emplace_back(entry.name);
  }
  return Join(names, ", ");
}

}  // namespace tenantry::cli
