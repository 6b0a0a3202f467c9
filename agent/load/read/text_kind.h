#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "agent/load/read/date_text.h"
#include "agent/load/read/json_scan.h"

// What a text looks like. Stricter than the parsers of values: "007" is an integer for PostgreSQL,
// but making one of it would lose its zeros. Pure.
namespace tenantry::load {

enum class NumberKind : std::uint8_t {
  kInteger,
  kBigint,
  kNumeric,
  kSpecial,  // NaN, Infinity: a number only among numbers
  kCode,     // leading zeros or a plus sign, which a number would lose
  kNone,
};
NumberKind NumberKindOf(std::string_view text);

// true, t, yes, y, on and their opposites; neither 1 and 0 nor other beginnings of these words.
bool IsBooleanWord(std::string_view text);

// 8-4-4-4-12 hexadecimal digits: other forms are as likely a hash.
bool IsUuid(std::string_view text);

// A date with a year of four digits, or of two in a form that cannot be a version number.
std::optional<DateText> DateIn(std::string_view text, DateOrder order);

// "DD.MM.YYYY"; empty for ISO 8601.
std::string FormatOf(const DateText& date, DateOrder order);

// Texts that are JSON objects or arrays.
class JsonTexts {
 public:
  bool Has(std::string_view text);

 private:
  std::string padded_;
  JsonScan scan_;
};

}  // namespace tenantry::load
