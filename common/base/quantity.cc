#include "common/base/quantity.h"

#include <array>
#include <cstdio>
#include <limits>
#include <optional>
#include <string_view>

#include "common/base/strings.h"

namespace tenantry {
namespace {

// Wide enough for 19 digits (all that TakeDecimal reads) times any unit, so that nothing is rounded
// on the way.
__extension__ using Wide = unsigned __int128;

constexpr auto kMaxValue = static_cast<Wide>(std::numeric_limits<std::int64_t>::max());

// `digits` × 10^-`fraction_digits`, as written: "1.50" is 15 and 1.
struct Decimal {
  std::uint64_t digits = 0;
  int fraction_digits = 0;
};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Takes digits with at most one point from the front of `text`; none when there is no number or it
// has more significant digits than fit.
std::optional<Decimal> TakeDecimal(std::string_view* text) {
  Decimal number;
  bool seen_digit = false;
  bool seen_point = false;
  int pending_zeros = 0;  // of the fraction: they count only when another digit follows
  while (!text->empty() && (IsDigit(text->front()) || (text->front() == '.' && !seen_point))) {
    const char c = text->front();
    text->remove_prefix(1);
    if (c == '.') {
      seen_point = true;
      continue;
    }
    seen_digit = true;
    if (seen_point && c == '0') {
      ++pending_zeros;
      continue;
    }
    const int shift = seen_point ? pending_zeros + 1 : 1;
    pending_zeros = 0;
    for (int i = 0; i < shift; ++i) {
      if (number.digits > 999'999'999'999'999'999) {
        return std::nullopt;
      }
      number.digits *= 10;
    }
    number.digits += static_cast<std::uint64_t>(c - '0');
    number.fraction_digits += seen_point ? shift : 0;
  }
  return seen_digit ? std::optional(number) : std::nullopt;
}

// number × unit × 10^exponent, rounded up; none when it exceeds 2^63-1.
std::optional<std::int64_t> Scale(const Decimal& number, std::uint64_t unit, int exponent) {
  Wide value = static_cast<Wide>(number.digits) * unit;
  int shift = exponent - number.fraction_digits;
  for (; shift > 0 && value != 0; --shift) {
    value *= 10;
    if (value > kMaxValue) {
      return std::nullopt;
    }
  }
  // Dividing in steps with a remembered remainder rounds the same way as dividing once.
  bool remainder = false;
  for (; shift < 0 && value != 0; ++shift) {
    remainder = remainder || value % 10 != 0;
    value /= 10;
  }
  value += remainder ? 1 : 0;
  if (value > kMaxValue) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(value);
}

// What a suffix multiplies by: `unit` × 10^`exponent`.
struct Suffix {
  std::string_view text;
  std::uint64_t unit;
  int exponent;
};

constexpr std::array<Suffix, 16> kByteSuffixes = {{{"", 1, 0},
                                                   {"n", 1, -9},
                                                   {"u", 1, -6},
                                                   {"m", 1, -3},
                                                   {"k", 1, 3},
                                                   {"M", 1, 6},
                                                   {"G", 1, 9},
                                                   {"T", 1, 12},
                                                   {"P", 1, 15},
                                                   {"E", 1, 18},
                                                   {"Ki", 1ULL << 10, 0},
                                                   {"Mi", 1ULL << 20, 0},
                                                   {"Gi", 1ULL << 30, 0},
                                                   {"Ti", 1ULL << 40, 0},
                                                   {"Pi", 1ULL << 50, 0},
                                                   {"Ei", 1ULL << 60, 0}}};

// "e9", "E-3": a decimal exponent; none for anything else. Beyond ±99 nothing is a size any more.
std::optional<Suffix> ParseExponent(std::string_view text) {
  if (text.size() < 2 || (text[0] != 'e' && text[0] != 'E')) {
    return std::nullopt;
  }
  text.remove_prefix(1);
  const bool negative = text[0] == '-';
  if (text[0] == '-' || text[0] == '+') {
    text.remove_prefix(1);
  }
  if (text.empty() || text.size() > 2) {
    return std::nullopt;
  }
  int exponent = 0;
  for (const char c : text) {
    if (!IsDigit(c)) {
      return std::nullopt;
    }
    exponent = exponent * 10 + (c - '0');
  }
  return Suffix{"", 1, negative ? -exponent : exponent};
}

std::optional<Suffix> FindByteSuffix(std::string_view text) {
  for (const Suffix& suffix : kByteSuffixes) {
    if (suffix.text == text) {
      return suffix;
    }
  }
  return ParseExponent(text);
}

constexpr std::array<Suffix, 8> kDurationUnits = {{{"ns", 1, 0},
                                                   {"us", 1, 3},
                                                   {"µs", 1, 3},
                                                   {"μs", 1, 3},
                                                   {"ms", 1, 6},
                                                   {"s", 1, 9},
                                                   {"m", 60, 9},
                                                   {"h", 3600, 9}}};

// Takes the unit in front of `text`: everything up to the next number.
const Suffix* TakeDurationUnit(std::string_view* text) {
  std::size_t length = 0;
  while (length < text->size() && !IsDigit((*text)[length]) && (*text)[length] != '.') {
    ++length;
  }
  const std::string_view name = text->substr(0, length);
  text->remove_prefix(length);
  for (const Suffix& unit : kDurationUnits) {
    if (unit.text == name) {
      return &unit;
    }
  }
  return nullptr;
}

Error NotAQuantity(const std::string& text) {
  return {.code = ErrorCode::kInvalid,
          .message = "\"" + Shorten(text) +
                     "\" is not a size between 0 and 8Ei; write a number with a unit, such as "
                     "512Mi or 100Gi"};
}

Error NotADuration(const std::string& text) {
  return {.code = ErrorCode::kInvalid,
          .message = "\"" + Shorten(text) +
                     "\" is not a duration; write numbers with units, such as 30s or 1h30m"};
}

}  // namespace

Result<std::int64_t> ParseBytes(const std::string& text) {
  std::string_view rest = text;
  if (!rest.empty() && rest.front() == '+') {
    rest.remove_prefix(1);
  }
  const std::optional<Decimal> number = TakeDecimal(&rest);
  if (!number) {
    return NotAQuantity(text);
  }
  const std::optional<Suffix> suffix = FindByteSuffix(rest);
  if (!suffix) {
    return NotAQuantity(text);
  }
  const std::optional<std::int64_t> bytes = Scale(*number, suffix->unit, suffix->exponent);
  if (!bytes) {
    return NotAQuantity(text);
  }
  return *bytes;
}

std::string FormatBytes(std::int64_t bytes) {
  constexpr std::array<const char*, 6> kUnits = {"Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
  if (bytes < 1024) {
    return std::to_string(bytes);
  }
  double scaled = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  // 1023.95 would be rounded to "1024".
  while (scaled >= 1023.95 && unit + 1 < kUnits.size()) {
    scaled /= 1024;
    ++unit;
  }
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", scaled);
  std::string shown = text;
  if (shown.ends_with(".0")) {
    shown.resize(shown.size() - 2);
  }
  return shown + kUnits[unit];
}

Result<std::chrono::milliseconds> ParseDuration(const std::string& text) {
  if (text == "0") {
    return std::chrono::milliseconds(0);
  }
  std::string_view rest = text;
  Wide total = 0;
  do {
    const std::optional<Decimal> number = TakeDecimal(&rest);
    const Suffix* unit = number ? TakeDurationUnit(&rest) : nullptr;
    const std::optional<std::int64_t> nanoseconds =
        unit != nullptr ? Scale(*number, unit->unit, unit->exponent) : std::nullopt;
    if (!nanoseconds) {
      return NotADuration(text);
    }
    total += static_cast<Wide>(*nanoseconds);
    if (total > kMaxValue) {
      return NotADuration(text);
    }
  } while (!rest.empty());
  // A positive duration never becomes "at once".
  const auto nanoseconds = static_cast<std::int64_t>(total);
  return std::chrono::ceil<std::chrono::milliseconds>(std::chrono::nanoseconds(nanoseconds));
}

}  // namespace tenantry
