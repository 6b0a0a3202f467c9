#include "operator/plan/conditions.h"

#include <gtest/gtest.h>

#include "common/api/reasons.h"
#include "common/base/strings.h"
#include "tests/unit/plan/builders.h"
#include "tests/unit/plan/legal_shape.h"

namespace tenantry::plan {
namespace {

namespace condition = api::condition;
namespace reason = api::reason;
using api::Condition;
using api::ConditionStatus;

constexpr WallTime kLater = kNow + std::chrono::hours(1);

std::vector<Condition> AfterVerdict(const Verdict& verdict, std::vector<Condition> before = {},
                                    WallTime now = kNow) {
  ConditionSet conditions(std::move(before), 3, now);
  conditions.SetVerdict(verdict);
  return std::move(conditions).Take();
}

TEST(ConditionSet, GivesEachVerdictItsLegalShape) {
  struct Case {
    const char* name;
    Shape shape;
    ConditionStatus ready;
    bool reconciling;
    bool stalled;
  };
  const Case cases[] = {
      {"ready", Shape::kReady, ConditionStatus::kTrue, false, false},
      {"in progress", Shape::kInProgress, ConditionStatus::kUnknown, true, false},
      {"retrying", Shape::kRetrying, ConditionStatus::kFalse, true, false},
      {"stalled", Shape::kStalled, ConditionStatus::kFalse, false, true},
      {"halted", Shape::kHalted, ConditionStatus::kFalse, false, false},
  };
  for (const Case& each : cases) {
    for (const Case& before : cases) {  // whatever was there before
      SCOPED_TRACE(std::string(before.name) + " to " + each.name);
      const auto conditions = AfterVerdict({each.shape, reason::kSuspended, "why"},
                                           AfterVerdict({before.shape, reason::kFailed, "old"}));

      ExpectLegalShape(conditions, 3);
      EXPECT_EQ(conditions.front().status, each.ready);
      EXPECT_EQ(conditions.front().message, "why");
      EXPECT_EQ(api::IsTrue(conditions, condition::kReconciling), each.reconciling);
      EXPECT_EQ(api::IsTrue(conditions, condition::kStalled), each.stalled);
    }
  }
}

TEST(ConditionSet, SaysWhetherItTriesAgain) {
  const auto first = AfterVerdict({Shape::kInProgress, reason::kProgressing, "Working"});
  EXPECT_EQ(api::FindCondition(first, condition::kReconciling)->reason, reason::kProgressing);

  const auto again = AfterVerdict({Shape::kRetrying, reason::kFailed, "Working"});
  EXPECT_EQ(api::FindCondition(again, condition::kReconciling)->reason,
            reason::kProgressingWithRetry);
}

TEST(ConditionSet, MovesTheTransitionTimeOnlyWithTheStatus) {
  const auto before = AfterVerdict({Shape::kRetrying, reason::kFailed, "one"});

  const auto reworded =
      AfterVerdict({Shape::kRetrying, reason::kDatabaseUnreachable, "two"}, before, kLater);
  EXPECT_EQ(reworded.front().message, "two");
  EXPECT_EQ(reworded.front().last_transition_time, FormatTime(kNow));

  const auto changed = AfterVerdict({Shape::kReady, reason::kSucceeded, "ok"}, before, kLater);
  EXPECT_EQ(changed.front().last_transition_time, FormatTime(kLater));
}

TEST(ConditionSet, StampsEveryConditionWithTheGenerationThatWasLookedAt) {
  const std::vector<Condition> before = {{.type = condition::kDatabaseReady,
                                          .status = ConditionStatus::kTrue,
                                          .observed_generation = 1,
                                          .last_transition_time = "2020-01-01T00:00:00Z",
                                          .reason = reason::kSucceeded}};

  ExpectLegalShape(AfterVerdict({Shape::kReady, reason::kSucceeded, ""}, before), 3);
}

TEST(ConditionSet, SortsReadyFirstSoThatPeopleSeeIt) {
  ConditionSet conditions({}, 3, kNow);
  conditions.SetTrue(condition::kQuotaWithinLimit, reason::kSucceeded, "");
  conditions.SetFalse(condition::kAgentReachable, reason::kAgentUnreachable, "");
  conditions.SetVerdict({Shape::kStalled, reason::kInvalidSpec, ""});

  std::vector<std::string> types;
  for (const Condition& each : std::move(conditions).Take()) {
    types.push_back(each.type);
  }

  EXPECT_EQ(types,
            (std::vector<std::string>{"Ready", "Stalled", "AgentReachable", "QuotaWithinLimit"}));
}

TEST(ConditionSet, CutsALongMessageBetweenTwoCharacters) {
  std::string message = "x";
  while (message.size() < 40'000) {
    message += "ü";
  }

  const auto conditions = AfterVerdict({Shape::kStalled, reason::kInvalidData, message});

  ExpectLegalShape(conditions, 3);
  EXPECT_GT(conditions.front().message.str().size(), 32'000U);
  EXPECT_TRUE(IsValidUtf8(conditions.front().message.str()));
}

TEST(StandingFailure, IsWhatATaskOfThisGenerationFailedWith) {
  const Verdict stalled{Shape::kStalled, reason::kCredentialsRefused, "Refused."};
  const Verdict retrying{Shape::kRetrying, reason::kDatabaseUnreachable, "Away."};

  EXPECT_EQ(StandingFailure(AfterVerdict(stalled), 3), stalled);
  EXPECT_EQ(StandingFailure(AfterVerdict(retrying), 3), retrying);
}

TEST(StandingFailure, IsNoneWhenTheTaskThatRunsIsNews) {
  struct Case {
    const char* name;
    Verdict verdict;
    std::int64_t generation;
  };
  const Case cases[] = {
      {"edited since", {Shape::kStalled, reason::kCredentialsRefused, ""}, 4},
      {"was ready", {Shape::kReady, reason::kSucceeded, ""}, 3},
      {"was in progress", {Shape::kInProgress, reason::kProgressing, ""}, 3},
      {"no agent was there", {Shape::kRetrying, reason::kAgentUnreachable, ""}, 3},
      {"a Secret was missing", {Shape::kStalled, reason::kSecretNotFound, ""}, 3},
      {"suspended", {Shape::kHalted, reason::kSuspended, ""}, 3},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    EXPECT_EQ(StandingFailure(AfterVerdict(each.verdict), each.generation), std::nullopt);
  }
  EXPECT_EQ(StandingFailure({}, 3), std::nullopt);
}

}  // namespace
}  // namespace tenantry::plan
