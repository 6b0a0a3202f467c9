#pragma once

#include <string>
#include <string_view>

namespace tenantry::load {

// How numbers are written: "1.234,56" has the decimal mark "," and the thousands mark ".".
struct NumberFormat {
  std::string decimal = ".";
  std::string thousands;  // empty: none

  // Appends the number as PostgreSQL and JSON write it: "1234.56". False, and nothing appended: the
  // text is no such number. Thousands marks must stand where thousands do (groups of three digits
  // before the decimal mark; of two before those, as in India), so that "1.5" is no 15.
  bool Append(std::string_view text, std::string& out) const;
};

}  // namespace tenantry::load
