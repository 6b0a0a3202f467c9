#include "operator/kube/access_reviewer.h"

#include <gtest/gtest.h>

#include <vector>

#include "common/telemetry/metrics.h"
#include "tests/support/manual_clock.h"
#include "tests/unit/kube/scripted_server.h"

namespace tenantry::kube {
namespace {

using std::chrono::seconds;

// An API server that knows the tokens "reader" and "stranger", of whom the first may get /metrics.
class AccessReviewerTest : public ::testing::Test {
 protected:
  AccessReviewerTest()
      : server_([this](const ScriptedRequest& request) { return Reply(request); }) {
    Config config;
    config.server = server_.url();
    client_ = Client::Make(config, *metrics_).value();
    reviewer_.emplace(*client_, clock_);
  }

  // The status of the answer to a request; 200: it may pass.
  int StatusOf(const std::string& authorization) {
    const auto refusal = reviewer_->Refuse(
        {.method = "GET", .path = "/metrics", .headers = {{"authorization", authorization}}});
    return refusal ? refusal->status : 200;
  }

  testing::ManualClock clock_;
  std::vector<ScriptedRequest> requests_;
  bool away_ = false;

 private:
  ScriptedReply Reply(const ScriptedRequest& request) {
    requests_.push_back(request);
    if (away_) {
      return AnswerStatus(500, "InternalError", "etcd is away");
    }
    const Json spec = Json::parse(request.body)["spec"];
    if (request.path == "/apis/authentication.k8s.io/v1/tokenreviews") {
      const std::string token = spec["token"];
      const bool known = token == "reader" || token == "stranger";
      return Answer(
          201,
          Json{{"status", {{"authenticated", known}, {"user", {{"username", token}}}}}}.dump());
    }
    EXPECT_EQ(request.path, "/apis/authorization.k8s.io/v1/subjectaccessreviews");
    const bool allowed =
        spec["user"] == "reader" &&
        spec["nonResourceAttributes"] == Json{{"path", "/metrics"}, {"verb", "get"}};
    return Answer(201, Json{{"status", {{"allowed", allowed}}}}.dump());
  }

  std::unique_ptr<telemetry::Registry> metrics_ = telemetry::Registry::Make();
  ScriptedServer server_;
  std::unique_ptr<Client> client_;

 protected:
  std::optional<AccessReviewer> reviewer_;
};

TEST_F(AccessReviewerTest, LetsInWhoMay) { EXPECT_EQ(StatusOf("Bearer reader"), 200); }

TEST_F(AccessReviewerTest, RefusesEverybodyElseByTheReason) {
  EXPECT_EQ(StatusOf("Bearer wrong"), 401);
  EXPECT_EQ(StatusOf("Bearer stranger"), 403);
  EXPECT_EQ(StatusOf("Basic reader"), 401);
  EXPECT_EQ(StatusOf(""), 401);
  EXPECT_EQ(requests_.size(), 3U) << "without a token there is nothing to ask";
}

TEST_F(AccessReviewerTest, AsksAgainOnlyAfterAWhile) {
  EXPECT_EQ(StatusOf("Bearer reader"), 200);
  EXPECT_EQ(StatusOf("Bearer wrong"), 401);
  away_ = true;
  clock_.Advance(seconds(4));
  EXPECT_EQ(StatusOf("Bearer reader"), 200);
  EXPECT_EQ(StatusOf("Bearer wrong"), 401);
  clock_.Advance(seconds(2));
  EXPECT_EQ(StatusOf("Bearer reader"), 200);
  EXPECT_EQ(StatusOf("Bearer wrong"), 500) << "nobody could tell";
  clock_.Advance(seconds(60));
  EXPECT_EQ(StatusOf("Bearer reader"), 500);
  away_ = false;
  EXPECT_EQ(StatusOf("Bearer reader"), 200) << "that nobody could tell is not remembered";
}

}  // namespace
}  // namespace tenantry::kube
