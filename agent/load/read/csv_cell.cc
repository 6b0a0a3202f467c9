#include "agent/load/read/csv_cell.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "common/base/strings.h"

namespace tenantry::load {
namespace {

bool IsDigit(char byte) { return byte >= '0' && byte <= '9'; }
bool IsLetter(char byte) { return (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z'; }
bool IsHex(char byte) { return IsDigit(byte) || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'f'); }

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& byte : lower) {
    byte = byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte | 0x20) : byte;
  }
  return lower;
}

template <std::size_t size>
bool IsOneOf(std::string_view text, const std::array<std::string_view, size>& words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

// "12", "-1.5e3", "1,234.50", "1.234,50", "12 %", "$12", "NaN".
bool LooksLikeNumber(std::string_view text) {
  constexpr std::array<std::string_view, 4> kWords = {"nan", "inf", "infinity", "-infinity"};
  if (text.size() > 64 || IsOneOf(Lower(text), kWords)) {
    return text.size() <= 64;
  }
  constexpr std::array<std::string_view, 5> kSigns = {"-", "+", "$", "€", "£"};
  for (const std::string_view sign : kSigns) {
    text.remove_prefix(text.starts_with(sign) ? sign.size() : 0);
  }
  if (text.ends_with('%')) {
    text = Trim(text.substr(0, text.size() - 1));
  }
  const std::size_t exponent = text.find_first_of("eE");
  if (exponent != std::string_view::npos) {
    std::string_view power = text.substr(exponent + 1);
    power.remove_prefix(power.starts_with('-') || power.starts_with('+') ? 1 : 0);
    if (power.empty() || !std::all_of(power.begin(), power.end(), IsDigit)) {
      return false;
    }
    text = text.substr(0, exponent);
  }
  const auto marks =
      std::count_if(text.begin(), text.end(), [](char byte) { return byte == '.' || byte == ','; });
  const auto digits = std::count_if(text.begin(), text.end(), IsDigit);
  return digits > 0 && digits + marks == static_cast<std::ptrdiff_t>(text.size()) &&
         marks <= digits && !text.ends_with(',');
}

bool StartsWithMonth(std::string_view text) {
  constexpr std::array<std::string_view, 12> kMonths = {"jan", "feb", "mar", "apr", "may", "jun",
                                                        "jul", "aug", "sep", "oct", "nov", "dec"};
  return text.size() >= 3 && IsOneOf(Lower(text.substr(0, 3)), kMonths);
}

// "2020-01-31", "31.12.2020", "1/2/20 10:30 PM", "12:30:05.5+02", "Jun 12 1998".
bool LooksLikeTime(std::string_view text) {
  if (text.size() < 4 || text.size() > 40) {
    return false;
  }
  std::size_t digits = 0;
  std::size_t marks = 0;
  std::size_t words = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char byte = text[i];
    if (IsDigit(byte)) {
      ++digits;
    } else if (std::string_view("-/:.+ ,").find(byte) != std::string_view::npos) {
      marks += byte != ' ' && byte != ',' ? 1 : 0;
    } else if (IsLetter(byte) && (i == 0 || !IsLetter(text[i - 1]))) {
      const std::string word = Lower(text.substr(i, 3));
      const bool known = StartsWithMonth(word) || word.starts_with("am") ||
                         word.starts_with("pm") || word[0] == 't' || word[0] == 'z' ||
                         word == "utc" || word == "gmt";
      if (!known) {
        return false;
      }
      words += StartsWithMonth(word) ? 1 : 0;
    } else if (!IsLetter(byte)) {
      return false;
    }
  }
  return digits >= 3 && (marks >= 2 || words == 1 || (marks == 1 && text[text.size() - 3] == ':'));
}

bool LooksLikeUuid(std::string_view text) {
  return text.size() == 36 && std::count(text.begin(), text.end(), '-') == 4 &&
         std::all_of(text.begin(), text.end(),
                     [](char byte) { return byte == '-' || IsHex(byte); });
}

bool LooksLikeAddress(std::string_view text) {
  if (text.find_first_of(" \t,;|") != std::string_view::npos) {
    return false;
  }
  const std::size_t at = text.find('@');
  const bool mailbox = at != std::string_view::npos && at > 0 &&
                       text.find('.', at) != std::string_view::npos &&
                       text.find('@', at + 1) == std::string_view::npos;
  const std::size_t scheme = text.find("://");
  const bool page = scheme != std::string_view::npos && scheme > 1 && scheme < 8;
  const bool host =
      std::count(text.begin(), text.end(), '.') == 3 &&
      std::all_of(text.begin(), text.end(), [](char byte) { return byte == '.' || IsDigit(byte); });
  return mailbox || page || host || text.starts_with("www.");
}

}  // namespace

CellKind ClassifyCell(std::string_view text) {
  text = Trim(text);
  if (text.empty()) {
    return CellKind::kEmpty;
  }
  constexpr std::array<std::string_view, 4> kBooleans = {"true", "false", "yes", "no"};
  if (text.size() <= 5 && IsOneOf(Lower(text), kBooleans)) {
    return CellKind::kBoolean;
  }
  if (LooksLikeUuid(text) || LooksLikeAddress(text)) {
    return CellKind::kOther;
  }
  if (LooksLikeNumber(text)) {
    return CellKind::kNumber;
  }
  return LooksLikeTime(text) ? CellKind::kTime : CellKind::kText;
}

}  // namespace tenantry::load
