#include "operator/kube/events.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <vector>

#include "common/telemetry/metrics.h"
#include "tests/support/cluster.h"
#include "tests/support/manual_clock.h"
#include "tests/unit/kube/scripted_server.h"

namespace tenantry::kube {
namespace {

// A server that keeps what it is sent.
class EventRecorderTest : public ::testing::Test {
 protected:
  EventRecorderTest() : server_([this](const ScriptedRequest& request) { return Reply(request); }) {
    Config config;
    config.server = server_.url();
    client_ = Client::Make(config, *metrics_).value();
    recorder_ = EventRecorder::Make(*client_, "operator-0", clock_);
    acme_.meta.ns = api::Namespace("platform");
    acme_.meta.name = api::Name("acme");
    acme_.meta.uid = api::Uid("1");
  }

  ScriptedReply Reply(const ScriptedRequest& request) {
    requests_.push_back(request);
    ++replies_;
    return request.method == "PATCH" && gone_ ? AnswerStatus(404, "NotFound", "gone")
                                              : Answer(200, "{}");
  }

  const SystemClock clock_;
  std::unique_ptr<telemetry::Registry> metrics_ = telemetry::Registry::Make();
  std::vector<ScriptedRequest> requests_;
  std::atomic<int> replies_ = 0;
  bool gone_ = false;
  ScriptedServer server_;
  std::unique_ptr<Client> client_;
  std::unique_ptr<EventRecorder> recorder_;
  EventSubject acme_{.kind = api::Kind::kTenant, .meta = {}};
};

TEST_F(EventRecorderTest, YieldsToWorkForTenSecondsAtMost) {
  testing::ManualClock clock;
  std::atomic<int> asked = 0;
  recorder_ = EventRecorder::Make(*client_, "operator-0", clock, [&] {
    ++asked;
    return true;
  });

  recorder_->Record(acme_, EventType::kNormal, "Succeeded", "Succeeded");

  EXPECT_TRUE(testing::WaitUntil(std::chrono::seconds(10), [&] { return asked >= 3; }));
  EXPECT_EQ(replies_, 0);
  clock.Advance(std::chrono::seconds(10));
  EXPECT_TRUE(testing::WaitUntil(std::chrono::seconds(10), [&] { return replies_ == 1; }));
  recorder_.reset();
}

TEST_F(EventRecorderTest, WritesWhatIsQueuedBeforeItEnds) {
  recorder_->Record(acme_, EventType::kWarning, "SecretNotFound", "Secret x is missing");
  recorder_.reset();

  ASSERT_EQ(requests_.size(), 1U);
  EXPECT_EQ(requests_[0].path, "/apis/events.k8s.io/v1/namespaces/platform/events");
  const Json event = Json::parse(requests_[0].body);
  EXPECT_EQ(event["note"], "Secret x is missing");
  EXPECT_EQ(event["type"], "Warning");
}

TEST_F(EventRecorderTest, TellsOfObjectsOfOtherTypes) {
  const Json lease = Json::parse(
      R"({"metadata":{"namespace":"system","name":"leader","uid":"9","resourceVersion":"4"}})");
  recorder_->Record(SubjectOf(kLeases, lease), EventType::kNormal, "LeaderElection", "a leads");
  recorder_.reset();

  ASSERT_EQ(requests_.size(), 1U);
  EXPECT_EQ(requests_[0].path, "/apis/events.k8s.io/v1/namespaces/system/events");
  EXPECT_EQ(Json::parse(requests_[0].body)["regarding"],
            Json::parse(R"({"apiVersion":"coordination.k8s.io/v1","kind":"Lease",
                            "namespace":"system","name":"leader","uid":"9","resourceVersion":"4"})"));
}

TEST_F(EventRecorderTest, RaisesTheCountOfARepetition) {
  recorder_->Record(acme_, EventType::kNormal, "Progressing", "again");
  recorder_->Record(acme_, EventType::kNormal, "Progressing", "again");
  recorder_.reset();

  ASSERT_EQ(requests_.size(), 2U);
  const std::string name = Json::parse(requests_[0].body)["metadata"]["name"];
  EXPECT_EQ(requests_[1].path, "/apis/events.k8s.io/v1/namespaces/platform/events/" + name);
  EXPECT_EQ(Json::parse(requests_[1].body)[0]["value"]["count"], 2);
}

TEST_F(EventRecorderTest, WritesANewEventWhenTheFirstOneIsGone) {
  gone_ = true;
  recorder_->Record(acme_, EventType::kNormal, "Progressing", "again");
  recorder_->Record(acme_, EventType::kNormal, "Progressing", "again");
  recorder_.reset();

  ASSERT_EQ(requests_.size(), 3U);
  EXPECT_EQ(requests_[2].method, "POST");
  EXPECT_NE(Json::parse(requests_[2].body)["metadata"]["name"],
            Json::parse(requests_[0].body)["metadata"]["name"]);
}

}  // namespace
}  // namespace tenantry::kube
