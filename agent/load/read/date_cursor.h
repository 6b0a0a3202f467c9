#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "agent/load/read/characters.h"

namespace tenantry::load {

// A run of digits.
struct DateNumber {
  std::int32_t value = 0;
  std::size_t digits = 0;
};

// Reads the parts of a date from left to right. What does not fit is left where it is.
class DateCursor {
 public:
  explicit DateCursor(std::string_view text) : text_(text) {}

  bool done() const { return text_.empty(); }
  char Peek(std::size_t ahead = 0) const { return ahead < text_.size() ? text_[ahead] : '\0'; }
  std::string_view rest() const { return text_; }

  bool Take(char c) {
    if (Peek() != c || text_.empty()) {
      return false;
    }
    text_.remove_prefix(1);
    return true;
  }
  // Blanks and commas; false when there are none.
  bool TakeGap() {
    const std::size_t before = text_.size();
    while (!text_.empty() && (IsBlank(Peek()) || Peek() == ',')) {
      text_.remove_prefix(1);
    }
    return text_.size() < before;
  }
  bool TakeBlanks() {
    const std::size_t before = text_.size();
    while (!text_.empty() && IsBlank(Peek())) {
      text_.remove_prefix(1);
    }
    return text_.size() < before;
  }
  std::string_view TakeLetters() { return TakeRun(IsLetter); }
  std::string_view TakeDigits() { return TakeRun(IsDigit); }
  // None for more than nine digits.
  std::optional<DateNumber> TakeNumber() {
    constexpr std::size_t kMostDigits = 9;
    const std::string_view digits = TakeDigits();
    if (digits.empty() || digits.size() > kMostDigits) {
      return std::nullopt;
    }
    return DateNumber{.value = ValueOf(digits), .digits = digits.size()};
  }
  static std::int32_t ValueOf(std::string_view digits) {
    std::int32_t value = 0;
    for (const char c : digits) {
      value = value * 10 + DigitOf(c);
    }
    return value;
  }

 private:
  template <class Predicate>
  std::string_view TakeRun(Predicate predicate) {
    std::size_t count = 0;
    while (count < text_.size() && predicate(text_[count])) {
      ++count;
    }
    const std::string_view run = text_.substr(0, count);
    text_.remove_prefix(count);
    return run;
  }

  std::string_view text_;
};

}  // namespace tenantry::load
