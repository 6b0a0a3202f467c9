#include "agent/load/read/values.h"

#include <charconv>
#include <limits>

#include "agent/load/read/characters.h"
#include "agent/load/read/date_text.h"

namespace tenantry::load {
namespace {

// So many digits fit an int64 whatever they are.
constexpr std::size_t kSafeDigits = 18;

// `digits` without a sign, more than kSafeDigits of them or something that is no digit.
std::optional<std::int64_t> ParseLongInteger(std::string_view digits, bool negative) {
  std::uint64_t magnitude = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, magnitude);
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (error != std::errc() || stop != end || magnitude > kMost + (negative ? 1 : 0)) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(negative ? 0 - magnitude : magnitude);
}

// What strtod takes beside numbers: "nan", "nan(chars)", "inf", "infinity".
template <class Float>
std::optional<Float> ParseSpecial(std::string_view text) {
  if (IsWord(text, "inf") || IsWord(text, "infinity")) {
    return std::numeric_limits<Float>::infinity();
  }
  if (!StartsWithWord(text, "nan")) {
    return std::nullopt;
  }
  text.remove_prefix(3);
  if (!text.empty() && (text.size() < 2 || text.front() != '(' || text.back() != ')')) {
    return std::nullopt;
  }
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    if (!IsDigit(text[i]) && !IsLetter(text[i]) && text[i] != '_') {
      return std::nullopt;
    }
  }
  return std::numeric_limits<Float>::quiet_NaN();
}

// Whether a number that became 0 is one.
bool HasOnlyZeros(std::string_view text, bool hex) {
  for (const char c : text) {
    if (c != '0' && c != '.') {
      return Lowered(c) == (hex ? 'p' : 'e');
    }
  }
  return true;
}

template <class Float>
std::optional<Float> ParseFloating(std::string_view text) {
  text = WithoutBlanks(text);
  const bool negative = !text.empty() && text.front() == '-';
  if (!text.empty() && (negative || text.front() == '+')) {
    text.remove_prefix(1);
  }
  if (text.empty() || (!IsDigit(text.front()) && text.front() != '.')) {
    const std::optional<Float> special = ParseSpecial<Float>(text);
    return special && negative ? -*special : special;
  }
  const bool hex = StartsWithWord(text, "0x");
  if (hex) {
    text.remove_prefix(2);
    // libstdc++'s from_chars takes "p+-3" (GCC 12).
    if (text.empty() || text.front() == '-' || text.find("+-") != std::string_view::npos) {
      return std::nullopt;
    }
  }
  Float value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(
      text.data(), end, value, hex ? std::chars_format::hex : std::chars_format::general);
  const bool too_large = value == std::numeric_limits<Float>::infinity();
  if (error != std::errc() || stop != end || too_large ||
      (value == 0 && !HasOnlyZeros(text, hex))) {
    return std::nullopt;
  }
  return negative ? -value : value;
}

constexpr std::array<std::int8_t, 256> kHexDigits = [] {
  std::array<std::int8_t, 256> digits{};
  digits.fill(-1);
  for (std::size_t i = 0; i < 10; ++i) {
    digits['0' + i] = static_cast<std::int8_t>(i);
  }
  for (std::size_t i = 0; i < 6; ++i) {
    digits['a' + i] = digits['A' + i] = static_cast<std::int8_t>(10 + i);
  }
  return digits;
}();

int HexDigit(char c) { return kHexDigits[static_cast<unsigned char>(c)]; }

}  // namespace

std::optional<std::int64_t> ParseInteger(std::string_view text) {
  text = WithoutBlanks(text);
  const bool negative = !text.empty() && text.front() == '-';
  if (!text.empty() && (negative || text.front() == '+')) {
    text.remove_prefix(1);
  }
  if (text.empty()) {
    return std::nullopt;
  }
  if (text.size() > kSafeDigits) {
    return ParseLongInteger(text, negative);
  }
  std::int64_t value = 0;
  for (const char c : text) {
    if (!IsDigit(c)) {
      return std::nullopt;
    }
    value = value * 10 + DigitOf(c);
  }
  return negative ? -value : value;
}

std::optional<double> ParseDouble(std::string_view text) { return ParseFloating<double>(text); }

std::optional<float> ParseFloat(std::string_view text) { return ParseFloating<float>(text); }

std::optional<bool> ParseBoolean(std::string_view text) {
  text = WithoutBlanks(text);
  const auto begins = [&](std::string_view word, std::size_t least) {
    return text.size() >= least && text.size() <= word.size() &&
           IsWord(text, word.substr(0, text.size()));
  };
  if (text == "1" || begins("true", 1) || begins("yes", 1) || begins("on", 2)) {
    return true;
  }
  if (text == "0" || begins("false", 1) || begins("no", 1) || begins("off", 2)) {
    return false;
  }
  return std::nullopt;
}

std::optional<std::array<std::uint8_t, 16>> ParseUuid(std::string_view text) {
  if (text.size() >= 2 && text.front() == '{') {
    if (text.back() != '}') {
      return std::nullopt;
    }
    text = text.substr(1, text.size() - 2);
  }
  std::array<std::uint8_t, 16> uuid;
  std::size_t at = 0;
  for (std::size_t i = 0; i < uuid.size(); ++i) {
    if (text.size() < at + 2) {
      return std::nullopt;
    }
    const int high = HexDigit(text[at]);
    const int low = HexDigit(text[at + 1]);
    if ((high | low) < 0) {
      return std::nullopt;
    }
    uuid[i] = static_cast<std::uint8_t>(high * 16 + low);
    at += 2;
    // A hyphen may follow every fourth digit.
    if (i % 2 == 1 && i + 1 < uuid.size() && at < text.size() && text[at] == '-') {
      ++at;
    }
  }
  return at == text.size() ? std::optional(uuid) : std::nullopt;
}

std::optional<std::int32_t> ParseDate(std::string_view text, DateOrder order) {
  if (const std::optional<IsoText> iso = ReadIsoText(text)) {
    return iso->day;
  }
  const std::optional<DateText> date = ReadDateText(text, order);
  return date ? DateOf(*date) : std::nullopt;
}

std::optional<std::int64_t> ParseTimestamp(std::string_view text, DateOrder order) {
  const std::optional<IsoText> iso = ReadIsoText(text);
  if (iso && !iso->has_zone) {
    return iso->moment();
  }
  const std::optional<DateText> date = ReadDateText(text, order);
  return date && !date->zone_seconds ? MomentOf(*date) : std::nullopt;
}

std::optional<std::int64_t> ParseTimestampTz(std::string_view text, DateOrder order) {
  if (const std::optional<IsoText> iso = ReadIsoText(text)) {
    return iso->moment();
  }
  const std::optional<DateText> date = ReadDateText(text, order);
  return date ? MomentOf(*date) : std::nullopt;
}

std::optional<std::int64_t> ParseTime(std::string_view text) { return ReadTimeText(text); }

}  // namespace tenantry::load
