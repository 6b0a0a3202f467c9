#include <charconv>
#include <cstring>
#include <limits>

#include "agent/load/read/characters.h"
#include "agent/load/read/values.h"

// numeric_in and numeric_send. Source: PostgreSQL 15, src/backend/utils/adt/numeric.c.
namespace tenantry::load {
namespace {

constexpr int kDigitsPerGroup = 4;
constexpr std::int64_t kMostScale = 0x3FFF;
constexpr std::int64_t kMostExponent = std::numeric_limits<std::int32_t>::max() / 2;

enum class Sign : std::uint16_t {
  kPositive = 0x0000,
  kNegative = 0x4000,
  kNan = 0xC000,
  kPositiveInfinity = 0xD000,
  kNegativeInfinity = 0xF000,
};

struct Decimal {
  Sign sign = Sign::kPositive;
  std::string_view whole;     // digits before the point
  std::string_view fraction;  // and after it
  std::int64_t exponent = 0;
  std::int64_t scale = 0;
};

std::string_view TakeDigits(std::string_view& text) {
  std::size_t count = 0;
  while (count < text.size() && IsDigit(text[count])) {
    ++count;
  }
  const std::string_view digits = text.substr(0, count);
  text.remove_prefix(count);
  return digits;
}

// As strtol: blanks and a sign may come first. `text` follows the "e".
std::optional<std::int64_t> ReadExponent(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) {
    text.remove_prefix(1);
  }
  if (!text.empty() && text.front() == '+') {
    text.remove_prefix(1);
    if (!text.empty() && text.front() == '-') {
      return std::nullopt;
    }
  }
  std::int64_t exponent = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, exponent);
  if (error != std::errc() || stop != end || exponent >= kMostExponent ||
      exponent <= -kMostExponent) {
    return std::nullopt;
  }
  return exponent;
}

std::optional<Decimal> ReadSpecial(std::string_view text) {
  if (IsWord(text, "nan")) {
    return Decimal{.sign = Sign::kNan};
  }
  const bool negative = !text.empty() && text.front() == '-';
  if (!text.empty() && (negative || text.front() == '+')) {
    text.remove_prefix(1);
  }
  if (!IsWord(text, "inf") && !IsWord(text, "infinity")) {
    return std::nullopt;
  }
  // The scale is what numeric_send makes of an infinity's header.
  return Decimal{.sign = negative ? Sign::kNegativeInfinity : Sign::kPositiveInfinity, .scale = 32};
}

std::optional<Decimal> ReadDecimal(std::string_view text) {
  Decimal decimal;
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    decimal.sign = text.front() == '-' ? Sign::kNegative : Sign::kPositive;
    text.remove_prefix(1);
  }
  decimal.whole = TakeDigits(text);
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    decimal.fraction = TakeDigits(text);
  }
  if (decimal.whole.empty() && decimal.fraction.empty()) {
    return std::nullopt;
  }
  if (!text.empty()) {
    if (Lowered(text.front()) != 'e') {
      return std::nullopt;
    }
    const std::optional<std::int64_t> exponent = ReadExponent(text.substr(1));
    if (!exponent) {
      return std::nullopt;
    }
    decimal.exponent = *exponent;
  }
  decimal.scale = std::max<std::int64_t>(
      0, static_cast<std::int64_t>(decimal.fraction.size()) - decimal.exponent);
  return decimal;
}

// The place of the first digit that is not 0 becomes decimal.exponent: 10^exponent is its worth.
void StripZeros(Decimal& decimal) {
  const std::size_t zeros = std::min(decimal.whole.find_first_not_of('0'), decimal.whole.size());
  decimal.whole.remove_prefix(zeros);
  decimal.exponent += static_cast<std::int64_t>(decimal.whole.size()) - 1;
  if (decimal.whole.empty()) {
    const std::size_t more =
        std::min(decimal.fraction.find_first_not_of('0'), decimal.fraction.size());
    decimal.fraction.remove_prefix(more);
    decimal.exponent -= static_cast<std::int64_t>(more);
  }
  while (!decimal.fraction.empty() && decimal.fraction.back() == '0') {
    decimal.fraction.remove_suffix(1);
  }
  while (decimal.fraction.empty() && !decimal.whole.empty() && decimal.whole.back() == '0') {
    decimal.whole.remove_suffix(1);
  }
}

// Writes groups of four decimal digits, big-endian.
class GroupWriter {
 public:
  GroupWriter(char* out, int filled) : out_(out), filled_(filled) {}

  void Write(std::string_view digits) {
    for (const char c : digits) {
      group_ = group_ * 10 + DigitOf(c);
      if (++filled_ == kDigitsPerGroup) {
        Flush();
      }
    }
  }
  void Finish() {
    if (filled_ == 0) {
      return;
    }
    for (; filled_ < kDigitsPerGroup; ++filled_) {
      group_ *= 10;
    }
    Flush();
  }

 private:
  void Flush() {
    *out_++ = static_cast<char>(group_ >> 8);
    *out_++ = static_cast<char>(group_ & 0xFF);
    group_ = 0;
    filled_ = 0;
  }

  char* out_;
  int group_ = 0;
  int filled_;
};

void WriteUint16(char* out, std::uint64_t value) {
  out[0] = static_cast<char>(value >> 8 & 0xFF);
  out[1] = static_cast<char>(value & 0xFF);
}

}  // namespace

bool AppendNumeric(std::string_view text, std::string& out) {
  text = WithoutBlanks(text);
  std::optional<Decimal> decimal = ReadDecimal(text);
  if (!decimal) {
    decimal = ReadSpecial(text);
  }
  if (!decimal || decimal->scale > kMostScale) {
    return false;
  }
  StripZeros(*decimal);
  const std::size_t digits = decimal->whole.size() + decimal->fraction.size();
  std::int64_t weight = 0;
  int before = 0;  // zeros of the first group before the first digit
  if (digits > 0) {
    // Rounds down for negative exponents, too.
    weight =
        (decimal->exponent >= 0 ? decimal->exponent : decimal->exponent - (kDigitsPerGroup - 1)) /
        kDigitsPerGroup;
    before = static_cast<int>(kDigitsPerGroup - 1 - (decimal->exponent - weight * kDigitsPerGroup));
  } else if (decimal->sign == Sign::kNegative) {
    decimal->sign = Sign::kPositive;
  }
  if (weight < std::numeric_limits<std::int16_t>::min() ||
      weight > std::numeric_limits<std::int16_t>::max()) {
    return false;
  }
  constexpr std::size_t kHeader = 8;
  const std::size_t groups =
      digits == 0
          ? 0
          : (digits + static_cast<std::size_t>(before) + kDigitsPerGroup - 1) / kDigitsPerGroup;
  const std::size_t start = out.size();
  out.resize(start + kHeader + 2 * groups);
  char* const to = out.data() + start;
  WriteUint16(to, groups);
  WriteUint16(to + 2, static_cast<std::uint64_t>(weight));
  WriteUint16(to + 4, static_cast<std::uint64_t>(decimal->sign));
  WriteUint16(to + 6, static_cast<std::uint64_t>(decimal->scale));
  GroupWriter writer(to + kHeader, before);
  writer.Write(decimal->whole);
  writer.Write(decimal->fraction);
  writer.Finish();
  return true;
}

}  // namespace tenantry::load
