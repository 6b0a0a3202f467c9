#include "agent/tasks/runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "agent/tasks/task_record.h"
#include "common/telemetry/metrics.h"
#include "tests/support/manual_clock.h"

namespace tenantry::agent {
namespace {

using api::TaskKind;
using api::TaskReport;
using api::TaskState;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr seconds kPatience{20};  // far more than any step needs

api::TaskRequest Request(const std::string& id, const std::string& tenant = "acme",
                         const std::string& spec = "{}") {
  return {.id = id, .kind = TaskKind::kLoad, .tenant = api::TenantId(tenant), .spec_json = spec};
}

TaskOutcome Done() { return {.result_json = R"({"rows":1})"}; }

TaskOutcome Stopped() {
  return {.error = Error{.code = ErrorCode::kCancelled, .message = "stopped"}};
}

// Blocks tasks until the test lets them go or they are stopped.
class Gate {
 public:
  TaskOutcome Pass(const TaskContext& context) {
    std::unique_lock lock(mutex_);
    ++inside_;
    changed_.notify_all();
    const bool is_open = changed_.wait(lock, context.stop(), [this] { return is_open_; });
    --inside_;
    return is_open ? Done() : Stopped();
  }
  void Open() {
    const std::lock_guard lock(mutex_);
    is_open_ = true;
    changed_.notify_all();
  }
  bool WaitUntilInside(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return inside_ >= count; });
  }
  int inside() {
    const std::lock_guard lock(mutex_);
    return inside_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool is_open_ = false;
  int inside_ = 0;
};

class Runner : public ::testing::Test {
 protected:
  // A runner whose Load tasks do `handler`.
  TaskRunner& Make(TaskHandler handler, RunnerOptions options = {}) {
    runner_ = TaskRunner::Make(options, {{TaskKind::kLoad, std::move(handler)}}, clock_);
    return *runner_;
  }
  TaskRunner& MakeGated(RunnerOptions options = {}) {
    return Make(
        [this](const api::TaskRequest&, TaskContext& context) { return gate_.Pass(context); },
        options);
  }

  // Follows the task until it has ended.
  TaskReport WaitForEnd(const std::string& id) {
    const auto subscription = runner_->Subscribe();
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < deadline) {
      for (const TaskReport& report : subscription->Next(milliseconds(100))) {
        if (report.id == id && api::IsFinal(report.state)) {
          return report;
        }
      }
    }
    ADD_FAILURE() << id << " did not end";
    return {};
  }

  testing::ManualClock clock_;
  Gate gate_;
  std::unique_ptr<TaskRunner> runner_;
};

TEST_F(Runner, DoesTaskAndKeepsItsResult) {
  std::string seen;
  TaskRunner& runner = Make([&seen](const api::TaskRequest& request, TaskContext& context) {
    seen = request.spec_json;
    context.ReportProgress({.done = 1, .total = 2, .unit = "rows", .per_second = 3});
    return Done();
  });

  const auto submitted = runner.Submit(Request("a", "acme", R"({"x":1})"));

  ASSERT_TRUE(submitted) << submitted.error().message;
  EXPECT_TRUE(submitted->is_new);
  const TaskReport end = WaitForEnd("a");
  EXPECT_EQ(end.state, TaskState::kSucceeded);
  EXPECT_EQ(end.result_json, R"({"rows":1})");
  EXPECT_EQ(end.progress, (api::Progress{1, 2, "rows", 3}));
  EXPECT_EQ(end.tenant.value(), "acme");
  EXPECT_EQ(seen, R"({"x":1})");
  EXPECT_EQ(runner.Get("a").value(), end);
}

TEST_F(Runner, SameTaskAgainIsTheSameEvenAfterItsEnd) {
  std::atomic<int> runs{0};
  TaskRunner& runner = Make([&runs](const api::TaskRequest&, TaskContext&) {
    ++runs;
    return Done();
  });
  ASSERT_TRUE(runner.Submit(Request("a")));
  const TaskReport end = WaitForEnd("a");

  const auto again = runner.Submit(Request("a"));

  ASSERT_TRUE(again);
  EXPECT_FALSE(again->is_new);
  EXPECT_EQ(again->report, end);
  EXPECT_EQ(runs, 1);
}

TEST_F(Runner, SameIdWithAnotherBodyIsConflict) {
  TaskRunner& runner = Make([](const api::TaskRequest&, TaskContext&) { return Done(); });
  ASSERT_TRUE(runner.Submit(Request("a")));
  WaitForEnd("a");

  for (const api::TaskRequest& other :
       {Request("a", "acme", R"({"x":1})"), Request("a", "globex")}) {
    const auto conflict = runner.Submit(other);
    ASSERT_FALSE(conflict);
    EXPECT_EQ(conflict.error().code, ErrorCode::kConflict);
  }
}

TEST_F(Runner, UnknownKindIsVersionSkew) {
  TaskRunner& runner = MakeGated();
  api::TaskRequest request = Request("a");
  request.kind = TaskKind::kProvision;

  const auto refused = runner.Submit(request);

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(refused.error().reason, "AgentVersionSkew");
  EXPECT_THAT(refused.error().message, HasSubstr("Provision"));
}

TEST_F(Runner, TwoTasksOfOneTenantNeverRunAtOnce) {
  std::atomic<int> running{0};
  std::atomic<bool> overlapped{false};
  TaskRunner& runner = Make([&](const api::TaskRequest&, TaskContext&) {
    overlapped = overlapped || ++running > 1;
    std::this_thread::yield();
    --running;
    return Done();
  });

  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(runner.Submit(Request("t" + std::to_string(i))));
  }
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(WaitForEnd("t" + std::to_string(i)).state, TaskState::kSucceeded);
  }

  EXPECT_FALSE(overlapped);
}

TEST_F(Runner, TasksOfDifferentTenantsAndOfTheStoreRunSideBySide) {
  TaskRunner& runner = MakeGated({.max_concurrent_tasks = 4});

  for (const auto& [id, tenant] :
       {std::pair{"a", "acme"}, {"b", "globex"}, {"c", ""}, {"d", ""}, {"e", "acme"}}) {
    ASSERT_TRUE(runner.Submit(Request(id, tenant)));
  }

  EXPECT_TRUE(gate_.WaitUntilInside(4));
  EXPECT_EQ(runner.Get("e")->state, TaskState::kQueued);
  gate_.Open();
  EXPECT_EQ(WaitForEnd("e").state, TaskState::kSucceeded);
}

TEST_F(Runner, NoMoreTasksRunThanAllowed) {
  TaskRunner& runner = MakeGated({.max_concurrent_tasks = 2});
  for (const char* tenant : {"a", "b", "c"}) {
    ASSERT_TRUE(runner.Submit(Request(tenant, tenant)));
  }

  EXPECT_TRUE(gate_.WaitUntilInside(2));
  EXPECT_EQ(runner.Get("c")->state, TaskState::kQueued);
  gate_.Open();
  EXPECT_EQ(WaitForEnd("c").state, TaskState::kSucceeded);
}

TEST_F(Runner, CancelEndsRunningTaskAtItsSafePoint) {
  TaskRunner& runner = MakeGated();
  ASSERT_TRUE(runner.Submit(Request("a")));
  ASSERT_TRUE(gate_.WaitUntilInside(1));

  const auto asked = runner.Delete("a");

  ASSERT_TRUE(asked);
  const TaskReport end = WaitForEnd("a");
  EXPECT_EQ(end.state, TaskState::kCancelled);
  EXPECT_FALSE(end.error);
}

TEST_F(Runner, CancelEndsQueuedTaskAtOnce) {
  TaskRunner& runner = MakeGated();
  ASSERT_TRUE(runner.Submit(Request("a")));
  ASSERT_TRUE(gate_.WaitUntilInside(1));
  ASSERT_TRUE(runner.Submit(Request("b")));

  EXPECT_EQ(runner.Delete("b")->state, TaskState::kCancelled);
  EXPECT_EQ(gate_.inside(), 1);
}

TEST_F(Runner, DeleteForgetsFinishedTask) {
  TaskRunner& runner = Make([](const api::TaskRequest&, TaskContext&) { return Done(); });
  ASSERT_TRUE(runner.Submit(Request("a")));
  WaitForEnd("a");

  EXPECT_EQ(runner.Delete("a")->state, TaskState::kSucceeded);

  EXPECT_EQ(runner.Get("a").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(runner.Delete("a").error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(runner.Submit(Request("a", "acme", "another body"))->is_new);
}

TEST_F(Runner, DeadlineStopsRunningTaskAsRetryableFailure) {
  TaskRunner& runner = MakeGated();
  api::TaskRequest request = Request("a");
  request.deadline = clock_.Now() + seconds(60);
  ASSERT_TRUE(runner.Submit(request));
  ASSERT_TRUE(gate_.WaitUntilInside(1));

  clock_.Advance(seconds(61));
  const TaskReport end = WaitForEnd("a");

  EXPECT_EQ(end.state, TaskState::kFailed);
  ASSERT_TRUE(end.error);
  EXPECT_TRUE(api::IsRetryable(end.error->code));
  EXPECT_THAT(end.error->message, HasSubstr("deadline"));
}

TEST_F(Runner, DeadlineEndsQueuedTask) {
  TaskRunner& runner = MakeGated();
  ASSERT_TRUE(runner.Submit(Request("a")));
  ASSERT_TRUE(gate_.WaitUntilInside(1));
  api::TaskRequest late = Request("b");
  late.deadline = clock_.Now() + seconds(60);
  ASSERT_TRUE(runner.Submit(late));

  clock_.Advance(seconds(61));

  EXPECT_EQ(runner.Get("b")->state, TaskState::kFailed);
}

// Without anybody asking: the runner looks at the real time left itself.
TEST(RunnerWithSystemClock, DeadlinePassesByItself) {
  const SystemClock clock;
  std::promise<void> stopped;
  const auto runner = TaskRunner::Make({},
                                       {{TaskKind::kLoad,
                                         [&stopped](const api::TaskRequest&, TaskContext& context) {
                                           std::mutex mutex;
                                           std::unique_lock lock(mutex);
                                           std::condition_variable_any().wait(lock, context.stop(),
                                                                              [] { return false; });
                                           stopped.set_value();
                                           return Stopped();
                                         }}},
                                       clock);
  api::TaskRequest request = Request("a");
  request.deadline = clock.Now() + milliseconds(50);

  ASSERT_TRUE(runner->Submit(request));

  EXPECT_EQ(stopped.get_future().wait_for(kPatience), std::future_status::ready);
}

TEST_F(Runner, FinishedTaskIsForgottenAfterAWhile) {
  TaskRunner& runner = Make([](const api::TaskRequest&, TaskContext&) { return Done(); },
                            {.keep_finished = seconds(600)});
  ASSERT_TRUE(runner.Submit(Request("a")));
  WaitForEnd("a");

  clock_.Advance(seconds(599));
  EXPECT_TRUE(runner.Get("a"));
  clock_.Advance(seconds(1));
  EXPECT_FALSE(runner.Get("a"));
  EXPECT_TRUE(runner.List().empty());
}

TEST_F(Runner, TooManyTasksAreUnavailable) {
  TaskRunner& runner = MakeGated({.max_tasks = 2, .max_spec_bytes = 1000});
  ASSERT_TRUE(runner.Submit(Request("a")));

  const auto too_large = runner.Submit(Request("b", "acme", std::string(1000, 'x')));
  ASSERT_TRUE(runner.Submit(Request("c")));
  const auto too_many = runner.Submit(Request("d"));

  ASSERT_FALSE(too_large);
  EXPECT_EQ(too_large.error().code, ErrorCode::kUnavailable);
  ASSERT_FALSE(too_many);
  EXPECT_EQ(too_many.error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(runner.Submit(Request("a")));  // a known one is no new one
}

TEST_F(Runner, ExceptionOfHandlerFailsTaskWithoutItsText) {
  TaskRunner& runner = Make([](const api::TaskRequest& request, TaskContext&) -> TaskOutcome {
    throw std::runtime_error("cannot parse " + request.spec_json);
  });

  ::testing::internal::CaptureStderr();
  ASSERT_TRUE(runner.Submit(Request("a", "acme", "hunter2")));
  const TaskReport end = WaitForEnd("a");
  runner_.reset();
  const std::string log = ::testing::internal::GetCapturedStderr();

  EXPECT_EQ(end.state, TaskState::kFailed);
  ASSERT_TRUE(end.error);
  EXPECT_EQ(end.error->code, ErrorCode::kInternal);
  EXPECT_EQ(end.error->message.find("hunter2"), std::string::npos);
  EXPECT_THAT(log, HasSubstr("task handler threw an exception"));
  EXPECT_EQ(log.find("hunter2"), std::string::npos);
}

TEST_F(Runner, FailedTaskKeepsPartialResult) {
  TaskRunner& runner = Make([](const api::TaskRequest&, TaskContext&) {
    return TaskOutcome{
        .result_json = R"({"datasets":[1]})",
        .error = Error{
            .code = ErrorCode::kInvalid, .message = "record 2 is bad", .reason = "InvalidData"}};
  });

  ASSERT_TRUE(runner.Submit(Request("a")));

  const TaskReport end = WaitForEnd("a");
  EXPECT_EQ(end.state, TaskState::kFailed);
  EXPECT_EQ(end.error->reason, "InvalidData");
  EXPECT_EQ(end.result_json, R"({"datasets":[1]})");
}

TEST_F(Runner, StopCancelsWhatRunsAndWaitsAndRefusesMore) {
  TaskRunner& runner = MakeGated();
  ASSERT_TRUE(runner.Submit(Request("a")));
  ASSERT_TRUE(gate_.WaitUntilInside(1));
  ASSERT_TRUE(runner.Submit(Request("b")));

  runner.Stop();

  EXPECT_EQ(gate_.inside(), 0);
  EXPECT_EQ(runner.Get("a")->state, TaskState::kCancelled);
  EXPECT_EQ(runner.Get("b")->state, TaskState::kCancelled);
  EXPECT_EQ(runner.Submit(Request("c")).error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(runner.Submit(Request("a")));
}

TEST_F(Runner, SubscriptionStartsWithKnownTasksAndThenTellsChanges) {
  TaskRunner& runner = MakeGated();
  ASSERT_TRUE(runner.Submit(Request("a")));
  ASSERT_TRUE(gate_.WaitUntilInside(1));
  const auto subscription = runner.Subscribe();

  const auto known = subscription->Next(milliseconds(0));
  const auto nothing = subscription->Next(milliseconds(0));
  gate_.Open();
  const auto changes = subscription->Next(kPatience);

  ASSERT_EQ(known.size(), 1U);
  EXPECT_EQ(known[0].state, TaskState::kRunning);
  EXPECT_TRUE(nothing.empty());
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].state, TaskState::kSucceeded);
}

TEST_F(Runner, SlowSubscriberGetsNewestReportOfEachTaskOnly) {
  TaskRunner& runner = Make([](const api::TaskRequest&, TaskContext&) { return Done(); });
  const auto slow = runner.Subscribe();
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(runner.Submit(Request("t" + std::to_string(i))));
  }
  for (int i = 0; i < 20; ++i) {
    WaitForEnd("t" + std::to_string(i));
  }

  const auto reports = slow->Next(milliseconds(0));

  EXPECT_EQ(reports.size(), 20U);
  for (const TaskReport& report : reports) {
    EXPECT_EQ(report.state, TaskState::kSucceeded);
  }
  EXPECT_EQ(runner.List().size(), 20U);
  EXPECT_EQ(runner.List().front().id, "t0");
}

TEST_F(Runner, CountsTasksByKindAndOutcome) {
  const auto registry = telemetry::Registry::Make();
  TaskRunner& runner = Make([](const api::TaskRequest&, TaskContext&) { return Done(); },
                            {.metrics = registry.get()});
  ASSERT_TRUE(runner.Submit(Request("a")));
  WaitForEnd("a");
  runner_.reset();

  const std::string text = registry->Text();
  EXPECT_THAT(text, HasSubstr("tenantry_agent_tasks_total{kind=\"Load\",outcome=\"Succeeded\"} 1"));
  EXPECT_THAT(text, HasSubstr("tenantry_agent_tasks_running 0"));
}

TEST(DecideEnding, DependsOnWhoStoppedTheTask) {
  const Error cancelled{.code = ErrorCode::kCancelled, .message = "stopped"};
  const Error invalid{.code = ErrorCode::kInvalid, .message = "bad"};

  EXPECT_EQ(DecideEnding(std::nullopt, StopReason::kCancelled).state, TaskState::kSucceeded);
  EXPECT_EQ(DecideEnding(cancelled, StopReason::kCancelled).state, TaskState::kCancelled);
  EXPECT_EQ(DecideEnding(cancelled, StopReason::kAgentStops).state, TaskState::kCancelled);
  EXPECT_EQ(DecideEnding(cancelled, StopReason::kDeadline).error->code, ErrorCode::kUnavailable);
  EXPECT_EQ(DecideEnding(cancelled, StopReason::kNone).error, cancelled);
  EXPECT_EQ(DecideEnding(invalid, StopReason::kCancelled).error, invalid);
}

TEST(WipeSpec, LeavesNothing) {
  api::TaskRequest request = Request("a", "acme", "a spec that is long enough for the heap");
  WipeSpec(request);
  EXPECT_TRUE(request.spec_json.empty());
}

}  // namespace
}  // namespace tenantry::agent
