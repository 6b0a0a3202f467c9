#include "cli/shell_words.h"

#include <algorithm>
#include <cctype>

#include "cli/store_url.h"
#include "common/base/strings.h"

namespace tenantry::cli {
namespace {

bool NeedsNoQuotes(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
         std::string_view("_-./:=,@%+").find(c) != std::string_view::npos;
}

}  // namespace

std::string ShellQuote(std::string_view word) {
  if (!word.empty() && std::all_of(word.begin(), word.end(), NeedsNoQuotes)) {
    return std::string(word);
  }
  std::string quoted = "'";
  for (const char c : word) {
    quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return quoted + "'";
}

std::string ShellLine(const std::vector<std::string>& words) {
  std::vector<std::string> quoted;
  for (const std::string& word : words) {
    quoted.push_back(ShellQuote(WithoutPassword(word)));
  }
  return Join(quoted, " ");
}

}  // namespace tenantry::cli
