// Reflector, leader election and events against a real API server.

#include <set>
#include <stop_token>
#include <thread>

#include "common/base/mutex.h"
#include "operator/kube/decode.h"
#include "operator/kube/events.h"
#include "operator/kube/lease.h"
#include "operator/kube/reflector.h"
#include "tests/support/cluster.h"
#include "tests/system/kube/kube_test.h"

namespace tenantry::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using tenantry::testing::WaitUntil;

constexpr seconds kPatience{60};

// The names that exist.
class NameSink final : public ReflectorSink {
 public:
  void Upsert(Json object) override {
    MutexLock lock(mutex_);
    names_.insert(KeyOf(object).name.value());
    listed_.insert(KeyOf(object).name.value());
  }
  void Remove(const api::ObjectKey& key) override {
    MutexLock lock(mutex_);
    names_.erase(key.name.value());
  }
  void BeginReplace() override {
    MutexLock lock(mutex_);
    listed_.clear();
  }
  void EndReplace() override {
    MutexLock lock(mutex_);
    names_ = listed_;
  }
  bool WaitFor(const std::set<std::string>& names) {
    return WaitUntil(kPatience, [&] {
      MutexLock lock(mutex_);
      return names_ == names;
    });
  }

 private:
  Mutex mutex_;
  std::set<std::string> names_ GUARDED_BY(mutex_);
  std::set<std::string> listed_ GUARDED_BY(mutex_);
};

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
  LeaseElection Candidate(const std::string& identity) {
    return {*client_,
            {.ns = ns_,
             .name = api::Name("tenantry-operator"),
             .identity = identity,
             .lease_duration = seconds(2),
             .renew_deadline = milliseconds(1'500),
             .retry_period = milliseconds(100)},
            clock_,
            *metrics_};
  }
  LeaseRecord Record() {
    const Result<Json> lease = client_->Get(kLeases, ns_, api::Name("tenantry-operator"));
    EXPECT_TRUE(lease) << lease.error().message;
    return lease ? DecodeLease(*lease) : LeaseRecord();
  }

  const SystemClock clock_;
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
      counts[StringAt(event, {"reason"})] = event.value(Json::json_pointer("/series/count"), 1);
      return true;
    }));
    return counts == std::map<std::string, int>{{"SecretNotFound", 3}, {"Succeeded", 1}};
  })) << Json(counts).dump();
}

}  // namespace
}  // namespace tenantry::kube
