// Reflector, leader election and events against a real API server.

#include <set>
#include <stop_token>
#include <thread>

#include "operator/kube/decode.h"
#include "operator/kube/events.h"
#include "operator/kube/lease.h"
#include "operator/kube/reflector.h"
#include "tests/support/cluster.h"
#include "tests/system/kube/kube_test.h"
#include "tests/system/kube/name_sink.h"

namespace tenantry::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using tenantry::testing::WaitUntil;

using ReflectorSystemTest = KubeTest;

// Whether the list is streamed or paged depends on the server's etcd; the outcome does not.
TEST_F(ReflectorSystemTest, FollowsAResourceFromItsListOn) {
  const Resource accounts{"", "v1", "serviceaccounts"};
  const auto create = [&](const std::string& name) {
    return client_->Create(accounts, ns_,
                           {{"apiVersion", "v1"},
                            {"kind", "ServiceAccount"},
                            {"metadata", {{"name", name}, {"labels", {{"set", "followed"}}}}}});
  };
  ASSERT_TRUE(create("one"));
  ASSERT_TRUE(create("two"));
  NameSink sink;
  Reflector reflector(*client_,
                      {.resource = accounts, .list = {.ns = ns_, .label_selector = "set=followed"}},
                      sink, *metrics_);
  const std::jthread thread([&](const std::stop_token& stop) { reflector.Run(stop); });

  EXPECT_TRUE(sink.WaitFor({"one", "two"}));
  EXPECT_TRUE(WaitUntil(kPatience, [&] { return reflector.synced(); }));
  ASSERT_TRUE(create("three"));
  ASSERT_TRUE(client_->Delete(accounts, ns_, api::Name("one")));
  EXPECT_TRUE(sink.WaitFor({"two", "three"}));
}

class LeaseSystemTest : public KubeTest {
 protected:
  LeaseElection Candidate(
      const std::string& identity,
      std::function<void(const std::string&, const Json&)> on_change = nullptr) {
    return {*client_,
            {.ns = ns_,
             .name = api::Name("tenantry-operator"),
             .identity = identity,
             .lease_duration = seconds(2),
             .renew_deadline = milliseconds(1'500),
             .retry_period = milliseconds(100),
             .on_change = std::move(on_change)},
            clock_,
            *metrics_};
  }
  LeaseRecord Record() {
    const Result<Json> lease = client_->Get(kLeases, ns_, api::Name("tenantry-operator"));
    EXPECT_TRUE(lease) << lease.error().message;
    return lease ? DecodeLease(*lease) : LeaseRecord();
  }

  const SystemClock clock_{};
};

TEST_F(LeaseSystemTest, HandsTheLeaseFromOneCandidateToTheOther) {
  LeaseElection first = Candidate("first");
  LeaseElection second = Candidate("second");
  std::stop_source stop_first;
  ASSERT_TRUE(first.Acquire({}));
  std::jthread first_holds([&] { EXPECT_TRUE(first.Hold(stop_first.get_token())); });
  std::jthread second_waits([&] { EXPECT_TRUE(second.Acquire({})); });

  const std::string acquired = Record().renew_time;
  EXPECT_TRUE(WaitUntil(kPatience, [&] { return Record().renew_time != acquired; }));
  EXPECT_EQ(Record().holder, "first");
  EXPECT_TRUE(first.healthy());
  stop_first.request_stop();
  first_holds.join();
  second_waits.join();

  EXPECT_EQ(Record().holder, "second");
  EXPECT_EQ(Record().transitions, 1);
  std::stop_source stop_second;
  stop_second.request_stop();
  EXPECT_TRUE(second.Hold(stop_second.get_token()));
  EXPECT_EQ(Record().holder, "");
}

TEST_F(LeaseSystemTest, LeavesEventsOfTheLeaseWhenItChangesHands) {
  auto recorder = EventRecorder::Make(*client_, "operator-0", clock_);
  LeaseElection election = Candidate("operator-0", RecordLeaderElection(*recorder));
  ASSERT_TRUE(election.Acquire({}));
  const Result<Json> lease = client_->Get(kLeases, ns_, api::Name("tenantry-operator"));
  ASSERT_TRUE(lease);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_TRUE(election.Hold(stop.get_token()));
  recorder.reset();

  std::set<std::string> notes;
  EXPECT_TRUE(client_->List(
      kEvents, {.ns = ns_, .field_selector = "reason=LeaderElection"}, [&](const Json& event) {
        EXPECT_EQ(StringAt(event, {"type"}), "Normal");
        EXPECT_EQ(StringAt(event, {"regarding", "apiVersion"}), "coordination.k8s.io/v1");
        EXPECT_EQ(StringAt(event, {"regarding", "kind"}), "Lease");
        EXPECT_EQ(StringAt(event, {"regarding", "name"}), "tenantry-operator");
        EXPECT_EQ(StringAt(event, {"regarding", "uid"}), StringAt(*lease, {"metadata", "uid"}));
        notes.insert(StringAt(event, {"note"}));
        return true;
      }));
  EXPECT_EQ(notes,
            (std::set<std::string>{"operator-0 became leader", "operator-0 stopped leading"}));
}

using EventsSystemTest = KubeTest;

TEST_F(EventsSystemTest, WritesEventsThatTheServerTakesAndCountsRepetitions) {
  EventSubject subject{.kind = api::Kind::kTenant, .meta = {}};
  subject.meta.ns = ns_;
  subject.meta.name = api::Name("acme");
  subject.meta.uid = api::Uid("22222222-2222-2222-2222-222222222222");
  const SystemClock clock;
  auto recorder = EventRecorder::Make(*client_, "operator-0", clock);
  for (int i = 0; i < 3; ++i) {
    recorder->Record(subject, EventType::kWarning, "SecretNotFound", "Secret x is missing");
  }
  recorder->Record(subject, EventType::kNormal, "Succeeded", "all is well");

  std::map<std::string, int> counts;
  EXPECT_TRUE(WaitUntil(kPatience, [&] {
    counts.clear();
    EXPECT_TRUE(client_->List(kEvents, {.ns = ns_}, [&](const Json& event) {
      if (StringAt(event, {"regarding", "uid"}) == subject.meta.uid.value()) {
        counts[StringAt(event, {"reason"})] = event.value(Json::json_pointer("/series/count"), 1);
      }
      return true;
    }));
    return counts == std::map<std::string, int>{{"SecretNotFound", 3}, {"Succeeded", 1}};
  })) << Json(counts).dump();
}

}  // namespace
}  // namespace tenantry::kube
