// Very many events of one object at once: none is lost, not each is worked on.

#include <atomic>
#include <thread>

#include "tests/system/faults/faults.h"

namespace tenantry::testing {
namespace {

using std::chrono::seconds;

constexpr int kEvents = 10'000;
constexpr int kWriters = 4;
// A slow machine makes fewer. The API server keeps events for longer than this.
constexpr auto kPatience = seconds(60);

class Floods : public Faults {
 protected:
  // Real writes, as fast as the API server takes them. Returns how many.
  int Write() {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    std::atomic<int> written = 0;
    const auto write = [&] {
      while (written < kEvents && std::chrono::steady_clock::now() < end) {
        const Json labels = {{"number", std::to_string(++written)}};
        const auto patched = Programs::Instance().kube().JsonPatch(
            kube::kFixtureSets, api::Namespace(acme_.ns()), api::Name("artists"),
            Json::array({{{"op", "add"}, {"path", "/metadata/labels"}, {"value", labels}}}));
        EXPECT_TRUE(patched) << patched.error().message;
      }
    };
    {
      std::vector<std::jthread> writers;
      for (int i = 0; i < kWriters; ++i) {
        writers.emplace_back(write);
      }
    }
    return written;
  }
};

TEST_F(Floods, OfEventsDuringAPassCostOneMorePassAndLoseNothing) {
  acme_.Begin();
  acme_.BecomeWhole();
  // The watch is silent while they are written; the next one brings them all at once, and the pass
  // that the first of them causes waits for the agent.
  proxies_.api().Add({.pattern = "^GET .*/fixturesets\\?.*watch=",
                      .fault = {.kind = HttpFault::Kind::kSilent, .line = 0}});
  proxies_.api().CutAll(Cut::kReset);
  ASSERT_TRUE(WaitUntil(seconds(20), [&] { return !proxies_.api().Befallen().empty(); }));
  FaultClock clock("flood of FixtureSet events");
  acme_.Annotate("fixtureset/artists", "tenantry.dev/requestedAt=first");
  const int events = Write();
  acme_.Annotate("fixtureset/artists", "tenantry.dev/requestedAt=last");
  clock.Note(std::to_string(events) + " events written, kept from the operator");
  const double before = Programs::Instance().Passes("fixtureset");
  proxies_.api().Clear();
  proxies_.agent().Add({.pattern = "^POST /v1/tasks",
                        .fault = {.kind = HttpFault::Kind::kDelay, .time = seconds(4)},
                        .times = kEvents});
  proxies_.api().OnWrite({}, "/" + acme_.ns() + "/fixturesets/");
  proxies_.api().CutAll(Cut::kReset);
  EXPECT_TRUE(WaitUntil(seconds(30), [&] {
    return acme_.Get("fixtureset", "artists")["status"].value("lastHandledReconcileAt", "") ==
           "last";
  }));
  const double passes = Programs::Instance().Passes("fixtureset") - before;
  clock.Note("all came at once; " + std::to_string(static_cast<int>(passes)) +
             " passes until the last was handled");
  EXPECT_LT(passes, 10 + events / 20.0);
  EXPECT_LE(proxies_.api().writes(), 6) << "only the two requests are news";
  proxies_.agent().Clear();
  acme_.BecomeWhole();
  acme_.ExpectRemovable();
}

}  // namespace
}  // namespace tenantry::testing
