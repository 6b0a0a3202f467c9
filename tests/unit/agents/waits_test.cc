#include "operator/agents/waits.h"

#include <gtest/gtest.h>

#include "tests/unit/agents/scripted_agent.h"

namespace tenantry::agents {
namespace {

std::vector<std::string> UnconfirmedIds(const Waits& waits) {
  std::vector<std::string> ids;
  for (const Waits::Open& open : waits.Unconfirmed()) {
    ids.push_back(open.id);
  }
  return ids;
}

using Ids = std::vector<std::string>;

TEST(Waits, EndsWithAFinalReport) {
  for (const api::TaskState state :
       {api::TaskState::kSucceeded, api::TaskState::kFailed, api::TaskState::kCancelled}) {
    Waits waits;
    waits.Keep("a", waits.Begin("a"));

    EXPECT_TRUE(waits.Take(Report("a", state)));
    EXPECT_TRUE(waits.empty());
    EXPECT_FALSE(waits.Take(Report("a", state)));
  }
}

TEST(Waits, GoesOnAfterProgress) {
  Waits waits;
  waits.Keep("a", waits.Begin("a"));

  EXPECT_TRUE(waits.Take(Report("a", api::TaskState::kRunning)));
  EXPECT_FALSE(waits.empty());
}

TEST(Waits, IgnoresTasksOfOthers) {
  Waits waits;
  waits.Begin("a");

  EXPECT_FALSE(waits.Take(Report("b", api::TaskState::kSucceeded)));
  EXPECT_FALSE(waits.empty());
}

TEST(Waits, TakesAReportThatComesBeforeTheAnswer) {
  Waits waits;
  const auto ticket = waits.Begin("a");
  EXPECT_TRUE(waits.Take(Report("a", api::TaskState::kSucceeded)));

  waits.Keep("a", ticket);

  EXPECT_TRUE(waits.empty());
}

TEST(Waits, DoesNotWonderAboutATaskThatIsBeingSubmitted) {
  Waits waits;
  const auto ticket = waits.Begin("a");
  EXPECT_EQ(UnconfirmedIds(waits), Ids{});
  EXPECT_EQ(waits.EndAll(), Ids{});

  waits.Keep("a", ticket);

  EXPECT_EQ(UnconfirmedIds(waits), Ids{"a"});
}

TEST(Waits, WondersAgainOnEachConnection) {
  Waits waits;
  waits.Keep("a", waits.Begin("a"));
  waits.Keep("b", waits.Begin("b"));
  waits.Take(Report("a", api::TaskState::kRunning));
  EXPECT_EQ(UnconfirmedIds(waits), Ids{"b"});

  waits.BeginConnection();

  EXPECT_EQ(UnconfirmedIds(waits), (Ids{"a", "b"}));
}

TEST(Waits, TrustsAConnectionThatWasThereBeforeTheTask) {
  Waits waits;
  waits.BeginConnection();
  waits.Keep("before", waits.Begin("before"));
  waits.ProveConnection();
  waits.Keep("after", waits.Begin("after"));
  EXPECT_EQ(UnconfirmedIds(waits), Ids{"before"});

  waits.EndConnection();
  waits.Keep("last", waits.Begin("last"));
  EXPECT_EQ(UnconfirmedIds(waits), (Ids{"before", "last"}));

  waits.BeginConnection();
  EXPECT_EQ(UnconfirmedIds(waits), (Ids{"after", "before", "last"}));
}

TEST(Waits, TellsANewWaitFromAnOlderOne) {
  Waits waits;
  const auto older = waits.Begin("a");
  waits.Keep("a", older);
  const auto newer = waits.Begin("a");

  EXPECT_FALSE(waits.End("a", older));
  EXPECT_FALSE(waits.empty());
  EXPECT_TRUE(waits.End("a", newer));
  EXPECT_TRUE(waits.empty());
}

TEST(Waits, DoesNotBeginAWaitTwice) {
  Waits waits;
  const auto ticket = waits.BeginUnlessThere("a");
  ASSERT_TRUE(ticket);
  waits.Keep("a", *ticket);

  EXPECT_FALSE(waits.BeginUnlessThere("a"));
  EXPECT_EQ(UnconfirmedIds(waits), Ids{"a"});
}

TEST(Waits, EndsAllThatWereSubmitted) {
  Waits waits;
  waits.Keep("a", waits.Begin("a"));
  waits.Keep("b", waits.Begin("b"));
  waits.Begin("c");

  EXPECT_EQ(waits.EndAll(), (Ids{"a", "b"}));
  EXPECT_FALSE(waits.empty());
  waits.End("c");
  EXPECT_TRUE(waits.empty());
}

}  // namespace
}  // namespace tenantry::agents
