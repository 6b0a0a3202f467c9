#include "operator/kube/reflector.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>
#include <vector>

#include "common/base/mutex.h"
#include "common/telemetry/metrics.h"
#include "operator/kube/decode.h"
#include "tests/support/cluster.h"
#include "tests/unit/kube/scripted_server.h"

namespace tenantry::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kPatience{20};

// Keeps the names that exist, as the operator's cache does.
class NameSink final : public ReflectorSink {
 public:
  void Upsert(Json object) override {
    const std::string name = KeyOf(object).name.value();
    if (name == "poison") {
      throw std::runtime_error("cannot take this one");
    }
    Change([&] {
      names_.insert(name);
      listed_.insert(name);
    });
  }
  void Remove(const api::ObjectKey& key) override {
    Change([&] { names_.erase(key.name.value()); });
  }
  void BeginReplace() override {
    Change([&] { listed_.clear(); });
  }
  void EndReplace() override {
    Change([&] { names_ = listed_; });
  }

  std::set<std::string> names() {
    MutexLock lock(mutex_);
    return names_;
  }
  // Whether the names became these in time.
  bool WaitFor(const std::set<std::string>& names) {
    MutexLock lock(mutex_);
    return changed_.wait_for(mutex_, kPatience, [&] { return names_ == names; });
  }

 private:
  template <class Function>
  void Change(const Function& function) {
    {
      MutexLock lock(mutex_);
      function();
    }
    changed_.notify_all();
  }

  Mutex mutex_;
  ConditionVariable changed_;
  std::set<std::string> names_;
  std::set<std::string> listed_;
};

std::string Event(const std::string& type, const std::string& name, const std::string& version) {
  return R"({"type":")" + type + R"(","object":{"metadata":{"namespace":"x","name":")" + name +
         R"(","resourceVersion":")" + version + "\"}}}";
}

std::string Bookmark(const std::string& version) {
  return R"({"type":"BOOKMARK","object":{"metadata":{"resourceVersion":")" + version + "\"}}}";
}

std::string EndOfInitialEvents(const std::string& version) {
  return R"({"type":"BOOKMARK","object":{"metadata":{"resourceVersion":")" + version +
         R"(","annotations":{"k8s.io/initial-events-end":"true"}}}})";
}

std::string ListOf(const std::vector<std::string>& names, const std::string& version) {
  std::string items;
  for (const std::string& name : names) {
    items += std::string(items.empty() ? "" : ",") + R"({"metadata":{"name":")" + name + "\"}}";
  }
  return R"({"metadata":{"resourceVersion":")" + version + R"("},"items":[)" + items + "]}";
}

const char kExpiredEvent[] =
    R"({"type":"ERROR","object":{"message":"too old","reason":"Expired","code":410}})";

// A reflector of a server that answers the n-th request with the n-th reply, and stays silent after
// the last.
class ReflectorTest : public ::testing::Test {
 protected:
  void Start(std::vector<ScriptedReply> replies, milliseconds idle_timeout = seconds(60)) {
    server_.emplace([this, replies = std::move(replies)](const ScriptedRequest& request) {
      requests_.push_back(request);
      return requests_.size() <= replies.size() ? replies[requests_.size() - 1]
                                                : AnswerStream({}, Then::kStaySilent);
    });
    Config config;
    config.server = server_->url();
    auto client = Client::Make(config, *metrics_);
    ASSERT_TRUE(client);
    client_ = std::move(client).value();
    reflector_.emplace(*client_,
                       ReflectorOptions{.resource = kTenants, .idle_timeout = idle_timeout}, sink_,
                       *metrics_);
    thread_ = std::jthread([this](const std::stop_token& stop) { reflector_->Run(stop); });
  }
  // Ends the reflector and the server, after which `requests_` may be read.
  void Stop() {
    thread_ = {};
    server_.reset();
  }
  double Restarts(const std::string& reason) {
    return metrics_
        ->GetCounter("tenantry_watch_restarts_total", "", {{"kind", "Tenant"}, {"reason", reason}})
        .value();
  }

  NameSink sink_;
  std::unique_ptr<telemetry::Registry> metrics_ = telemetry::Registry::Make();
  std::vector<ScriptedRequest> requests_;
  std::optional<ScriptedServer> server_;
  std::unique_ptr<Client> client_;
  std::optional<Reflector> reflector_;
  std::jthread thread_;
};

TEST_F(ReflectorTest, TakesTheStreamedListAndGoesOnWatching) {
  Start({AnswerStream({Event("ADDED", "a", "1"), Event("ADDED", "b", "2"), EndOfInitialEvents("2"),
                       Event("ADDED", "c", "3"), Event("DELETED", "a", "4")},
                      Then::kStaySilent)});

  EXPECT_TRUE(sink_.WaitFor({"b", "c"}));
  EXPECT_TRUE(reflector_->synced());
  Stop();
  EXPECT_EQ(requests_.at(0).Query("sendInitialEvents"), "true");
  EXPECT_EQ(requests_.at(0).Query("resourceVersionMatch"), "NotOlderThan");
  EXPECT_EQ(requests_.size(), 1U);
}

TEST_F(ReflectorTest, IsNotSyncedBeforeTheListIsComplete) {
  Start({AnswerStream({Event("ADDED", "a", "1")}, Then::kStaySilent)});

  EXPECT_TRUE(sink_.WaitFor({"a"}));
  EXPECT_FALSE(reflector_->synced());
}

TEST_F(ReflectorTest, FallsBackToAPagedListWhereStreamingIsRefused) {
  Start({AnswerStatus(422, "Invalid", "sendInitialEvents is forbidden for watch"),
         Answer(200, ListOf({"a"}, "7")),
         AnswerStream({Event("ADDED", "b", "8"), kExpiredEvent}, Then::kStaySilent),
         Answer(200, ListOf({"b", "c"}, "20"))});

  EXPECT_TRUE(sink_.WaitFor({"b", "c"}));
  Stop();
  EXPECT_EQ(requests_.at(1).Query("resourceVersion"), "0") << "the first list may be cached";
  EXPECT_EQ(requests_.at(2).Query("resourceVersion"), "7");
  EXPECT_EQ(requests_.at(3).Query("limit"), "500") << "streaming is not tried again";
}

TEST_F(ReflectorTest, FallsBackWhereTheServerDoesNotKnowStreaming) {
  Start({AnswerStream({Event("ADDED", "a", "1"), Bookmark("1")}, Then::kStaySilent),
         Answer(200, ListOf({"a", "b"}, "7"))});

  EXPECT_TRUE(sink_.WaitFor({"a", "b"}));
  EXPECT_TRUE(testing::WaitUntil(kPatience, [&] { return reflector_->synced(); }));
}

TEST_F(ReflectorTest, ListsAnewWhenItsPlaceExpiredAndForgetsWhatIsGone) {
  Start({AnswerStream({Event("ADDED", "a", "1"), Event("ADDED", "b", "2"), EndOfInitialEvents("2"),
                       Event("MODIFIED", "a", "3"), kExpiredEvent},
                      Then::kStaySilent),
         AnswerStream({Event("ADDED", "b", "9"), EndOfInitialEvents("9")}, Then::kStaySilent)});

  EXPECT_TRUE(sink_.WaitFor({"b"}));
  Stop();
  EXPECT_EQ(requests_.at(1).Query("sendInitialEvents"), "true");
  EXPECT_EQ(Restarts("Expired"), 1);
}

TEST_F(ReflectorTest, ResumesABrokenWatchAtTheLastBookmark) {
  Start({AnswerStream({Event("ADDED", "a", "1"), EndOfInitialEvents("2"), Bookmark("55")},
                      Then::kClose),
         AnswerStream({Event("ADDED", "b", "56")}, Then::kStaySilent)});

  EXPECT_TRUE(sink_.WaitFor({"a", "b"}));
  Stop();
  EXPECT_EQ(requests_.at(1).Query("resourceVersion"), "55");
  EXPECT_EQ(requests_.at(1).Query("sendInitialEvents"), "");
}

TEST_F(ReflectorTest, ResumesAWatchThatFellSilent) {
  Start({AnswerStream({Event("ADDED", "a", "1"), EndOfInitialEvents("2"), Event("ADDED", "b", "3")},
                      Then::kStaySilent),
         AnswerStream({Event("ADDED", "c", "4")}, Then::kStaySilent)},
        milliseconds(100));

  EXPECT_TRUE(sink_.WaitFor({"a", "b", "c"}));
  Stop();
  EXPECT_EQ(requests_.at(1).Query("resourceVersion"), "3");
  EXPECT_GE(Restarts("Silent"), 1);
}

TEST_F(ReflectorTest, ResumesAWatchThatTheServerEnded) {
  Start({AnswerWholeStream({Event("ADDED", "a", "1"), EndOfInitialEvents("2"), Bookmark("5")}),
         AnswerWholeStream({Event("ADDED", "b", "6")}),
         AnswerStream({Event("ADDED", "c", "7")}, Then::kStaySilent)});

  EXPECT_TRUE(sink_.WaitFor({"a", "b", "c"}));
  Stop();
  EXPECT_EQ(requests_.at(2).Query("resourceVersion"), "6");
  EXPECT_EQ(Restarts("Ended"), 2);
}

TEST_F(ReflectorTest, BeginsAnewAListThatBrokeOff) {
  Start({AnswerStream({Event("ADDED", "a", "1")}, Then::kClose),
         AnswerStream({Event("ADDED", "b", "2"), EndOfInitialEvents("2")}, Then::kStaySilent)});

  EXPECT_TRUE(sink_.WaitFor({"b"}));
}

TEST_F(ReflectorTest, BearsObjectsThatNobodyCanTake) {
  Start({AnswerStream(
      {Event("ADDED", "poison", "1"), Event("ADDED", "", "2"), R"({"type":"ADDED","object":{}})",
       Event("ADDED", "b", "3"), EndOfInitialEvents("3")},
      Then::kStaySilent)});

  EXPECT_TRUE(sink_.WaitFor({"b"}));
}

}  // namespace
}  // namespace tenantry::kube
