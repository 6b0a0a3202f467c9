#pragma once

#include <string_view>

// Characters as PostgreSQL's input functions see them, in whatever locale.
namespace tenantry::load {

constexpr bool IsBlank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }
constexpr int DigitOf(char c) { return c - '0'; }
constexpr char Lowered(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
constexpr bool IsLetter(char c) { return Lowered(c) >= 'a' && Lowered(c) <= 'z'; }

constexpr std::string_view WithoutBlanks(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && IsBlank(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

// `word` is in lower case.
constexpr bool StartsWithWord(std::string_view text, std::string_view word) {
  if (text.size() < word.size()) {
    return false;
  }
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (Lowered(text[i]) != word[i]) {
      return false;
    }
  }
  return true;
}

constexpr bool IsWord(std::string_view text, std::string_view word) {
  return text.size() == word.size() && StartsWithWord(text, word);
}

}  // namespace tenantry::load
