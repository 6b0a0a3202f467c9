#include "agent/postgres/quote.h"

namespace tenantry::postgres {
namespace {

std::string Doubled(std::string_view text, char doubled) {
  std::string result;
  result.reserve(text.size() + 2);
  for (const char c : text) {
    if (c == doubled) {
      result += c;
    }
    result += c;
  }
  return result;
}

}  // namespace

std::string QuoteIdentifier(std::string_view name) { return '"' + Doubled(name, '"') + '"'; }

std::string QuoteLiteral(std::string_view text) {
  std::string quoted = '\'' + Doubled(text, '\'') + '\'';
  if (text.find('\\') == std::string_view::npos) {
    return quoted;
  }
  // E'' reads the same whatever standard_conforming_strings is.
  return "E" + Doubled(quoted, '\\');
}

}  // namespace tenantry::postgres
