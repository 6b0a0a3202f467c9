#include "operator/reconcile/task_board.h"

#include <gtest/gtest.h>

#include <set>

#include "common/api/reasons.h"
#include "tests/support/manual_clock.h"
#include "tests/unit/reconcile/builders.h"

namespace tenantry::reconcile {
namespace {

using agents::AgentAddress;
using api::TaskState;

const WorkKey kAcme{api::Kind::kTenant, KeyOf("acme")};
const std::vector<plan::AgentCandidate> kAgents = {{"a", "https://a:8443", ""},
                                                   {"b", "https://b:8443", ""}};

api::TaskReport ReportOf(const std::string& id, TaskState state) {
  return {.id = id, .kind = api::TaskKind::kProvision, .state = state};
}

// Agents that keep what they are given, and can be away.
class PretendAgents final : public agents::Client {
 public:
  Result<api::TaskReport> Submit(const AgentAddress& agent,
                                 const api::TaskRequest& request) override {
    if (refusals.contains(agent.name)) {
      return refusals.at(agent.name);
    }
    ++submitted[agent.name];
    const auto [entry, is_new] =
        tasks[agent.name].try_emplace(request.id, ReportOf(request.id, TaskState::kRunning));
    return entry->second;
  }
  Result<api::TaskReport> Get(const AgentAddress& agent, const std::string& id) override {
    if (refusals.contains(agent.name)) {
      return refusals.at(agent.name);
    }
    const auto found = tasks[agent.name].find(id);
    if (found == tasks[agent.name].end()) {
      return Error{ErrorCode::kNotFound, "no such task"};
    }
    return found->second;
  }
  Result<void> Forget(const AgentAddress& agent, const std::string& id) override {
    if (refusals.contains(agent.name) && refusals.at(agent.name).code == ErrorCode::kUnavailable) {
      return refusals.at(agent.name);
    }
    tasks[agent.name].erase(id);
    return {};
  }
  Result<api::AgentInfo> Info(const AgentAddress& /*agent*/) override { return api::AgentInfo{}; }
  Result<api::AgentInfo> RecentInfo(const AgentAddress& agent) override { return Info(agent); }

  std::map<std::string, Error> refusals;
  std::map<std::string, std::map<std::string, api::TaskReport>> tasks;
  std::map<std::string, int> submitted;
};

class TaskBoardTest : public ::testing::Test {
 protected:
  Result<TaskBoard::Step> Run(const std::string& id) {
    return board_.Run(agents_, kAcme, {.id = id, .kind = api::TaskKind::kProvision}, kAgents);
  }
  void Away(const std::string& agent) {
    agents_.refusals[agent] = {ErrorCode::kUnavailable, agent + " is away",
                               api::reason::kAgentUnreachable};
  }
  int Woken() { return std::exchange(woken_, 0); }

  PretendAgents agents_;
  int woken_ = 0;
  testing::ManualClock clock_;
  TaskBoard board_{[this](const WorkKey& key) {
                     EXPECT_EQ(key, kAcme);
                     ++woken_;
                   },
                   clock_};
};

TEST_F(TaskBoardTest, GivesATaskToTheBestAgentOnce) {
  ASSERT_TRUE(Run("t1"));
  const auto again = Run("t1");

  ASSERT_TRUE(again);
  EXPECT_EQ(again->agent.name, "a");
  EXPECT_EQ(again->report.state, TaskState::kRunning);
  EXPECT_EQ(agents_.submitted, (std::map<std::string, int>{{"a", 1}}));
}

// A password was changed while the task runs: passwords are not in its ID.
TEST_F(TaskBoardTest, DoesNotTakeATaskForOneOfTheSameNameWithAnotherSpec) {
  const auto run = [&](const std::string& spec) {
    return board_.Run(agents_, kAcme, {.id = "t1", .spec_json = spec}, kAgents);
  };
  for (const TaskState before : {TaskState::kRunning, TaskState::kSucceeded}) {
    SCOPED_TRACE(static_cast<int>(before));
    ASSERT_TRUE(run("old"));
    agents_.tasks["a"]["t1"].state = before;
    board_.OnReport(ReportOf("t1", before));
    agents_.submitted.clear();

    const auto step = run("new");

    ASSERT_TRUE(step);
    EXPECT_EQ(step->report.state, TaskState::kRunning);
    EXPECT_EQ(agents_.submitted, (std::map<std::string, int>{{"a", 1}}));
  }
}

TEST_F(TaskBoardTest, TriesTheNextAgentWhenOneIsAway) {
  Away("a");
  EXPECT_EQ(Run("t1")->agent.name, "b");

  Away("b");
  const auto none = Run("t2");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().message, "b is away");
}

TEST_F(TaskBoardTest, SaysHowToGetAnAgentWhenThereIsNone) {
  const auto none = board_.Run(agents_, kAcme, {.id = "t1"}, {});

  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().reason, api::reason::kAgentUnreachable);
  EXPECT_NE(none.error().message.find("spec.agents.endpoints"), std::string::npos);
}

TEST_F(TaskBoardTest, DoesNotPassARefusedTaskAround) {
  agents_.refusals["a"] = {ErrorCode::kInvalid, "too new", api::reason::kAgentVersionSkew};

  EXPECT_EQ(Run("t1").error().reason, api::reason::kAgentVersionSkew);
  EXPECT_TRUE(agents_.submitted.empty());
}

TEST_F(TaskBoardTest, WakesWhoWaitsWhenATaskEnds) {
  ASSERT_TRUE(Run("t1"));

  board_.OnReport(ReportOf("t1", TaskState::kRunning));
  EXPECT_EQ(Woken(), 0) << "progress alone";
  board_.OnReport(ReportOf("of somebody else", TaskState::kSucceeded));
  EXPECT_EQ(Woken(), 0);
  board_.OnReport(ReportOf("t1", TaskState::kSucceeded));
  EXPECT_EQ(Woken(), 1);
  board_.OnReport(ReportOf("t1", TaskState::kSucceeded));
  EXPECT_EQ(Woken(), 0) << "told before";

  EXPECT_EQ(Run("t1")->report.state, TaskState::kSucceeded);
}

TEST_F(TaskBoardTest, SubmitsAgainWhatARestartedAgentHasForgotten) {
  ASSERT_TRUE(Run("t1"));
  agents_.tasks.clear();

  ASSERT_TRUE(Run("t1"));

  EXPECT_EQ(agents_.submitted["a"], 2);
}

TEST_F(TaskBoardTest, MovesATaskAwayFromAnAgentThatDied) {
  ASSERT_TRUE(Run("t1"));
  Away("a");

  EXPECT_EQ(Run("t1")->agent.name, "b");
}

TEST_F(TaskBoardTest, BeginsAnewWhatSucceededAndIsDealtWith) {
  ASSERT_TRUE(Run("t1"));
  agents_.tasks["a"]["t1"] = ReportOf("t1", TaskState::kSucceeded);
  board_.OnReport(ReportOf("t1", TaskState::kSucceeded));

  board_.Finish(agents_, "t1");
  board_.Finish(agents_, "never known");

  EXPECT_TRUE(agents_.tasks["a"].contains("t1")) << "its agent forgets it by itself";
  EXPECT_EQ(Run("t1")->report.state, TaskState::kRunning) << "the same ID is a new task now";
}

TEST_F(TaskBoardTest, MakesItsAgentForgetATaskThatFailed) {
  ASSERT_TRUE(Run("t1"));
  board_.OnReport(ReportOf("t1", TaskState::kFailed));

  board_.Finish(agents_, "t1");

  EXPECT_TRUE(agents_.tasks["a"].empty());
}

TEST_F(TaskBoardTest, FinishesThoughTheAgentIsAway) {
  ASSERT_TRUE(Run("t1"));
  Away("a");

  board_.Finish(agents_, "t1");

  EXPECT_EQ(Run("t1")->agent.name, "b");
}

TEST_F(TaskBoardTest, AbandonsOnlyWhatThatKeyWaitsFor) {
  ASSERT_TRUE(Run("t1"));
  ASSERT_TRUE(Run("t2"));
  const WorkKey globex{api::Kind::kTenant, KeyOf("globex")};
  ASSERT_TRUE(board_.Run(agents_, globex, {.id = "t3"}, kAgents));

  board_.Abandon(agents_, kAcme);

  EXPECT_EQ(agents_.tasks["a"].size(), 1U);
  EXPECT_TRUE(agents_.tasks["a"].contains("t3"));
}

TEST_F(TaskBoardTest, CancelsAnOutdatedTaskOfTheSameName) {
  Away("a");
  agents_.tasks["b"].emplace("t1", ReportOf("t1", TaskState::kRunning));
  agents_.refusals["b"] = {ErrorCode::kConflict, "another body"};

  EXPECT_EQ(Run("t1").error().code, ErrorCode::kConflict);

  EXPECT_TRUE(agents_.tasks["b"].empty());
}

}  // namespace
}  // namespace tenantry::reconcile
