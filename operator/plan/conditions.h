#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/api/meta.h"
#include "common/base/clock.h"

namespace tenantry::plan {

// The legal shapes of Ready, Reconciling and Stalled (kstatus and Flux agree on them).
enum class Shape {
  kReady,       // Ready True
  kInProgress,  // Ready Unknown, Reconciling True
  kRetrying,    // Ready False, Reconciling True: will be tried again by itself
  kStalled,     // Ready False, Stalled True: needs a human
  kHalted,      // Ready False alone: on purpose (suspended)
};

// What one pass came to.
struct Verdict {
  Shape shape = Shape::kInProgress;
  std::string reason;
  std::string message;

  friend bool operator==(const Verdict&, const Verdict&) = default;
};

// Whether a task's own work can fail for that reason. False: the task could not even be begun.
bool IsTaskFailure(const std::string& reason);

// What Ready says of this generation when a task has failed; none when all else is true. While the
// task is tried again it stands: a try that ends like the one before it is no news.
std::optional<Verdict> StandingFailure(const std::vector<api::Condition>& conditions,
                                       std::int64_t generation);

// The conditions of one object while a pass writes them. Transition times move only when a status
// changes; the conditions that stay are all stamped with the generation that was looked at.
class ConditionSet {
 public:
  ConditionSet(std::vector<api::Condition> before, std::int64_t generation, WallTime now);

  void Set(const std::string& type, api::ConditionStatus status, const std::string& reason,
           const std::string& message);
  void SetTrue(const std::string& type, const std::string& reason, const std::string& message) {
    Set(type, api::ConditionStatus::kTrue, reason, message);
  }
  void SetFalse(const std::string& type, const std::string& reason, const std::string& message) {
    Set(type, api::ConditionStatus::kFalse, reason, message);
  }
  void Remove(const std::string& type);
  void SetVerdict(const Verdict& verdict);  // Ready, Reconciling and Stalled together

  std::vector<api::Condition> Take() &&;  // sorted: Ready, Reconciling, Stalled, then by name

 private:
  std::vector<api::Condition> conditions_;
  std::int64_t generation_;
  std::string now_;
};

}  // namespace tenantry::plan
