#include "agent/serve/task_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "common/api/protocol_codec.h"
#include "common/base/clock.h"
#include "common/net/http_client.h"
#include "common/net/http_server.h"

namespace tenantry::agent {
namespace {

using api::TaskKind;
using api::TaskState;
using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kPassword[] = "correct-horse-battery";

// The API over plain HTTP: who may call is the server's matter (tests/unit/net).
class TaskApi : public ::testing::Test {
 protected:
  TaskApi() {
    server_ =
        net::HttpServer::Make({.bind_address = "127.0.0.1:0", .max_body_bytes = 100'000}).value();
    runner_ = TaskRunner::Make({.max_tasks = 10}, MakeHandlers(), clock_);
    AddTaskApi(*server_, *runner_, [] {
      return api::AgentInfo{.name = "main-0",
                            .version = "0.1.0",
                            .protocol_version = api::kProtocolVersion,
                            .capabilities = {{"Load", {.state = "Available", .reason = ""}}}};
    });
    EXPECT_TRUE(server_->Start());
    client_ =
        net::HttpClient::Make({.base_url = "http://127.0.0.1:" + std::to_string(server_->port())})
            .value();
  }

  // Observe ends at once, Load waits until it is cancelled.
  static TaskHandlers MakeHandlers() {
    TaskHandlers handlers;
    handlers[TaskKind::kObserve] = [](const api::TaskRequest&, TaskContext&) {
      return TaskOutcome{.result_json = "{}"};
    };
    handlers[TaskKind::kLoad] = [](const api::TaskRequest&, TaskContext& context) {
      std::mutex mutex;
      std::unique_lock lock(mutex);
      std::condition_variable_any().wait(lock, context.stop(), [] { return false; });
      return TaskOutcome{.error = Error{.code = ErrorCode::kCancelled, .message = "stopped"}};
    };
    return handlers;
  }

  static std::string Body(const std::string& id, TaskKind kind, const std::string& spec) {
    return api::EncodeTaskRequest(
        {.id = id, .kind = kind, .tenant = api::TenantId("acme"), .spec_json = spec});
  }
  net::HttpResponse Ask(const std::string& method, const std::string& path,
                        const std::string& body = "") {
    const auto response = client_->Send(
        {.method = method, .path = path, .body = body, .content_type = "application/json"});
    EXPECT_TRUE(response) << response.error().message;
    return response ? *response : net::HttpResponse{};
  }
  net::HttpResponse Submit(const std::string& id, TaskKind kind, const std::string& spec = "{}") {
    return Ask("POST", "/v1/tasks", Body(id, kind, spec));
  }
  api::TaskReport WaitForEnd(const std::string& id) {
    const auto subscription = runner_->Subscribe();
    for (int i = 0; i < 200; ++i) {
      for (const api::TaskReport& report : subscription->Next(milliseconds(100))) {
        if (report.id == id && api::IsFinal(report.state)) {
          return report;
        }
      }
    }
    ADD_FAILURE() << id << " did not end";
    return {};
  }

  const SystemClock clock_;
  std::unique_ptr<TaskRunner> runner_;
  std::unique_ptr<net::HttpServer> server_;
  std::unique_ptr<net::HttpClient> client_;
};

TEST_F(TaskApi, TellsNewTaskFromKnownOne) {
  const auto first = Submit("a", TaskKind::kObserve);
  WaitForEnd("a");
  const auto second = Submit("a", TaskKind::kObserve);
  const auto fetched = Ask("GET", "/v1/tasks/a");

  EXPECT_EQ(first.status, 202);
  EXPECT_EQ(second.status, 200);
  EXPECT_EQ(fetched.status, 200);
  EXPECT_EQ(second.body, fetched.body);
  EXPECT_EQ(api::DecodeTaskReport(fetched.body)->state, TaskState::kSucceeded);
}

TEST_F(TaskApi, ConflictShowsTheTaskThatHasTheId) {
  ASSERT_EQ(Submit("a", TaskKind::kLoad, R"({"x":1})").status, 202);

  const auto conflict = Submit("a", TaskKind::kLoad, R"({"x":2})");

  EXPECT_EQ(conflict.status, 409);
  const json body = json::parse(conflict.body);
  EXPECT_EQ(body["error"]["code"], "Conflict");
  EXPECT_EQ(body["task"]["id"], "a");
}

TEST_F(TaskApi, RefusesWhatItCannotDo) {
  const auto status = [this](const std::string& body) {
    return Ask("POST", "/v1/tasks", body).status;
  };
  EXPECT_EQ(status(""), 400);
  EXPECT_EQ(status("not JSON"), 400);
  EXPECT_EQ(status("{}"), 400);
  EXPECT_EQ(status(R"({"id":"a/b","kind":"Load","spec":{}})"), 400);
  EXPECT_EQ(status(R"({"id":"a","kind":"Load","tenant":"A B","spec":{}})"), 400);
  EXPECT_EQ(status(R"({"id":"a","kind":"Conquer","spec":{}})"), 422);
  EXPECT_EQ(status(Body("a", TaskKind::kProvision, "{}")), 422);
  EXPECT_EQ(status(std::string(100'001, ' ')), 413);
  EXPECT_EQ(status(std::string(50'000, '[')), 400);
  EXPECT_EQ(Ask("GET", "/v1/tasks/unknown").status, 404);
  EXPECT_EQ(Ask("DELETE", "/v1/tasks/unknown").status, 404);

  const json body = json::parse(Ask("POST", "/v1/tasks", "{}").body);
  EXPECT_EQ(body["error"]["code"], "Invalid");
  EXPECT_FALSE(body["error"]["message"].get<std::string>().empty());
}

TEST_F(TaskApi, IsUnavailableWhenItKnowsTooManyTasksOrStops) {
  for (int i = 0; i < 10; ++i) {
    ASSERT_EQ(Submit("t" + std::to_string(i), TaskKind::kLoad).status, 202);
  }
  EXPECT_EQ(Submit("one-more", TaskKind::kLoad).status, 503);

  runner_->Stop();
  EXPECT_EQ(Submit("late", TaskKind::kObserve).status, 503);
}

TEST_F(TaskApi, CancelsAndForgets) {
  ASSERT_EQ(Submit("a", TaskKind::kLoad).status, 202);

  EXPECT_EQ(Ask("DELETE", "/v1/tasks/a").status, 200);
  EXPECT_EQ(WaitForEnd("a").state, TaskState::kCancelled);
  EXPECT_EQ(Ask("DELETE", "/v1/tasks/a").status, 200);
  EXPECT_EQ(Ask("GET", "/v1/tasks/a").status, 404);
}

TEST_F(TaskApi, ListsTasksAsSubmitted) {
  EXPECT_EQ(Ask("GET", "/v1/tasks").body, R"({"tasks":[]})");
  Submit("b", TaskKind::kLoad);
  Submit("a", TaskKind::kLoad);

  const json body = json::parse(Ask("GET", "/v1/tasks").body);

  ASSERT_EQ(body["tasks"].size(), 2U);
  EXPECT_EQ(body["tasks"][0]["id"], "b");
  EXPECT_EQ(body["tasks"][1]["id"], "a");
}

TEST_F(TaskApi, TellsAboutItself) {
  const auto info = api::DecodeAgentInfo(Ask("GET", "/v1/info").body);

  ASSERT_TRUE(info) << info.error().message;
  EXPECT_EQ(info->name, "main-0");
  EXPECT_EQ(info->protocol_version, api::kProtocolVersion);
  EXPECT_EQ(info->capabilities.at("Load").state, "Available");
}

TEST_F(TaskApi, StreamsKnownTasksAndTheirChanges) {
  ASSERT_EQ(Submit("a", TaskKind::kLoad).status, 202);
  std::string text;

  const auto response =
      client_->Stream({.path = "/v1/events"}, {}, seconds(20), [&](std::string_view piece) {
        if (text.empty()) {
          EXPECT_TRUE(runner_->Delete("a"));
        }
        text += piece;
        return text.find("Cancelled") == std::string::npos;
      });

  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->Header("content-type"), "application/x-ndjson");
  const std::string first_line = text.substr(0, text.find('\n'));
  EXPECT_EQ(api::DecodeTaskReport(first_line)->id, "a");
}

TEST_F(TaskApi, StreamTellsHowTasksEndedWhenAgentStops) {
  ASSERT_EQ(Submit("a", TaskKind::kLoad).status, 202);
  std::promise<void> is_open;
  auto stream = std::async(std::launch::async, [&] {
    std::string text;
    const auto response =
        client_->Stream({.path = "/v1/events"}, {}, seconds(20), [&](std::string_view piece) {
          if (text.empty()) {
            is_open.set_value();
          }
          text += piece;
          return true;
        });
    EXPECT_TRUE(response) << response.error().message;
    return text;
  });
  is_open.get_future().wait();

  runner_->Stop();
  server_->Stop();

  EXPECT_THAT(stream.get(), HasSubstr("\"Cancelled\""));
}

TEST_F(TaskApi, NoAnswerHoldsASecretOfTheSpec) {
  const std::string spec = std::string(R"({"password":")") + kPassword + "\"}";
  std::vector<net::HttpResponse> answers;
  answers.push_back(Submit("b", TaskKind::kObserve, spec));
  WaitForEnd("b");
  answers.push_back(Submit("a", TaskKind::kLoad, spec));
  answers.push_back(Submit("a", TaskKind::kLoad, spec));
  answers.push_back(Submit("a", TaskKind::kObserve, spec));
  answers.push_back(Submit("c", TaskKind::kUnload, spec));
  answers.push_back(Ask("POST", "/v1/tasks", Body("d", TaskKind::kLoad, spec).substr(1)));
  answers.push_back(Ask("POST", "/v1/tasks", spec));
  answers.push_back(Ask("POST", "/v1/tasks", Body("d", TaskKind::kLoad, spec) + kPassword));
  answers.push_back(Ask("GET", "/v1/tasks"));
  answers.push_back(Ask("GET", "/v1/tasks/a"));
  answers.push_back(Ask("GET", "/v1/tasks/b"));
  std::string events;
  EXPECT_TRUE(
      client_->Stream({.path = "/v1/events"}, {}, seconds(20), [&events](std::string_view piece) {
        events += piece;
        return false;
      }));
  answers.push_back(Ask("DELETE", "/v1/tasks/a"));

  for (const net::HttpResponse& answer : answers) {
    EXPECT_FALSE(answer.body.empty());
    EXPECT_THAT(answer.body, Not(HasSubstr(kPassword)));
  }
  EXPECT_THAT(events, Not(HasSubstr(kPassword)));
}

}  // namespace
}  // namespace tenantry::agent
