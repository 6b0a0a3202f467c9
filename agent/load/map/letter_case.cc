#include "agent/load/map/letter_case.h"

#include <cstdint>

namespace tenantry::load {
namespace {

// Capital letters from `first` to `last`, and where their small ones are. Source: Unicode 15,
// UnicodeData.txt, simple case mappings within these blocks.
struct LetterRange {
  std::uint32_t first;
  std::uint32_t last;
  std::uint32_t distance;  // 1: capitals and small letters alternate
};
constexpr LetterRange kRanges[] = {
    {0x00C0, 0x00D6, 32}, {0x00D8, 0x00DE, 32},                       // Latin-1
    {0x0100, 0x012E, 1},  {0x0132, 0x0136, 1},  {0x0139, 0x0147, 1},  // Latin Extended-A
    {0x014A, 0x0176, 1},  {0x0179, 0x017D, 1},  {0x01CD, 0x01DB, 1},
    {0x01DE, 0x01EE, 1},  {0x01F8, 0x021E, 1},  {0x0222, 0x0232, 1},  // -B
    {0x0386, 0x0386, 38}, {0x0388, 0x038A, 37}, {0x038C, 0x038C, 64},
    {0x038E, 0x038F, 63},  // Greek
    {0x0391, 0x03A1, 32}, {0x03A3, 0x03AB, 32}, {0x0400, 0x040F, 80},
    {0x0410, 0x042F, 32}, {0x0460, 0x0480, 1},  // Cyrillic
    {0x048A, 0x04BE, 1},  {0x04C1, 0x04CD, 1},  {0x04D0, 0x052E, 1},
    {0x0531, 0x0556, 48},                       // Armenian
    {0x1E00, 0x1E94, 1},  {0x1EA0, 0x1EFE, 1},  // Latin Extended Additional
};
constexpr std::uint32_t kCapitalY = 0x0178;  // with diaeresis: its small letter is in Latin-1
constexpr std::uint32_t kSmallY = 0x00FF;
constexpr std::uint32_t kFinalSigma = 0x03C2;
constexpr std::uint32_t kCapitalSigma = 0x03A3;

std::uint32_t Lowered(std::uint32_t letter) {
  if (letter == kCapitalY) {
    return kSmallY;
  }
  for (const LetterRange& range : kRanges) {
    if (letter >= range.first && letter <= range.last) {
      const bool is_capital = range.distance > 1 || (letter - range.first) % 2 == 0;
      return is_capital ? letter + range.distance : letter;
    }
  }
  return letter;
}

std::uint32_t Raised(std::uint32_t letter) {
  if (letter == kSmallY || letter == kFinalSigma) {
    return letter == kSmallY ? kCapitalY : kCapitalSigma;
  }
  for (const LetterRange& range : kRanges) {
    const std::uint32_t capital = letter - range.distance;
    const bool is_small = letter >= range.first + range.distance &&
                          letter <= range.last + range.distance &&
                          (range.distance > 1 || (capital - range.first) % 2 == 0);
    if (is_small) {
      return capital;
    }
  }
  return letter;
}

char Ascii(char c, LetterCase letter_case) {
  const char first = letter_case == LetterCase::kLower ? 'A' : 'a';
  const bool changes = c >= first && c <= first + 25;
  return changes ? static_cast<char>(c ^ 0x20) : c;
}

// The character that begins at text[at] has two or three bytes, or stays as it is.
std::size_t AppendLetter(std::string_view text, std::size_t at, LetterCase letter_case,
                         std::string& out) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[at + i]); };
  const std::size_t size = byte(0) < 0xE0 ? 2 : byte(0) < 0xF0 ? 3 : 4;
  if (size == 4) {
    out.append(text.substr(at, size));
    return size;
  }
  std::uint32_t letter = size == 2 ? (byte(0) & 0x1FU) : (byte(0) & 0x0FU);
  for (std::size_t i = 1; i < size; ++i) {
    letter = (letter << 6) | (byte(i) & 0x3FU);
  }
  letter = letter_case == LetterCase::kLower ? Lowered(letter) : Raised(letter);
  if (size == 3) {
    out += static_cast<char>(0xE0 | (letter >> 12));
    out += static_cast<char>(0x80 | ((letter >> 6) & 0x3F));
  } else {
    out += static_cast<char>(0xC0 | (letter >> 6));
  }
  out += static_cast<char>(0x80 | (letter & 0x3F));
  return size;
}

}  // namespace

void AppendInCase(std::string_view text, LetterCase letter_case, std::string& out) {
  for (std::size_t at = 0; at < text.size();) {
    if (static_cast<std::uint8_t>(text[at]) < 0x80) {
      out += Ascii(text[at], letter_case);
      ++at;
    } else {
      at += AppendLetter(text, at, letter_case, out);
    }
  }
}

}  // namespace tenantry::load
