#include "operator/kube/lease.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

#include "common/telemetry/metrics.h"
#include "operator/kube/decode.h"
#include "tests/support/cluster.h"
#include "tests/unit/kube/scripted_server.h"

namespace tenantry::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// One Lease with optimistic locking, behind HTTP; it can be made to fail.
class LeaseTest : public ::testing::Test {
 protected:
  LeaseTest() : server_([this](const ScriptedRequest& request) { return Reply(request); }) {
    Config config;
    config.server = server_.url();
    config.call_timeout = seconds(5);
    client_ = Client::Make(config, *metrics_).value();
  }

  std::unique_ptr<LeaseElection> Candidate(const std::string& identity) {
    return std::make_unique<LeaseElection>(
        *client_,
        LeaseOptions{.ns = api::Namespace("system"),
                     .name = api::Name("tenantry-operator"),
                     .identity = identity,
                     .lease_duration = seconds(1),
                     .renew_deadline = milliseconds(200),
                     .retry_period = milliseconds(20),
                     .on_change =
                         [this](const std::string& note, const Json& lease) {
                           told_.push_back(note);
                           told_holder_ = DecodeLease(lease).holder;
                         }},
        clock_, *metrics_);
  }

  // Somebody else's hands on the Lease.
  void SetHolder(const std::string& holder) {
    MutexLock lock(mutex_);
    lease_["spec"]["holderIdentity"] = holder;
    ++version_;
  }
  void Break() {
    MutexLock lock(mutex_);
    broken_ = true;
  }
  LeaseRecord Record() {
    MutexLock lock(mutex_);
    return DecodeLease(lease_);
  }
  double IsLeader() {
    return metrics_->GetGauge("leader_election_master_status", "", {{"name", "tenantry-operator"}})
        .value();
  }

 private:
  ScriptedReply Reply(const ScriptedRequest& request) {
    MutexLock lock(mutex_);
    if (broken_) {
      return AnswerStatus(500, "InternalError", "etcd is away");
    }
    if (request.method == "GET" && lease_.is_null()) {
      return AnswerStatus(404, "NotFound", "no lease");
    }
    if (request.method != "GET") {
      Json sent = Json::parse(request.body);
      const bool stale =
          request.method == "PUT" &&
          StringAt(sent, {"metadata", "resourceVersion"}) != std::to_string(version_);
      if (stale || (request.method == "POST" && !lease_.is_null())) {
        return AnswerStatus(409, "Conflict", "somebody was faster");
      }
      lease_ = std::move(sent);
      ++version_;
    }
    lease_["metadata"]["resourceVersion"] = std::to_string(version_);
    return Answer(200, lease_.dump());
  }

  Mutex mutex_;
  Json lease_;
  int version_ = 0;
  bool broken_ = false;

 protected:
  std::vector<std::string> told_;
  std::string told_holder_;
  const SystemClock clock_;
  std::unique_ptr<telemetry::Registry> metrics_ = telemetry::Registry::Make();
  ScriptedServer server_;
  std::unique_ptr<Client> client_;
};

TEST_F(LeaseTest, TakesALeaseThatDoesNotExistAndReleasesIt) {
  auto election = Candidate("a");
  ASSERT_TRUE(election->Acquire({}));
  EXPECT_TRUE(election->healthy());
  EXPECT_EQ(Record().holder, "a");
  EXPECT_EQ(told_holder_, "a");

  std::stop_source stop;
  stop.request_stop();
  EXPECT_TRUE(election->Hold(stop.get_token()));

  EXPECT_EQ(told_, (std::vector<std::string>{"a became leader", "a stopped leading"}));
  EXPECT_EQ(Record().holder, "");
  EXPECT_EQ(Record().transitions, 0);
  EXPECT_EQ(IsLeader(), 0);
}

TEST_F(LeaseTest, TakesOverAtOnceFromAHolderThatReleased) {
  auto first = Candidate("a");
  ASSERT_TRUE(first->Acquire({}));
  std::stop_source stop;
  stop.request_stop();
  ASSERT_TRUE(first->Hold(stop.get_token()));

  ASSERT_TRUE(Candidate("b")->Acquire({}));

  EXPECT_EQ(Record().holder, "b");
  EXPECT_EQ(Record().transitions, 1);
  EXPECT_EQ(IsLeader(), 1);
}

TEST_F(LeaseTest, TakesOverFromAHolderThatWentAway) {
  ASSERT_TRUE(Candidate("a")->Acquire({}));
  EXPECT_TRUE(Candidate("b")->Acquire({}));
  EXPECT_EQ(Record().holder, "b");
}

TEST_F(LeaseTest, StopsWaitingWhenAsked) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(Candidate("a")->Acquire(stop.get_token()));
}

TEST_F(LeaseTest, LosesALeaseThatSomebodyElseTook) {
  auto election = Candidate("a");
  ASSERT_TRUE(election->Acquire({}));
  SetHolder("b");
  EXPECT_FALSE(election->Hold({}));
  EXPECT_EQ(Record().holder, "b");
  EXPECT_EQ(IsLeader(), 0);
  EXPECT_EQ(told_, std::vector<std::string>{"a became leader"}) << "nothing more may be written";
}

TEST_F(LeaseTest, GivesUpWhenItCannotRenew) {
  auto election = Candidate("a");
  ASSERT_TRUE(election->Acquire({}));
  Break();
  EXPECT_FALSE(election->Hold({}));
  EXPECT_TRUE(election->healthy());
}

TEST_F(LeaseTest, KeepsTheLeaseWhenAWriteOfSomebodyElseGotInBetween) {
  auto election = Candidate("a");
  ASSERT_TRUE(election->Acquire({}));
  const std::string renewed = Record().renew_time;
  SetHolder("a");  // a new resourceVersion: the next write conflicts
  std::stop_source stop;
  std::jthread holder([&] { EXPECT_TRUE(election->Hold(stop.get_token())); });

  EXPECT_TRUE(testing::WaitUntil(seconds(20), [&] { return Record().renew_time != renewed; }));
  EXPECT_EQ(Record().holder, "a");
  stop.request_stop();
}

}  // namespace
}  // namespace tenantry::kube
