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

// More objects than a page has, made while the operator is not there: it lists them.
class LongLists : public Faults {
 protected:
  static constexpr int kObjects = 600;
  static constexpr int kWriters = 4;

  void MakeMany() {
    std::atomic<int> made = 0;
    const auto make = [&] {
      for (int number = made++; number < kObjects; number = made++) {
        const auto created = Programs::Instance().kube().Create(
            kube::kFixtureSets, api::Namespace(acme_.ns()), FixtureSet(number));
        EXPECT_TRUE(created) << created.error().message;
      }
    };
    std::vector<std::jthread> writers;
    for (int i = 0; i < kWriters; ++i) {
      writers.emplace_back(make);
    }
  }
  static Json FixtureSet(int number) {
    const Json dataset = {
        {"name", "artists"}, {"target", {{"table", "artists"}}}, {"source", {{"inline", "[]"}}}};
    return {{"apiVersion", "tenantry.dev/v1alpha1"},
            {"kind", "FixtureSet"},
            {"metadata", {{"name", "n" + std::to_string(number)}}},
            {"spec",
             {{"tenantRef", {{"name", "acme"}}},
              {"suspend", true},
              {"datasets", Json::array({dataset})}}}};
  }
};

TEST_F(LongLists, ThatExpireInTheirMiddleAreBegunAnew) {
  Programs& programs = Programs::Instance();
  programs.KillOperator();
  MakeMany();
  acme_.Begin();
  proxies_.api().Add({.pattern = "^GET .*/fixturesets\\?.*continue=",
                      .fault = {.kind = Kind::kAnswer, .status = 410},
                      .times = 2});
  FaultClock clock("410 in the middle of a list, twice");
  programs.StartOperator();
  EXPECT_TRUE(WaitUntil(seconds(90), [&] { return acme_.AllObserved(); }));
  EXPECT_EQ(proxies_.api().Befallen().size(), 2U);
  acme_.BecomeWhole();
  clock.Note(std::to_string(kObjects) + " FixtureSets seen, all whole");
  acme_.ExpectRemovable();
}

}  // namespace
}  // namespace tenantry::testing
