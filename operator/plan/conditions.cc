#include "operator/plan/conditions.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "common/api/reasons.h"

namespace tenantry::plan {
namespace {

namespace condition = api::condition;
using api::ConditionStatus;

constexpr std::size_t kMaxMessage = 32'768;  // metav1.Condition.message

int Rank(const std::string& type) {
  return type == condition::kReady         ? 0
         : type == condition::kReconciling ? 1
         : type == condition::kStalled     ? 2
                                           : 3;
}

ConditionStatus ReadyStatus(Shape shape) {
  switch (shape) {
    case Shape::kReady:
      return ConditionStatus::kTrue;
    case Shape::kInProgress:
      return ConditionStatus::kUnknown;
    case Shape::kRetrying:
    case Shape::kStalled:
    case Shape::kHalted:
      return ConditionStatus::kFalse;
  }
  return ConditionStatus::kUnknown;
}

// At most kMaxMessage bytes, cut between two characters: half of one would be no JSON.
std::string CutMessage(const std::string& message) {
  if (message.size() <= kMaxMessage) {
    return message;
  }
  std::size_t end = kMaxMessage;
  while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xC0U) == 0x80U) {
    --end;
  }
  return message.substr(0, end);
}

}  // namespace

bool IsTaskFailure(const std::string& reason) {
  static constexpr std::array kNotBegun = {
      api::reason::kDependencyNotReady, api::reason::kSecretNotFound,
      api::reason::kInvalidSecret,      api::reason::kConfigMapNotFound,
      api::reason::kAgentUnreachable,   api::reason::kAgentUnauthorized,
      api::reason::kAgentVersionSkew,   api::reason::kFinalizerBlocked,
      api::reason::kSuspended};
  return std::none_of(kNotBegun.begin(), kNotBegun.end(),
                      [&](const char* not_begun) { return reason == not_begun; });
}

std::optional<Verdict> StandingFailure(const std::vector<api::Condition>& conditions,
                                       std::int64_t generation) {
  const api::Condition* ready = api::FindCondition(conditions, condition::kReady);
  if (ready == nullptr || ready->status != ConditionStatus::kFalse ||
      ready->observed_generation != generation || !IsTaskFailure(ready->reason)) {
    return std::nullopt;
  }
  const Shape shape =
      api::IsTrue(conditions, condition::kStalled) ? Shape::kStalled : Shape::kRetrying;
  return Verdict{shape, ready->reason, ready->message};
}

ConditionSet::ConditionSet(std::vector<api::Condition> before, std::int64_t generation,
                           WallTime now)
    : conditions_(std::move(before)), generation_(generation), now_(FormatTime(now)) {}

void ConditionSet::Set(const std::string& type, ConditionStatus status, const std::string& reason,
                       const std::string& message) {
  auto found = std::find_if(conditions_.begin(), conditions_.end(),
                            [&](const api::Condition& c) { return c.type == type; });
  if (found == conditions_.end()) {
    conditions_.push_back({.type = type, .status = status, .last_transition_time = now_});
    found = std::prev(conditions_.end());
  } else if (found->status != status) {
    found->status = status;
    found->last_transition_time = now_;
  }
  found->reason = reason;
  found->message = CutMessage(message);
}

void ConditionSet::Remove(const std::string& type) {
  std::erase_if(conditions_, [&](const api::Condition& c) { return c.type == type; });
}

void ConditionSet::SetVerdict(const Verdict& verdict) {
  Set(condition::kReady, ReadyStatus(verdict.shape), verdict.reason, verdict.message);
  switch (verdict.shape) {
    case Shape::kInProgress:
      SetTrue(condition::kReconciling, api::reason::kProgressing, verdict.message);
      Remove(condition::kStalled);
      return;
    case Shape::kRetrying:
      SetTrue(condition::kReconciling, api::reason::kProgressingWithRetry, verdict.message);
      Remove(condition::kStalled);
      return;
    case Shape::kStalled:
      Remove(condition::kReconciling);
      SetTrue(condition::kStalled, verdict.reason, verdict.message);
      return;
    case Shape::kReady:
    case Shape::kHalted:
      Remove(condition::kReconciling);
      Remove(condition::kStalled);
      return;
  }
}

std::vector<api::Condition> ConditionSet::Take() && {
  for (api::Condition& condition : conditions_) {
    condition.observed_generation = generation_;
  }
  std::sort(conditions_.begin(), conditions_.end(), [](const auto& a, const auto& b) {
    return std::make_tuple(Rank(a.type), std::cref(a.type.str())) <
           std::make_tuple(Rank(b.type), std::cref(b.type.str()));
  });
  return std::move(conditions_);
}

}  // namespace tenantry::plan
