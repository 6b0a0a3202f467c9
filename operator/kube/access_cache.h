#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>

#include "common/base/clock.h"

namespace tenantry::kube {

enum class Access {
  kAllowed,
  kUnauthenticated,  // the token is nobody's
  kForbidden,        // its holder may not
};

// Remembers answers for a while. Tokens are known by their SHA-256 only. Time is an argument;
// memory is bounded. Not thread-safe.
class AccessCache {
 public:
  struct Question {
    std::string token;  // its SHA-256, never the token itself
    std::string path;
    std::string verb;

    friend auto operator<=>(const Question&, const Question&) = default;
  };

  std::optional<Access> Find(const Question& question, MonotonicTime now) const;
  void Remember(const Question& question, Access access, MonotonicTime now);
  std::size_t size() const { return answers_.size(); }

  // An allowance is withdrawn late rather than asked for with each scrape; a right that was just
  // given shows at once.
  static constexpr std::chrono::minutes kAllowedFor{1};
  static constexpr std::chrono::seconds kRefusedFor{5};
  static constexpr std::size_t kMaxRemembered = 1024;

 private:
  struct Answer {
    Access access;
    MonotonicTime until;
  };

  std::map<Question, Answer> answers_;
};

}  // namespace tenantry::kube
