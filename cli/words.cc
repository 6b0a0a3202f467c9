#include "cli/words.h"

#include <algorithm>
#include <cctype>
#include <numeric>

namespace tenantry::cli {
namespace {

// Insertions, deletions, substitutions and swaps of neighbours between two words.
std::size_t Distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> before(right.size() + 1);
  std::vector<std::size_t> last(right.size() + 1);
  std::vector<std::size_t> row(right.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= left.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= right.size(); ++j) {
      const std::size_t substitution = last[j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, substitution});
      const bool swapped =
          i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1];
      row[j] = swapped ? std::min(row[j], before[j - 2] + 1) : row[j];
    }
    before.swap(last);
    last.swap(row);
  }
  return last.back();
}

}  // namespace

std::string PlainWord(std::string_view word) {
  std::string plain;
  for (const char c : word) {
    if (c != '-' && c != '_') {
      plain += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
  }
  return plain;
}

std::string Nearest(std::string_view word, const std::vector<std::string>& candidates) {
  constexpr std::size_t kLongestWord = 64;  // the time needed is the product of the lengths
  if (word.size() > kLongestWord) {
    return "";
  }
  // A third of the word may be wrong.
  std::size_t least = word.size() / 3 + 1;
  std::string nearest;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = Distance(word, candidate);
    if (distance < least) {
      least = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

}  // namespace tenantry::cli
