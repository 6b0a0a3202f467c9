#include "operator/reconcile/queue_state.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tenantry::reconcile {
namespace {

using std::chrono::seconds;
using Outcome = QueueState::Outcome;

constexpr MonotonicTime kStart{std::chrono::hours(1)};

WorkKey Key(const std::string& name, api::Kind kind = api::Kind::kTenant) {
  return {.kind = kind, .object = {.ns = api::Namespace("platform"), .name = api::Name(name)}};
}

// The names of everything that can be taken now, in order; what was taken stays with its worker.
std::vector<std::string> TakeAll(QueueState& state, MonotonicTime now) {
  std::vector<std::string> names;
  while (const auto taken = state.Take(now)) {
    names.push_back(taken->key.object.name.value());
  }
  return names;
}

using Names = std::vector<std::string>;

TEST(QueueState, HandsKeysOutInTheOrderTheyCame) {
  QueueState state;
  for (const char* name : {"b", "a", "c"}) {
    EXPECT_EQ(state.Add(Key(name), Priority::kNormal, kStart), Outcome::kAdded);
  }

  EXPECT_EQ(TakeAll(state, kStart), (Names{"b", "a", "c"}));
}

TEST(QueueState, BringsWhatWasBegunToItsEndFirst) {
  QueueState state;
  state.Add(Key("edit"), Priority::kNormal, kStart);
  state.Add(Key("begun"), Priority::kLow, kStart);
  EXPECT_FALSE(state.HasReady(Priority::kHigh));

  EXPECT_EQ(state.Add(Key("begun"), Priority::kHigh, kStart), Outcome::kRaised);

  EXPECT_TRUE(state.HasReady(Priority::kHigh));
  EXPECT_EQ(TakeAll(state, kStart), (Names{"begun", "edit"}));
}

TEST(QueueState, HandsNormalKeysOutBeforeLowOnes) {
  QueueState state;
  state.Add(Key("resync-1"), Priority::kLow, kStart);
  state.Add(Key("resync-2"), Priority::kLow, kStart);
  state.Add(Key("edit"), Priority::kNormal, kStart);

  EXPECT_EQ(TakeAll(state, kStart), (Names{"edit", "resync-1", "resync-2"}));
}

TEST(QueueState, KeepsAKeyThatIsAddedAgainOnlyOnce) {
  QueueState state;
  state.Add(Key("a"), Priority::kNormal, kStart);

  EXPECT_EQ(state.Add(Key("a"), Priority::kNormal, kStart), Outcome::kAbsorbed);
  EXPECT_EQ(state.Add(Key("a"), Priority::kLow, kStart), Outcome::kAbsorbed);

  EXPECT_EQ(state.Depth(api::Kind::kTenant, Priority::kNormal), 1U);
  EXPECT_EQ(TakeAll(state, kStart), Names{"a"});
}

TEST(QueueState, TellsKindsOfTheSameNameApart) {
  QueueState state;
  state.Add(Key("a", api::Kind::kTenant), Priority::kNormal, kStart);

  EXPECT_EQ(state.Add(Key("a", api::Kind::kDataStore), Priority::kNormal, kStart), Outcome::kAdded);
  EXPECT_EQ(state.Depth(api::Kind::kDataStore, Priority::kNormal), 1U);
}

TEST(QueueState, RaisesAWaitingLowKey) {
  QueueState state;
  state.Add(Key("a"), Priority::kLow, kStart);
  state.Add(Key("b"), Priority::kLow, kStart);

  EXPECT_EQ(state.Add(Key("b"), Priority::kNormal, kStart), Outcome::kRaised);

  EXPECT_EQ(state.Depth(api::Kind::kTenant, Priority::kNormal), 1U);
  EXPECT_EQ(state.Depth(api::Kind::kTenant, Priority::kLow), 1U);
  EXPECT_EQ(TakeAll(state, kStart), (Names{"b", "a"}));
}

TEST(QueueState, HoldsAKeyBackWhileAWorkerHasIt) {
  QueueState state;
  state.Add(Key("a"), Priority::kNormal, kStart);
  ASSERT_TRUE(state.Take(kStart));

  EXPECT_EQ(state.Add(Key("a"), Priority::kLow, kStart), Outcome::kAdded);
  EXPECT_EQ(state.Add(Key("a"), Priority::kNormal, kStart), Outcome::kRaised);
  EXPECT_FALSE(state.HasReady());
  EXPECT_FALSE(state.Take(kStart));

  EXPECT_TRUE(state.Done(Key("a"), kStart));
  const auto again = state.Take(kStart);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->priority, Priority::kNormal);
}

TEST(QueueState, DoesNotBringAKeyBackThatNobodyAddedAgain) {
  QueueState state;
  state.Add(Key("a"), Priority::kNormal, kStart);
  ASSERT_TRUE(state.Take(kStart));

  state.Done(Key("a"), kStart);

  EXPECT_FALSE(state.Take(kStart));
  EXPECT_TRUE(state.empty());
}

TEST(QueueState, IgnoresDoneForAKeyThatNoWorkerHas) {
  QueueState state;
  state.Add(Key("a"), Priority::kNormal, kStart);

  EXPECT_FALSE(state.Done(Key("a"), kStart));
  EXPECT_FALSE(state.Done(Key("stranger"), kStart));
  EXPECT_EQ(TakeAll(state, kStart), Names{"a"});
}

TEST(QueueState, DelaysAKeyUntilItsTime) {
  QueueState state;
  state.AddAt(Key("late"), kStart + seconds(20), Priority::kLow);
  state.AddAt(Key("soon"), kStart + seconds(10), Priority::kLow);
  EXPECT_EQ(state.NextPromotion(), kStart + seconds(10));
  EXPECT_TRUE(state.Promote(kStart + seconds(9)).empty());

  EXPECT_EQ(state.Promote(kStart + seconds(10)).size(), 1U);
  EXPECT_EQ(TakeAll(state, kStart + seconds(10)), Names{"soon"});
  EXPECT_EQ(state.Promote(kStart + seconds(99)).size(), 1U);
  EXPECT_EQ(TakeAll(state, kStart + seconds(99)), Names{"late"});
  EXPECT_EQ(state.NextPromotion(), std::nullopt);
}

TEST(QueueState, MergesDelaysOfAKeyIntoTheEarlierTimeAndTheHigherPriority) {
  struct Case {
    const char* name;
    seconds first;
    Priority first_priority;
    seconds second;
    Priority second_priority;
    Priority expected;
  };
  const Case cases[] = {
      {"later and lower", seconds(5), Priority::kNormal, seconds(9), Priority::kLow,
       Priority::kNormal},
      {"later and higher", seconds(5), Priority::kLow, seconds(9), Priority::kNormal,
       Priority::kNormal},
      {"earlier and lower", seconds(9), Priority::kNormal, seconds(5), Priority::kLow,
       Priority::kNormal},
      {"earlier and equal", seconds(9), Priority::kLow, seconds(5), Priority::kLow, Priority::kLow},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    QueueState state;
    state.AddAt(Key("a"), kStart + each.first, each.first_priority);
    state.AddAt(Key("a"), kStart + each.second, each.second_priority);

    const auto promoted = state.Promote(kStart + seconds(5));
    ASSERT_EQ(promoted.size(), 1U);
    EXPECT_EQ(promoted[0].priority, each.expected);
    EXPECT_TRUE(state.Promote(kStart + seconds(99)).empty());
  }
}

TEST(QueueState, DeliversADelayedKeyThatIsAddedAtOnceOnlyOnce) {
  QueueState state;
  state.AddAt(Key("a"), kStart + seconds(10), Priority::kLow);
  EXPECT_EQ(state.Add(Key("a"), Priority::kNormal, kStart), Outcome::kAdded);
  EXPECT_EQ(TakeAll(state, kStart), Names{"a"});
  state.Done(Key("a"), kStart);

  EXPECT_TRUE(state.Promote(kStart + seconds(10)).empty());
  EXPECT_TRUE(state.empty());
}

TEST(QueueState, AbsorbsADelayedAddOfAWaitingKey) {
  QueueState state;
  state.Add(Key("a"), Priority::kNormal, kStart);
  state.AddAt(Key("a"), kStart + seconds(10), Priority::kLow);

  EXPECT_EQ(state.NextPromotion(), std::nullopt);
}

TEST(QueueState, KeepsTheDelayThatAWorkerAsksForWhileItHasTheKey) {
  QueueState state;
  state.Add(Key("a"), Priority::kNormal, kStart);
  ASSERT_TRUE(state.Take(kStart));
  state.AddAt(Key("a"), kStart + seconds(10), Priority::kLow);
  state.Done(Key("a"), kStart);

  state.Promote(kStart + seconds(10));
  EXPECT_EQ(TakeAll(state, kStart + seconds(10)), Names{"a"});
}

TEST(QueueState, HoldsADelayedKeyBackThatBecomesDueWhileAWorkerHasIt) {
  QueueState state;
  state.Add(Key("a"), Priority::kNormal, kStart);
  ASSERT_TRUE(state.Take(kStart));
  state.AddAt(Key("a"), kStart + seconds(1), Priority::kLow);

  state.Promote(kStart + seconds(2));
  EXPECT_FALSE(state.Take(kStart + seconds(2)));
  state.Done(Key("a"), kStart + seconds(3));
  EXPECT_EQ(TakeAll(state, kStart + seconds(3)), Names{"a"});
}

TEST(QueueState, MeasuresWaitingAndWork) {
  QueueState state;
  state.Add(Key("a"), Priority::kNormal, kStart);
  state.Add(Key("b"), Priority::kNormal, kStart);

  const auto taken = state.Take(kStart + seconds(3));
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->waited, seconds(3));
  state.Take(kStart + seconds(5));
  const auto unfinished = state.UnfinishedWork(api::Kind::kTenant, kStart + seconds(6));
  EXPECT_EQ(unfinished.total, seconds(4));
  EXPECT_EQ(unfinished.longest, seconds(3));
  EXPECT_EQ(state.UnfinishedWork(api::Kind::kDataStore, kStart).total, seconds(0));
  EXPECT_EQ(state.Done(Key("a"), kStart + seconds(10)), seconds(7));
}

TEST(QueueState, CountsFailuresUntilForget) {
  QueueState state;
  EXPECT_EQ(state.CountFailure(Key("a")), 1);
  EXPECT_EQ(state.CountFailure(Key("a")), 2);
  EXPECT_EQ(state.CountFailure(Key("b")), 1);

  state.Forget(Key("a"));

  EXPECT_EQ(state.CountFailure(Key("a")), 1);
}

TEST(QueueState, RemembersNothingOfForgottenKeys) {
  QueueState state;
  state.Forget(Key("never-seen"));
  state.CountFailure(Key("a"));
  state.Add(Key("a"), Priority::kLow, kStart);
  state.Take(kStart);
  state.Done(Key("a"), kStart);
  EXPECT_FALSE(state.empty());

  state.Forget(Key("a"));

  EXPECT_TRUE(state.empty());
}

TEST(QueueState, KnowsThePriorityThatAKeyWasTakenWith) {
  QueueState state;
  state.Add(Key("edit"), Priority::kNormal, kStart);
  EXPECT_EQ(state.TakenPriority(Key("edit")), Priority::kLow);
  state.Take(kStart);

  EXPECT_EQ(state.TakenPriority(Key("edit")), Priority::kNormal);
}

}  // namespace
}  // namespace tenantry::reconcile
