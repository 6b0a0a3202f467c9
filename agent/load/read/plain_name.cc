#include "agent/load/read/plain_name.h"

namespace tenantry::load {

std::string PlainName(std::string_view name) {
  std::string plain;
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c & 0x80) != 0;
    const bool upper = c >= 'A' && c <= 'Z';
    if (letter || upper) {
      plain += upper ? static_cast<char>(c - 'A' + 'a') : c;
    } else if (!plain.empty() && plain.back() != '_') {
      plain += '_';
    }
  }
  while (!plain.empty() && plain.back() == '_') {
    plain.pop_back();
  }
  return !plain.empty() && plain[0] >= '0' && plain[0] <= '9' ? "_" + plain : plain;
}

}  // namespace tenantry::load
