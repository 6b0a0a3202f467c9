#include "operator/reconcile/work_queue.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/telemetry/metrics.h"
#include "tests/support/manual_clock.h"

namespace tenantry::reconcile {
namespace {

using std::chrono::milliseconds;
using testing::ManualClock;

WorkKey Key(const std::string& name, api::Kind kind = api::Kind::kTenant) {
  return {.kind = kind, .object = {.ns = api::Namespace("platform"), .name = api::Name(name)}};
}

class WorkQueueTest : public ::testing::Test {
 protected:
  std::string Get() {
    const auto key = queue_.Get({});
    return key ? key->object.name.value() : "";
  }
  double Gauge(const std::string& name, const telemetry::Labels& more = {}) {
    telemetry::Labels labels{{"name", "tenant"}, {"controller", "tenant"}};
    labels.insert(more.begin(), more.end());
    return metrics_->GetGauge(name, "", labels).value();
  }
  double Counter(const std::string& name) {
    return metrics_->GetCounter(name, "", {{"name", "tenant"}, {"controller", "tenant"}}).value();
  }

  ManualClock clock_;
  std::unique_ptr<telemetry::Registry> metrics_ = telemetry::Registry::Make();
  WorkQueue queue_{QueueOptions{}, clock_, *metrics_};
};

TEST(NextDelay, DoublesFromTheMinimumToTheCap) {
  const QueueOptions options;
  // With random near 1 the jitter is near nothing.
  constexpr double kMost = 0.999999;
  struct Case {
    int attempt;
    int expected_ms;
  };
  for (const Case& each :
       {Case{-3, 5}, Case{0, 5}, Case{1, 5}, Case{2, 10}, Case{3, 20}, Case{10, 2'560},
        Case{18, 655'360}, Case{19, 1'000'000}, Case{40, 1'000'000}, Case{1'000'000, 1'000'000}}) {
    SCOPED_TRACE(each.attempt);
    const auto delay = NextDelay(each.attempt, kMost, options);
    EXPECT_LE(delay, milliseconds(each.expected_ms));
    EXPECT_GE(delay, milliseconds(each.expected_ms) - milliseconds(2));
  }
}

TEST(NextDelay, TakesAwayAtMostHalf) {
  const QueueOptions options;
  for (int attempt = 1; attempt < 30; ++attempt) {
    const auto least = NextDelay(attempt, 0.0, options);
    const auto middle = NextDelay(attempt, 0.5, options);
    const auto most = NextDelay(attempt, 0.999999, options);
    EXPECT_LE(least, middle);
    EXPECT_LE(middle, most);
    EXPECT_GE(least * 2 + milliseconds(1), most);
  }
}

TEST_F(WorkQueueTest, DeliversADelayedKeyOnceItsTimeHasCome) {
  queue_.AddAfter(Key("delayed"), milliseconds(1000));
  queue_.Add(Key("now"), Priority::kLow);
  EXPECT_EQ(Get(), "now");

  clock_.Advance(milliseconds(1000));

  EXPECT_EQ(Get(), "delayed");
}

TEST_F(WorkQueueTest, AddsAtOnceWhenThereIsNoDelay) {
  queue_.AddAfter(Key("a"), milliseconds(0));
  queue_.AddAfter(Key("b"), milliseconds(-5));

  EXPECT_EQ(Get(), "a");
  EXPECT_EQ(Get(), "b");
}

TEST_F(WorkQueueTest, SurvivesADelayWithoutEnd) {
  queue_.AddAfter(Key("never"), milliseconds::max());
  queue_.Add(Key("now"));

  EXPECT_EQ(Get(), "now");
}

TEST_F(WorkQueueTest, RetriesLaterAndLaterUntilForget) {
  const auto fail_and_wait = [this](milliseconds longest) {
    queue_.AddRateLimited(Key("a"));
    clock_.Advance(longest);
    const auto key = queue_.Get({});
    ASSERT_TRUE(key);
    queue_.Done(*key);
  };
  for (const int longest_ms : {5, 10, 20, 40}) {
    fail_and_wait(milliseconds(longest_ms));
  }
  EXPECT_EQ(Counter("workqueue_retries_total"), 4);

  queue_.Forget(Key("a"));

  fail_and_wait(milliseconds(5));
}

TEST_F(WorkQueueTest, RetriesAUsersEditBeforeAResync) {
  queue_.Add(Key("edit"), Priority::kNormal);
  ASSERT_EQ(Get(), "edit");
  queue_.Add(Key("resync"), Priority::kLow);
  queue_.AddRateLimited(Key("edit"));
  queue_.Done(Key("edit"));

  clock_.Advance(milliseconds(5));

  EXPECT_EQ(Get(), "edit");
  EXPECT_EQ(Get(), "resync");
}

TEST_F(WorkQueueTest, GivesNothingAfterShutDown) {
  queue_.Add(Key("a"));

  queue_.ShutDown();

  EXPECT_EQ(queue_.Get({}), std::nullopt);
}

TEST_F(WorkQueueTest, WakesWaitingWorkersOnShutDown) {
  std::vector<std::jthread> workers;
  std::atomic<int> ended = 0;
  for (int i = 0; i < 4; ++i) {
    workers.emplace_back([&] {
      EXPECT_EQ(queue_.Get({}), std::nullopt);
      ++ended;
    });
  }

  queue_.ShutDown();
  workers.clear();

  EXPECT_EQ(ended, 4);
}

TEST_F(WorkQueueTest, WakesAWorkerThatIsAskedToStop) {
  queue_.AddAfter(Key("far"), std::chrono::hours(1));
  std::jthread worker(
      [&](const std::stop_token& stop) { EXPECT_EQ(queue_.Get(stop), std::nullopt); });

  worker.request_stop();
  worker.join();
}

TEST_F(WorkQueueTest, WakesAWaitingWorkerForANewKey) {
  std::atomic<bool> got = false;
  std::jthread worker([&](const std::stop_token& stop) { got = queue_.Get(stop).has_value(); });

  queue_.Add(Key("a"));
  worker.join();

  EXPECT_TRUE(got);
}

TEST_F(WorkQueueTest, CountsDepthsByKindAndPriority) {
  queue_.Add(Key("a"), Priority::kNormal);
  queue_.Add(Key("b"), Priority::kLow);
  queue_.Add(Key("c"), Priority::kLow);
  queue_.Add(Key("a"), Priority::kNormal);
  queue_.Add(Key("store", api::Kind::kDataStore));

  EXPECT_EQ(Gauge("workqueue_depth", {{"priority", "0"}}), 1);
  EXPECT_EQ(Gauge("workqueue_depth", {{"priority", "-100"}}), 2);
  EXPECT_EQ(Counter("workqueue_adds_total"), 3);

  EXPECT_EQ(Get(), "a");
  EXPECT_EQ(Gauge("workqueue_depth", {{"priority", "0"}}), 0);
}

TEST_F(WorkQueueTest, TellsHowLongUnfinishedWorkHasTaken) {
  queue_.Add(Key("a"));
  queue_.Add(Key("b"));
  Get();
  clock_.Advance(std::chrono::seconds(4));
  Get();
  clock_.Advance(std::chrono::seconds(1));

  queue_.RefreshMetrics();

  EXPECT_DOUBLE_EQ(Gauge("workqueue_unfinished_work_seconds"), 6);
  EXPECT_DOUBLE_EQ(Gauge("workqueue_longest_running_processor_seconds"), 5);
  queue_.Done(Key("a"));
  queue_.Done(Key("b"));
  EXPECT_DOUBLE_EQ(Gauge("workqueue_unfinished_work_seconds"), 0);
}

TEST_F(WorkQueueTest, ExportsEverySeriesOfEachKindFromTheStart) {
  const std::string text = metrics_->Text();

  for (const char* kind : {"datastore", "tenant", "fixtureset"}) {
    const std::string labels = std::string("{controller=\"") + kind + "\",name=\"" + kind + "\"";
    for (const char* name :
         {"workqueue_depth", "workqueue_adds_total", "workqueue_retries_total",
          "workqueue_unfinished_work_seconds", "workqueue_longest_running_processor_seconds",
          "workqueue_queue_duration_seconds_count", "workqueue_work_duration_seconds_count"}) {
      EXPECT_NE(text.find(name + labels), std::string::npos) << name << labels;
    }
  }
}

TEST(WorkQueue, NeverGivesAKeyToTwoWorkersAndLosesNone) {
  constexpr int kKeys = 7;
  constexpr int kProducers = 2;
  constexpr int kWorkers = 4;
  constexpr int kAddsOfEach = 3'000;
  const SystemClock clock;
  const auto metrics = telemetry::Registry::Make();
  WorkQueue queue(QueueOptions{}, clock, *metrics);
  std::array<std::atomic<int>, kKeys> added{};    // the newest add of each key
  std::array<std::atomic<int>, kKeys> worked{};   // the newest add that a worker has seen
  std::array<std::atomic<int>, kKeys> holders{};  // workers that have the key now
  std::atomic<bool> shared = false;

  std::vector<std::jthread> workers;
  for (int i = 0; i < kWorkers; ++i) {
    workers.emplace_back([&](const std::stop_token& stop) {
      while (const auto key = queue.Get(stop)) {
        const auto index = static_cast<std::size_t>(std::stoi(key->object.name.value()));
        if (++holders[index] > 1) {
          shared = true;
        }
        worked[index] = added[index].load();
        --holders[index];
        queue.Done(*key);
      }
    });
  }
  std::vector<std::jthread> producers;
  for (int i = 0; i < kProducers; ++i) {
    producers.emplace_back([&, i] {
      for (int n = 0; n < kAddsOfEach; ++n) {
        const int index = (n + i) % kKeys;
        ++added[static_cast<std::size_t>(index)];
        const WorkKey key = Key(std::to_string(index));
        const Priority priority = n % 3 == 0 ? Priority::kLow : Priority::kNormal;
        n % 5 == 0 ? queue.AddAfter(key, milliseconds(1), priority) : queue.Add(key, priority);
      }
    });
  }
  producers.clear();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  const auto all_worked = [&] {
    for (std::size_t i = 0; i < kKeys; ++i) {
      if (worked[i] != added[i]) {
        return false;
      }
    }
    return true;
  };
  while (!all_worked() && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  queue.ShutDown();
  workers.clear();

  EXPECT_TRUE(all_worked());
  EXPECT_FALSE(shared);
}

}  // namespace
}  // namespace tenantry::reconcile
