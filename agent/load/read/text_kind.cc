#include "agent/load/read/text_kind.h"

#include <algorithm>
#include <limits>

#include "agent/load/read/characters.h"

namespace tenantry::load {
namespace {

// Numbers that go beyond are texts: numeric does not hold all of them.
constexpr std::size_t kMostDigits = 10'000;
constexpr std::int32_t kMostExponent = 5'000;
constexpr std::size_t kMostExponentDigits = 5;

std::size_t CountDigits(std::string_view text) {
  std::size_t count = 0;
  while (count < text.size() && IsDigit(text[count])) {
    ++count;
  }
  return count;
}

NumberKind IntegerKind(std::string_view digits, bool negative) {
  constexpr std::size_t kSafeDigits = 9;  // always fit an int4
  if (digits.size() > 1 && digits.front() == '0') {
    return NumberKind::kCode;
  }
  if (digits.size() <= kSafeDigits) {
    return NumberKind::kInteger;
  }
  // As texts of one length the limits compare like numbers.
  const auto fits = [&](std::string_view most_negative) {
    return digits.size() < most_negative.size() ||
           (digits.size() == most_negative.size() &&
            (negative ? digits <= most_negative : digits < most_negative));
  };
  if (fits("2147483648")) {
    return NumberKind::kInteger;
  }
  return fits("9223372036854775808") ? NumberKind::kBigint : NumberKind::kNumeric;
}

bool IsExponent(std::string_view text) {
  if (!text.empty() && (text.front() == '+' || text.front() == '-')) {
    text.remove_prefix(1);
  }
  if (text.empty() || text.size() > kMostExponentDigits || CountDigits(text) != text.size()) {
    return false;
  }
  std::int32_t exponent = 0;
  for (const char c : text) {
    exponent = exponent * 10 + DigitOf(c);
  }
  return exponent <= kMostExponent;
}

// `text` follows the digits before the point.
NumberKind FractionKind(std::string_view whole, std::string_view text) {
  std::size_t digits = whole.size();
  if (!text.empty() && text.front() == '.') {
    const std::size_t count = CountDigits(text.substr(1));
    digits += count;
    text.remove_prefix(1 + count);
  }
  if (digits == 0 || digits > kMostDigits) {
    return NumberKind::kNone;
  }
  if (!text.empty() && (Lowered(text.front()) != 'e' || !IsExponent(text.substr(1)))) {
    return NumberKind::kNone;
  }
  return whole.size() > 1 && whole.front() == '0' ? NumberKind::kCode : NumberKind::kNumeric;
}

NumberKind SpecialKind(std::string_view text) {
  return IsWord(text, "nan") || IsWord(text, "inf") || IsWord(text, "infinity")
             ? NumberKind::kSpecial
             : NumberKind::kNone;
}

}  // namespace

NumberKind NumberKindOf(std::string_view text) {
  text = WithoutBlanks(text);
  const bool negative = !text.empty() && text.front() == '-';
  const bool plus = !text.empty() && text.front() == '+';
  if (negative || plus) {
    text.remove_prefix(1);
  }
  if (text.empty()) {
    return NumberKind::kNone;
  }
  if (!IsDigit(text.front()) && text.front() != '.') {
    return plus ? NumberKind::kNone : SpecialKind(text);
  }
  const std::size_t digits = CountDigits(text);
  NumberKind kind = NumberKind::kNone;
  if (digits == text.size()) {
    kind = digits > kMostDigits ? NumberKind::kNone : IntegerKind(text, negative);
  } else {
    kind = FractionKind(text.substr(0, digits), text.substr(digits));
  }
  return plus && kind != NumberKind::kNone ? NumberKind::kCode : kind;
}

bool IsBooleanWord(std::string_view text) {
  text = WithoutBlanks(text);
  constexpr std::string_view kWords[] = {"true", "false", "t", "f",  "yes",
                                         "no",   "y",     "n", "on", "off"};
  return std::any_of(std::begin(kWords), std::end(kWords),
                     [&](std::string_view word) { return IsWord(text, word); });
}

bool IsUuid(std::string_view text) {
  constexpr std::size_t kSize = 36;
  return text.size() == kSize && text[8] == '-' && text[13] == '-' && text[18] == '-' &&
         text[23] == '-' && ParseUuid(text).has_value();
}

std::optional<DateText> DateIn(std::string_view text, DateOrder order) {
  const std::optional<DateText> date = ReadDateText(text, order);
  if (!date || date->era != DateText::Era::kFinite || date->year_digits == 4) {
    // "2020 01 02" is rather a number of a telephone.
    const bool loose = date && date->separator == ' ' && date->shape != DateShape::kMonthName;
    return loose ? std::nullopt : date;
  }
  const bool usual =
      date->year_digits == 2 && date->separator != ' ' && (date->padded || date->separator == '/');
  return usual || (date->year_digits == 2 && date->shape == DateShape::kMonthName) ? date
                                                                                   : std::nullopt;
}

std::string FormatOf(const DateText& date, DateOrder order) {
  if (date.shape == DateShape::kInfinity ||
      (date.shape == DateShape::kYearFirst && date.separator == '-')) {
    return "";
  }
  const std::string year = date.year_digits == 2 ? "YY" : "YYYY";
  if (date.shape == DateShape::kCompact) {
    return "YYYYMMDD";
  }
  const std::string gap(1, date.separator);
  if (date.shape == DateShape::kMonthName) {
    return (date.month_first ? "Mon" + gap + "DD" : "DD" + gap + "Mon") + gap + year;
  }
  if (date.shape == DateShape::kYearFirst || order == DateOrder::kYearMonthDay) {
    return year + gap + "MM" + gap + "DD";
  }
  return (order == DateOrder::kDayMonthYear ? "DD" + gap + "MM" : "MM" + gap + "DD") + gap + year;
}

bool JsonTexts::Has(std::string_view text) {
  text = WithoutBlanks(text);
  if (text.size() < 2 || (text.front() != '{' && text.front() != '[')) {
    return false;
  }
  padded_.assign(text);
  padded_.append(kJsonPadding, '\0');
  const char* const end = padded_.data() + text.size();
  scan_.SetEnd(end);
  return scan_.Value(padded_.data(), 1) == end;
}

}  // namespace tenantry::load
