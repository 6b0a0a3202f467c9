// Lists and watches whose place in etcd's history is gone: real answers of 410. They go through
// Events, which kube-apiserver serves from etcd itself; its cache of other kinds would hide that.

#include <atomic>
#include <cstdlib>
#include <string>
#include <thread>

#include "common/net/http_client.h"
#include "operator/kube/decode.h"
#include "operator/kube/event_json.h"
#include "operator/kube/reflector.h"
#include "tests/support/cluster.h"
#include "tests/system/kube/kube_test.h"
#include "tests/system/kube/name_sink.h"

namespace tenantry::kube {
namespace {

using std::chrono::milliseconds;

class ExpirySystemTest : public KubeTest {
 protected:
  void SetUp() override {
    KubeTest::SetUp();
    ASSERT_FALSE(HasFatalFailure());
    const char* const endpoint = std::getenv("TENANTRY_ETCD_ENDPOINT");
    ASSERT_NE(endpoint, nullptr) << "TENANTRY_ETCD_ENDPOINT is not set: run this test by "
                                    "hack/run_tests.sh, which starts a control plane";
    etcd_ = net::HttpClient::Make({.base_url = endpoint}).value();
    Forget();
  }
  void TearDown() override { Forget(); }

  // Removes all Events of the namespace.
  void Forget() {
    std::set<std::string> names;
    ASSERT_TRUE(client_->List(kEvents, {.ns = ns_}, [&](const Json& event) {
      names.insert(KeyOf(event).name.value());
      return true;
    }));
    for (const std::string& name : names) {
      Drop(name);
    }
  }
  void Drop(const std::string& name) {
    EXPECT_TRUE(client_->Delete(kEvents, ns_, api::Name(name)));
  }
  // Writes one Event; returns the revision of etcd that it made.
  std::string Write(const std::string& name) {
    const PendingEvent event{.identity = {.type_meta = {"v1", "Namespace"},
                                          .ns = ns_,
                                          .name = api::Name(ns_.value()),
                                          .reason = "Tested",
                                          .note = name},
                             .action = "Test",
                             .time = std::chrono::system_clock::now()};
    const Result<Json> created = client_->Create(kEvents, ns_, MakeEvent(event, name, "test"));
    EXPECT_TRUE(created) << created.error().message;
    return created ? StringAt(*created, {"metadata", "resourceVersion"}) : "";
  }
  // etcd forgets all that was before `revision`.
  void Compact(const std::string& revision) {
    const auto response =
        etcd_->Send({.method = "POST",
                     .path = "/v3/kv/compaction",
                     .body = Json{{"revision", revision}, {"physical", true}}.dump(),
                     .content_type = "application/json"});
    ASSERT_TRUE(response) << response.error().message;
    ASSERT_EQ(response->status, 200) << response->body;
  }
  // What is read at an earlier revision is gone from here on.
  void ForgetHistory() { Compact(Write("newest")); }

  double Restarts(const std::string& reason) {
    return metrics_
        ->GetCounter("tenantry_watch_restarts_total", "", {{"kind", "Event"}, {"reason", reason}})
        .value();
  }

  std::unique_ptr<net::HttpClient> etcd_;
};

TEST_F(ExpirySystemTest, TellsThatAListExpiredBetweenItsPages) {
  for (const char* name : {"a", "b", "c", "d"}) {
    Write(name);
  }
  int seen = 0;

  const Result<std::string> listed =
      client_->List(kEvents, {.ns = ns_, .page_size = 2}, [&](const Json& /*event*/) {
        if (++seen == 1) {
          ForgetHistory();
        }
        return true;
      });

  ASSERT_FALSE(listed);
  EXPECT_EQ(seen, 2);
  EXPECT_EQ(listed.error().code, ErrorCode::kConflict) << listed.error().message;
  EXPECT_EQ(listed.error().reason, "Expired");
}

TEST_F(ExpirySystemTest, TellsThatAWatchCannotBeResumed) {
  const std::string old = Write("a");
  Write("b");
  ForgetHistory();

  const Result<void> watched = client_->Watch(
      kEvents, {.list = {.ns = ns_}, .resource_version = old}, {}, [](const WatchEvent& event) {
        ADD_FAILURE() << "an event of a history that is gone: " << event.object.dump();
        return false;
      });

  ASSERT_FALSE(watched);
  EXPECT_EQ(watched.error().code, ErrorCode::kConflict) << watched.error().message;
  EXPECT_EQ(watched.error().reason, "Expired");
}

// Does something when it first sees an object, on the reflector's own thread: between two pages.
class MeddlingSink final : public ReflectorSink {
 public:
  explicit MeddlingSink(std::function<void()> meddle) : meddle_(std::move(meddle)) {}

  void Upsert(Json object) override {
    names_.Upsert(std::move(object));
    if (auto meddle = std::exchange(meddle_, nullptr)) {
      meddle();
    }
  }
  void Remove(const api::ObjectKey& key) override { names_.Remove(key); }
  void BeginReplace() override { names_.BeginReplace(); }
  void EndReplace() override { names_.EndReplace(); }

  bool WaitFor(const std::set<std::string>& names) { return names_.WaitFor(names); }

 private:
  NameSink names_;
  std::function<void()> meddle_;
};

TEST_F(ExpirySystemTest, ReflectorListsAnewAndEndsWithTheRightSet) {
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    Write(name);
  }
  MeddlingSink sink([this] {
    Drop("a");
    Drop("e");
    Write("f");
    ForgetHistory();
  });
  // The watch falls silent often, so that it is resumed often.
  Reflector reflector(*client_,
                      {.resource = kEvents,
                       .list = {.ns = ns_, .page_size = 2},
                       .streaming_lists = false,
                       .idle_timeout = milliseconds(300)},
                      sink, *metrics_);
  const std::jthread thread([&](const std::stop_token& stop) { reflector.Run(stop); });

  EXPECT_TRUE(sink.WaitFor({"b", "c", "d", "f", "newest"}));
  EXPECT_EQ(Restarts("Expired"), 1) << "in the middle of the list";

  // Now the watch's own place goes: what happens elsewhere does not move it on. Of two changes,
  // because from right before the last one that is kept it could still go on.
  MakeConfigMap("nowhere");
  Compact(StringAt(MakeConfigMap("elsewhere"), {"metadata", "resourceVersion"}));
  EXPECT_TRUE(testing::WaitUntil(kPatience, [&] { return Restarts("Expired") >= 2; }));
  Drop("b");
  Write("g");
  EXPECT_TRUE(sink.WaitFor({"c", "d", "f", "g", "newest"}));
}

}  // namespace
}  // namespace tenantry::kube
