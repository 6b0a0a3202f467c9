#include "operator/agents/agent_link.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include "common/api/protocol_codec.h"
#include "common/api/reasons.h"
#include "common/telemetry/metrics.h"
#include "tests/unit/agents/scripted_agent.h"

namespace tenantry::agents {
namespace {

using api::TaskState;
using std::chrono::milliseconds;
using ::testing::HasSubstr;

// Delivers requests, and loses the first answers to those that change something.
class LosingClient final : public net::HttpClient {
 public:
  LosingClient(std::unique_ptr<net::HttpClient> http, int losses)
      : http_(std::move(http)), losses_(losses) {}

  Result<net::HttpResponse> Send(const net::HttpRequest& request) override {
    auto response = http_->Send(request);
    if (request.method != "GET" && losses_-- > 0) {
      return Error{.code = ErrorCode::kOutcomeUnknown, .message = "the answer was lost"};
    }
    return response;
  }
  Result<net::HttpResponse> Stream(const net::HttpRequest& request, std::stop_token stop,
                                   milliseconds idle_timeout,
                                   const std::function<bool(std::string_view)>& on_data) override {
    return http_->Stream(request, std::move(stop), idle_timeout, on_data);
  }

 private:
  std::unique_ptr<net::HttpClient> http_;
  std::atomic<int> losses_;
};

class AgentLinkTest : public ::testing::Test {
 protected:
  void SetUp() override {
    agent_.Start();
    ConnectLosing(0);
  }
  void TearDown() override { link_.reset(); }

  void ConnectLosing(int answers) {
    auto http = net::HttpClient::Make({.base_url = agent_.url()});
    ASSERT_TRUE(http);
    link_ = std::make_unique<AgentLink>(
        AgentAddress{.name = "main-0", .url = agent_.url()},
        std::make_unique<LosingClient>(std::move(http).value(), answers), AgentLink::Settings{},
        *metrics_, on_change_);
  }

  static api::TaskRequest Request(const std::string& id) {
    return {.id = id,
            .kind = api::TaskKind::kObserve,
            .tenant = api::TenantId("acme"),
            .spec_json = "{}",
            .deadline = std::nullopt};
  }

  ScriptedAgent agent_;
  Changes changes_;
  std::function<void(const api::TaskReport&)> on_change_ = [this](const api::TaskReport& report) {
    changes_.Note(report);
  };
  std::unique_ptr<telemetry::Registry> metrics_ = telemetry::Registry::Make();
  std::unique_ptr<AgentLink> link_;
};

TEST_F(AgentLinkTest, SubmitsATaskAndTellsOfItsEnd) {
  const auto report = link_->Submit(Request("u1-1-observe"));
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->state, TaskState::kQueued);

  agent_.Tell(Report("u1-1-observe", TaskState::kSucceeded));

  EXPECT_TRUE(changes_.WaitFor("u1-1-observe", TaskState::kSucceeded));
}

TEST_F(AgentLinkTest, GivesTheTaskAsItIsWhenItIsSubmittedAgain) {
  ASSERT_TRUE(link_->Submit(Request("a")));
  agent_.Change(Report("a", TaskState::kFailed));

  const auto report = link_->Submit(Request("a"));

  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->state, TaskState::kFailed);
  EXPECT_EQ(report->error->message, "the schema is wrong");
}

TEST_F(AgentLinkTest, ListensToNobodyWhenTheTaskHasEndedAtOnce) {
  agent_.Change(Report("a", TaskState::kSucceeded));

  ASSERT_TRUE(link_->Submit(Request("a")));

  EXPECT_FALSE(link_->IsListening());
}

TEST_F(AgentLinkTest, ListensToNobodyWhenTheTaskIsRefused) {
  agent_.Script("POST", [](const net::ServerRequest&) {
    return Refusal(409, "TenantBusy", "Task a is there with another body.");
  });

  const auto report = link_->Submit(Request("a"));

  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::kConflict);
  EXPECT_EQ(report.error().reason, "TenantBusy");
  EXPECT_THAT(report.error().message, HasSubstr("Task a is there with another body."));
  EXPECT_FALSE(link_->IsListening());
}

TEST_F(AgentLinkTest, AsksAgainForAnAnswerThatWasLost) {
  ConnectLosing(1);

  const auto report = link_->Submit(Request("a"));

  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->id, "a");
  EXPECT_TRUE(agent_.StateOf("a"));
}

TEST_F(AgentLinkTest, SaysThatAForgottenTaskIsGoneWhenTheAnswerWasLost) {
  agent_.Change(Report("a", TaskState::kSucceeded));
  ConnectLosing(1);

  EXPECT_TRUE(link_->Forget("a"));
  EXPECT_FALSE(agent_.StateOf("a"));
}

TEST_F(AgentLinkTest, IsUnreachableWhenTheAnswerIsLostAgain) {
  ConnectLosing(2);

  const auto report = link_->Submit(Request("a"));

  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(report.error().reason, api::reason::kAgentUnreachable);
}

TEST_F(AgentLinkTest, IsUnreachableWhenNobodyListens) {
  agent_.Stop();

  const auto submitted = link_->Submit(Request("a"));
  const auto got = link_->Get("a");
  const auto forgotten = link_->Forget("a");

  for (const Error& error : {submitted.error(), got.error(), forgotten.error()}) {
    EXPECT_EQ(error.code, ErrorCode::kUnavailable);
    EXPECT_EQ(error.reason, api::reason::kAgentUnreachable);
    EXPECT_THAT(error.message, HasSubstr("main-0 (" + agent_.url() + ")"));
  }
}

TEST_F(AgentLinkTest, GetsATaskAndSaysWhenThereIsNone) {
  agent_.Change(Report("a", TaskState::kRunning));

  EXPECT_EQ(link_->Get("a").value().state, TaskState::kRunning);
  const auto missing = link_->Get("b");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
}

TEST_F(AgentLinkTest, TellsOfTheEndOfATaskThatWasOnlyAskedFor) {
  agent_.Change(Report("a", TaskState::kRunning));
  ASSERT_TRUE(link_->Get("a"));
  ASSERT_TRUE(link_->Get("a"));

  agent_.Tell(Report("a", TaskState::kSucceeded));

  EXPECT_TRUE(changes_.WaitFor("a", TaskState::kSucceeded));
}

TEST_F(AgentLinkTest, ListensToNobodyForATaskThatIsNotThere) {
  ASSERT_FALSE(link_->Get("a"));
  agent_.Change(Report("b", TaskState::kFailed));
  ASSERT_TRUE(link_->Get("b"));
  agent_.Stop();
  ASSERT_FALSE(link_->Get("c"));

  EXPECT_FALSE(link_->IsListening());
}

TEST_F(AgentLinkTest, ForgetsATaskWhetherOrNotItIsThere) {
  agent_.Change(Report("a", TaskState::kSucceeded));

  EXPECT_TRUE(link_->Forget("a"));
  EXPECT_FALSE(agent_.StateOf("a"));
  EXPECT_TRUE(link_->Forget("a"));
}

TEST_F(AgentLinkTest, StopsListeningForAForgottenTask) {
  agent_.SetKeepAlive(ScriptedAgent::KeepAlive::kYes);
  ASSERT_TRUE(link_->Submit(Request("a")));
  EXPECT_TRUE(link_->IsListening());

  ASSERT_TRUE(link_->Forget("a"));

  EXPECT_TRUE(Eventually([this] { return !link_->IsListening(); }));
}

TEST_F(AgentLinkTest, TellsWhenForgettingFails) {
  agent_.Script("DELETE",
                [](const net::ServerRequest&) { return Refusal(503, "", "I am stopping."); });

  const auto outcome = link_->Forget("a");

  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(outcome.error().message, HasSubstr("I am stopping."));
}

TEST_F(AgentLinkTest, TellsTheAgentsInfo) {
  const auto info = link_->Info();

  ASSERT_TRUE(info) << info.error().message;
  EXPECT_EQ(info->version, "0.1.0");
}

TEST_F(AgentLinkTest, AsksForTheVersionOnlyOnceAsLongAsTheAgentAnswers) {
  ASSERT_TRUE(link_->Submit(Request("a")));
  ASSERT_TRUE(link_->Submit(Request("b")));
  EXPECT_EQ(agent_.calls("INFO"), 1);

  agent_.Stop();
  ASSERT_FALSE(link_->Get("a"));
  agent_.Start();

  ASSERT_TRUE(link_->Submit(Request("c")));
  EXPECT_EQ(agent_.calls("INFO"), 2);
}

TEST_F(AgentLinkTest, SubmitsNothingToAnAgentOfAnotherProtocolVersion) {
  agent_.Script("INFO", [](const net::ServerRequest&) {
    return net::ServerResponse{
        .body = api::EncodeAgentInfo(
            {.name = "main-0", .version = "9.0.0", .protocol_version = 2, .capabilities = {}})};
  });

  const auto report = link_->Submit(Request("a"));

  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(report.error().reason, api::reason::kAgentVersionSkew);
  EXPECT_FALSE(agent_.StateOf("a"));
}

TEST_F(AgentLinkTest, WakesWhenARestartedAgentHasForgottenTheTask) {
  agent_.SetKeepAlive(ScriptedAgent::KeepAlive::kYes);
  ASSERT_TRUE(link_->Submit(Request("a")));
  ASSERT_TRUE(Eventually([this] { return agent_.open_streams() == 1; }));
  agent_.Tell(Report("a", TaskState::kRunning));
  ASSERT_TRUE(changes_.WaitFor("a", TaskState::kRunning));

  agent_.Stop();
  agent_.ForgetTasks();
  agent_.Start();

  EXPECT_TRUE(Eventually([this] { return changes_.Of("a").back() == TaskState::kQueued; }));
}

TEST_F(AgentLinkTest, FindsATaskThatEndedWithoutAnEvent) {
  ASSERT_TRUE(link_->Submit(Request("a")));
  ASSERT_TRUE(Eventually([this] { return agent_.open_streams() == 1; }));

  agent_.Change(Report("a", TaskState::kSucceeded));

  EXPECT_TRUE(changes_.WaitFor("a", TaskState::kSucceeded));
}

TEST_F(AgentLinkTest, MeasuresCallsByOperationAndStatus) {
  // Ended at once: the event stream, whose questions would count as well, stays out of it.
  agent_.Change(Report("a", TaskState::kSucceeded));
  ASSERT_TRUE(link_->Submit(Request("a")));
  ASSERT_FALSE(link_->Get("missing"));
  ASSERT_TRUE(link_->Forget("a"));
  agent_.Stop();
  ASSERT_FALSE(link_->Info());

  const std::string text = metrics_->Text();

  const std::string name = "tenantry_agent_request_duration_seconds_count";
  for (const char* labels : {R"({code="200",op="submit"} 1)", R"({code="404",op="get"} 1)",
                             R"({code="200",op="forget"} 1)", R"({code="200",op="info"} 1)",
                             R"({code="<error>",op="info"} 1)"}) {
    EXPECT_THAT(text, HasSubstr(name + labels));
  }
}

}  // namespace
}  // namespace tenantry::agents
