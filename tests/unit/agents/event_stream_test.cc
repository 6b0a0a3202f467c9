#include "operator/agents/event_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>

#include "common/api/protocol_codec.h"
#include "operator/agents/answers.h"
#include "tests/unit/agents/scripted_agent.h"

namespace tenantry::agents {
namespace {

using api::TaskState;
using std::chrono::hours;
using std::chrono::milliseconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Long silences are noticed late, so that only what a test is about happens.
EventStreamOptions CalmOptions() {
  EventStreamOptions options;
  options.first_look = milliseconds(0);
  options.first_patience = hours(1);
  options.longest_patience = hours(1);
  options.linger = milliseconds(1);
  options.first_reconnect_delay = milliseconds(1);
  options.longest_reconnect_delay = milliseconds(10);
  return options;
}

class EventStreamTest : public ::testing::Test {
 protected:
  void SetUp() override { agent_.Start(); }
  void TearDown() override { stream_.reset(); }

  void Open(EventStreamOptions options = CalmOptions()) {
    auto http = net::HttpClient::Make({.base_url = agent_.url()});
    ASSERT_TRUE(http);
    http_ = std::move(http).value();
    stream_ = std::make_unique<EventStream>(
        *http_, AgentAddress{.name = "main-0", .url = agent_.url()},
        EventStreamHooks{
            .ask = [this](const std::string& id) { return Ask(id); },
            .on_change = [this](const api::TaskReport& report) { changes_.Note(report); },
            .on_lost = [this] { ++lost_; }},
        options);
  }

  Result<api::TaskReport> Ask(const std::string& id) {
    const Call call{.operation = Operation::kGet,
                    .agent = {.name = "main-0", .url = agent_.url()},
                    .task_id = id};
    const auto response = http_->Send({.path = "/v1/tasks/" + id});
    return response ? ReadReport(call, *response) : ExplainNoAnswer(call, response.error());
  }

  // As after a submit that the agent has answered.
  void WaitForTask(const std::string& id) {
    agent_.Change(Report(id, TaskState::kQueued));
    stream_->Keep(id, stream_->Begin(id));
  }
  bool IsConnected() {
    return Eventually([this] { return agent_.open_streams() == 1; });
  }

  ScriptedAgent agent_;
  Changes changes_;
  std::atomic<int> lost_ = 0;
  std::unique_ptr<net::HttpClient> http_;
  std::unique_ptr<EventStream> stream_;
};

TEST(ReconnectDelay, GrowsFromTheFirstToTheLongest) {
  const EventStreamOptions options;
  struct Case {
    int failures;
    double random;
    int expected_ms;
  };
  for (const Case& each :
       {Case{1, 0.0, 50}, Case{1, 0.5, 75}, Case{2, 0.0, 100}, Case{7, 0.0, 3'200},
        Case{8, 0.0, 5'000}, Case{10'000, 0.0, 5'000}, Case{-1, 0.0, 50}}) {
    SCOPED_TRACE(each.failures);
    EXPECT_EQ(ReconnectDelay(each.failures, each.random, options), milliseconds(each.expected_ms));
    EXPECT_LE(ReconnectDelay(each.failures, 0.999999, options), options.longest_reconnect_delay);
  }
}

TEST_F(EventStreamTest, HasNoThreadAsLongAsNothingIsWaitedFor) {
  Open();
  EXPECT_FALSE(stream_->IsRunning());

  stream_->Begin("a");

  EXPECT_FALSE(stream_->IsRunning());
  EXPECT_EQ(agent_.streams_so_far(), 0);
}

TEST_F(EventStreamTest, NeedsNoStreamForATaskThatEndsSoon) {
  Open();
  const auto ticket = stream_->Begin("a");
  agent_.Change(Report("a", TaskState::kSucceeded));

  stream_->Keep("a", ticket);

  EXPECT_TRUE(changes_.WaitFor("a", TaskState::kSucceeded));
  EXPECT_TRUE(Eventually([this] { return !stream_->IsRunning(); }));
  EXPECT_EQ(agent_.streams_so_far(), 0);
}

TEST_F(EventStreamTest, TellsOfChangesUntilTheTaskHasEnded) {
  Open();
  WaitForTask("a");
  ASSERT_TRUE(IsConnected());

  agent_.Tell(Report("a", TaskState::kRunning));
  agent_.Tell(Report("a", TaskState::kSucceeded));
  ASSERT_TRUE(changes_.WaitFor("a", TaskState::kSucceeded));
  WaitForTask("b");
  agent_.Tell(Report("a", TaskState::kFailed));
  agent_.Tell(Report("b", TaskState::kSucceeded));

  ASSERT_TRUE(changes_.WaitFor("b", TaskState::kSucceeded));
  EXPECT_THAT(changes_.Of("a"), Contains(TaskState::kRunning));
  EXPECT_EQ(changes_.Of("a").back(), TaskState::kSucceeded);
}

TEST_F(EventStreamTest, DoesNotTakeTheBeginningOfATaskForAChange) {
  Open();
  WaitForTask("a");
  ASSERT_TRUE(IsConnected());

  agent_.Tell(Report("a", TaskState::kQueued));
  agent_.Tell(Report("a", TaskState::kRunning));
  agent_.Tell(Report("a", TaskState::kSucceeded));

  ASSERT_TRUE(changes_.WaitFor("a", TaskState::kSucceeded));
  EXPECT_THAT(changes_.Of("a"), ElementsAre(TaskState::kRunning, TaskState::kSucceeded));
}

TEST_F(EventStreamTest, AsksForTasksThatTheAgentDoesNotTellOfAtTheBeginning) {
  Open();
  agent_.SetKeepAlive(ScriptedAgent::KeepAlive::kYes);
  agent_.Script("EVENTS", [this](const net::ServerRequest&) {
    // After the stream began, as far as the operator knows; before it, as far as the agent does.
    agent_.Change(Report("a", TaskState::kSucceeded));
    return agent_.NewStreamWithoutList();
  });
  WaitForTask("a");

  EXPECT_TRUE(changes_.WaitFor("a", TaskState::kSucceeded));
}

TEST_F(EventStreamTest, DoesNotTellOfTasksOfOthers) {
  Open();
  agent_.Change(Report("stranger", TaskState::kRunning));
  WaitForTask("a");
  ASSERT_TRUE(IsConnected());

  agent_.Tell(Report("stranger", TaskState::kSucceeded));
  agent_.Tell(Report("a", TaskState::kSucceeded));

  ASSERT_TRUE(changes_.WaitFor("a", TaskState::kSucceeded));
  EXPECT_THAT(changes_.Of("stranger"), IsEmpty());
}

TEST_F(EventStreamTest, ClosesWhenAllTasksHaveEnded) {
  agent_.SetKeepAlive(ScriptedAgent::KeepAlive::kYes);
  Open();
  WaitForTask("a");
  WaitForTask("b");
  ASSERT_TRUE(IsConnected());

  agent_.Tell(Report("a", TaskState::kSucceeded));
  stream_->End("b");

  EXPECT_TRUE(Eventually([this] { return !stream_->IsRunning(); }));
  EXPECT_TRUE(Eventually([this] { return agent_.open_streams() == 0; }));
}

TEST_F(EventStreamTest, ClosesAnIdleStreamThatIsSilent) {
  EventStreamOptions options = CalmOptions();
  options.first_patience = milliseconds(20);
  Open(options);
  WaitForTask("a");
  agent_.Tell(Report("a", TaskState::kSucceeded));

  EXPECT_TRUE(Eventually([this] { return !stream_->IsRunning(); }));
}

TEST_F(EventStreamTest, OpensAgainForTheNextTask) {
  agent_.SetKeepAlive(ScriptedAgent::KeepAlive::kYes);
  Open();
  for (const char* id : {"a", "b", "c"}) {
    WaitForTask(id);
    agent_.Tell(Report(id, TaskState::kSucceeded));
    ASSERT_TRUE(changes_.WaitFor(id, TaskState::kSucceeded));
    ASSERT_TRUE(Eventually([this] { return !stream_->IsRunning(); }));
  }
}

TEST_F(EventStreamTest, ConnectsAgainWhenTheAgentEndsTheStream) {
  Open();
  WaitForTask("a");
  ASSERT_TRUE(IsConnected());

  agent_.EndStreams();
  ASSERT_TRUE(Eventually([this] { return agent_.streams_so_far() > 1 && lost_ > 0; }));
  ASSERT_TRUE(IsConnected());
  agent_.Tell(Report("a", TaskState::kSucceeded));

  EXPECT_TRUE(changes_.WaitFor("a", TaskState::kSucceeded));
}

TEST_F(EventStreamTest, LearnsOnReconnectWhatChangedMeanwhile) {
  Open();
  WaitForTask("a");
  ASSERT_TRUE(IsConnected());

  agent_.Stop();
  agent_.Change(Report("a", TaskState::kSucceeded));
  agent_.Start();

  EXPECT_TRUE(changes_.WaitFor("a", TaskState::kSucceeded));
}

TEST_F(EventStreamTest, WakesForTasksThatARestartedAgentHasForgotten) {
  agent_.SetKeepAlive(ScriptedAgent::KeepAlive::kYes);
  Open();
  WaitForTask("a");
  ASSERT_TRUE(IsConnected());
  agent_.Tell(Report("a", TaskState::kRunning));
  ASSERT_TRUE(changes_.WaitFor("a", TaskState::kRunning));

  agent_.Stop();
  agent_.ForgetTasks();
  agent_.Start();

  ASSERT_TRUE(Eventually([this] { return changes_.Of("a").back() == TaskState::kQueued; }));
  EXPECT_TRUE(Eventually([this] { return !stream_->IsRunning(); }));
}

TEST_F(EventStreamTest, AsksWhenAStreamStaysSilent) {
  EventStreamOptions options = CalmOptions();
  options.first_patience = milliseconds(20);
  options.longest_patience = milliseconds(20);
  Open(options);
  WaitForTask("a");
  ASSERT_TRUE(IsConnected());

  agent_.Change(Report("a", TaskState::kSucceeded));

  EXPECT_TRUE(changes_.WaitFor("a", TaskState::kSucceeded));
}

TEST_F(EventStreamTest, GoesOnAfterLinesThatMakeNoSense) {
  const std::string bad_lines[] = {"}{\n", "[]\n",
                                   R"({"id":7})"
                                   "\n",
                                   std::string(200'000, 'x')};
  int number = 0;
  for (const std::string& line : bad_lines) {
    EventStreamOptions options = CalmOptions();
    options.longest_line = 100'000;
    Open(options);
    const std::string id = "task-" + std::to_string(++number);
    WaitForTask(id);
    ASSERT_TRUE(IsConnected());
    const int streams = agent_.streams_so_far();

    agent_.SendRaw(line);

    ASSERT_TRUE(Eventually([&] { return agent_.streams_so_far() > streams; }));
    agent_.Tell(Report(id, TaskState::kSucceeded));
    EXPECT_TRUE(changes_.WaitFor(id, TaskState::kSucceeded));
    stream_.reset();
    agent_.EndStreams();
  }
}

TEST_F(EventStreamTest, IgnoresTasksOfKindsThatItDoesNotKnow) {
  Open();
  WaitForTask("a");
  ASSERT_TRUE(IsConnected());

  agent_.SendRaw(R"({"id":"x","kind":"Brew","state":"Running"})"
                 "\n");
  agent_.Tell(Report("a", TaskState::kSucceeded));

  EXPECT_TRUE(changes_.WaitFor("a", TaskState::kSucceeded));
  EXPECT_EQ(agent_.streams_so_far(), 1);
}

TEST_F(EventStreamTest, WakesWhenTheAgentRefusesTheOperator) {
  agent_.Script("EVENTS",
                [](const net::ServerRequest&) { return Refusal(401, "", "who are you?"); });
  Open();
  WaitForTask("a");

  EXPECT_TRUE(changes_.WaitFor("a", TaskState::kQueued));
  EXPECT_TRUE(Eventually([this] { return !stream_->IsRunning(); }));
}

TEST_F(EventStreamTest, AsksForTasksWhenThereAreNoEvents) {
  agent_.Script("EVENTS", [](const net::ServerRequest&) { return Refusal(500, "", "broken"); });
  Open();
  WaitForTask("a");

  agent_.Change(Report("a", TaskState::kFailed));

  EXPECT_TRUE(changes_.WaitFor("a", TaskState::kFailed));
}

TEST_F(EventStreamTest, WakesAndEndsWhenTheAgentStaysAway) {
  EventStreamOptions options = CalmOptions();
  options.give_up_after = milliseconds(30);
  Open(options);
  WaitForTask("a");
  ASSERT_TRUE(IsConnected());

  agent_.Stop();

  EXPECT_TRUE(changes_.WaitFor("a", TaskState::kQueued));
  EXPECT_TRUE(Eventually([this] { return !stream_->IsRunning(); }));
}

TEST_F(EventStreamTest, EndsWhileItIsConnectedOrWhileTheAgentIsAway) {
  Open();
  WaitForTask("a");
  ASSERT_TRUE(IsConnected());
  stream_.reset();
  EXPECT_TRUE(Eventually([this] { return agent_.open_streams() == 0; }));

  EventStreamOptions options = CalmOptions();
  options.first_reconnect_delay = hours(1);
  options.longest_reconnect_delay = hours(1);
  Open(options);
  agent_.Stop();
  stream_->Keep("b", stream_->Begin("b"));
  stream_.reset();
  EXPECT_THAT(changes_.Of("b"), IsEmpty());
}

}  // namespace
}  // namespace tenantry::agents
