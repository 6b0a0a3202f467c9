#include "tests/unit/plan/legal_shape.h"

#include <gtest/gtest.h>

#include <cctype>
#include <set>
#include <string>

#include "common/api/reasons.h"
#include "common/base/clock.h"

namespace tenantry::plan {
namespace {

namespace condition = api::condition;
using api::Condition;
using api::ConditionStatus;

std::string Describe(const std::vector<Condition>& conditions) {
  std::string text;
  for (const Condition& each : conditions) {
    text += each.type.str() + "=" + ToString(each.status) + " (" + each.reason.str() + ": " +
            each.message.str() + ", generation " + std::to_string(each.observed_generation) + ")\n";
  }
  return text;
}

// metav1.Condition itself: one of each type, CamelCase reason, a time, a bounded message.
void ExpectWellFormed(const std::vector<Condition>& conditions, std::int64_t generation) {
  std::set<std::string> types;
  for (const Condition& each : conditions) {
    EXPECT_TRUE(types.insert(each.type).second) << each.type << " is there twice";
    ASSERT_FALSE(each.reason.empty()) << each.type;
    EXPECT_TRUE(std::isupper(static_cast<unsigned char>(each.reason.str().front()))) << each.reason;
    EXPECT_EQ(each.reason.str().find_first_of(" .,;:-"), std::string::npos) << each.reason;
    EXPECT_LE(each.message.str().size(), 32'768U);
    EXPECT_TRUE(ParseTime(each.last_transition_time)) << each.type;
    EXPECT_EQ(each.observed_generation, generation) << each.type << " (FAIL0006, FAIL0009)";
  }
}

}  // namespace

void ExpectLegalShape(const std::vector<Condition>& conditions, std::int64_t generation) {
  SCOPED_TRACE(Describe(conditions));
  ExpectWellFormed(conditions, generation);
  const Condition* ready = api::FindCondition(conditions, condition::kReady);
  ASSERT_NE(ready, nullptr) << "FAIL0002: Ready is always there";
  const Condition* reconciling = api::FindCondition(conditions, condition::kReconciling);
  const Condition* stalled = api::FindCondition(conditions, condition::kStalled);
  // WARN0001 to WARN0003: the abnormal-true ones are there only while they are True.
  EXPECT_TRUE(reconciling == nullptr || reconciling->status == ConditionStatus::kTrue);
  EXPECT_TRUE(stalled == nullptr || stalled->status == ConditionStatus::kTrue);
  EXPECT_FALSE(reconciling != nullptr && stalled != nullptr) << "FAIL0005";
  switch (ready->status) {
    case ConditionStatus::kTrue:
      EXPECT_TRUE(reconciling == nullptr && stalled == nullptr) << "FAIL0001";
      break;
    case ConditionStatus::kUnknown:
      EXPECT_NE(reconciling, nullptr) << "FAIL0011";
      EXPECT_EQ(stalled, nullptr) << "FAIL0004";
      break;
    case ConditionStatus::kFalse:
      // Alone only on purpose: suspended.
      EXPECT_TRUE(reconciling != nullptr || stalled != nullptr ||
                  ready->reason == api::reason::kSuspended)
          << "nobody would know whether to wait or to act";
      break;
  }
}

}  // namespace tenantry::plan
