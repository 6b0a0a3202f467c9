// A watch that breaks, lies or falls silent is noticed, and nothing is missed for long.

#include <atomic>
#include <thread>

#include "tests/system/faults/faults.h"

namespace tenantry::testing {
namespace {

using Kind = HttpFault::Kind;
using std::chrono::seconds;

class WatchFaults : public Faults {
 protected:
  // The watches of our kinds that begin from now on.
  void Spoil(const HttpFault& fault, int times) {
    proxies_.api().Add({.pattern = "^GET .*/(tenants|fixturesets|datastores)\\?.*watch=",
                        .fault = fault,
                        .times = times});
    proxies_.api().CutAll(Cut::kReset);
  }
};

struct Case {
  const char* name;
  Kind kind;
};

std::string Named(const ::testing::TestParamInfo<std::tuple<Case, std::size_t>>& info) {
  return std::get<0>(info.param).name + std::to_string(std::get<1>(info.param));
}

class EachWatchFault : public WatchFaults,
                       public ::testing::WithParamInterface<std::tuple<Case, std::size_t>> {};

INSTANTIATE_TEST_SUITE_P(AtLine, EachWatchFault,
                         ::testing::Combine(::testing::Values(Case{"Duplicate", Kind::kDuplicate},
                                                              Case{"Swap", Kind::kSwap},
                                                              Case{"Replay", Kind::kReplay},
                                                              Case{"CutLine", Kind::kCutLine},
                                                              Case{"Gone", Kind::kGone}),
                                            ::testing::Values(0, 1, 3)),
                         Named);

TEST_P(EachWatchFault, ChangesNothingInTheEnd) {
  const auto [fault, line] = GetParam();
  Spoil({.kind = fault.kind, .line = line}, 6);
  FaultClock clock("watch: " + std::string(fault.name) + " at line " + std::to_string(line));
  acme_.Begin();
  // A swapped event waits for the next one of its watch, so there has to be one.
  for (const char* object : {"tenant/acme", "fixtureset/artists", "datastore/main"}) {
    for (const char* value : {"1", "2"}) {
      acme_.Annotate(object, std::string("example.com/touched=") + value);
    }
  }
  acme_.BecomeWhole();
  clock.Note("whole");
  EXPECT_FALSE(proxies_.api().Befallen().empty());
  acme_.ExpectRemovable();
}

TEST_F(WatchFaults, OfSilenceEndWithTheBoundOfSilence) {
  Spoil({.kind = Kind::kSilent, .line = 0}, 3);
  FaultClock clock("watches of our kinds silent");
  acme_.Begin();
  ASSERT_TRUE(acme_.BecomesReady("tenant", "acme", seconds(200)));
  acme_.BecomeWhole();
  clock.Note("whole");
  acme_.ExpectRemovable();
}

TEST_F(WatchFaults, OfALostEventEndWithTheNextOne) {
  acme_.Begin();
  acme_.BecomeWhole();
  Spoil({.kind = Kind::kDrop, .line = 1}, 3);
  FaultClock clock("watch: an event lost");
  acme_.Annotate("tenant/acme", "tenantry.dev/requestedAt=1");
  acme_.Annotate("tenant/acme", "tenantry.dev/requestedAt=2");
  EXPECT_TRUE(WaitUntil(seconds(60), [&] {
    return acme_.Get("tenant", "acme")["status"].value("lastHandledReconcileAt", "") == "2";
  }));
  clock.Note("the next one is handled");
  acme_.ExpectRemovable();
}

}  // namespace
}  // namespace tenantry::testing
