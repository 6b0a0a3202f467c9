#include "cli/exit_code.h"

#include <algorithm>
#include <array>

namespace tenantry::cli {

int WorseExit(int left, int right) {
  constexpr std::array kFromBest = {kExitOk, kExitRejects, kExitUsage, kExitFailed, kExitCancelled};
  const auto rank = [&](int code) { return std::find(kFromBest.begin(), kFromBest.end(), code); };
  return rank(left) < rank(right) ? right : left;
}

}  // namespace tenantry::cli
