// The API server refuses, fails, or hides what it has done: the outcome is the same as without.

#include "tests/system/faults/faults.h"

namespace tenantry::testing {
namespace {

using Kind = HttpFault::Kind;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct Case {
  const char* name;
  std::string pattern;
  HttpFault fault;
  int times;
};

std::string Named(const ::testing::TestParamInfo<Case>& info) { return info.param.name; }

constexpr char kStatus[] = "^PATCH .*/(tenants|fixturesets)/.*/status";
constexpr char kAnyWrite[] = "^(POST|PUT|PATCH|DELETE) .*/(tenants|fixturesets|secrets|configmaps)";

class ApiFaults : public Faults, public ::testing::WithParamInterface<Case> {};

INSTANTIATE_TEST_SUITE_P(
    Each, ApiFaults,
    ::testing::Values(
        Case{"UnauthorizedStatus", kStatus, {.kind = Kind::kAnswer, .status = 401}, 3},
        Case{"ForbiddenStatus", kStatus, {.kind = Kind::kAnswer, .status = 403}, 3},
        Case{"ConflictStorm", kStatus, {.kind = Kind::kAnswer, .status = 409}, 12},
        Case{"TooManyRequests",
             kStatus,
             {.kind = Kind::kAnswer, .status = 429, .retry_after = seconds(1)},
             3},
        Case{"InternalErrors", kAnyWrite, {.kind = Kind::kAnswer, .status = 500}, 6},
        Case{"Unavailable", kAnyWrite, {.kind = Kind::kAnswer, .status = 503}, 6},
        Case{"CutBeforeWrites", kAnyWrite, {.kind = Kind::kCutBefore, .reset = true}, 6},
        Case{"LostAnswers", kAnyWrite, {.kind = Kind::kCutAfter}, 6},
        Case{"TruncatedAnswers", kAnyWrite, {.kind = Kind::kTruncate, .bytes = 30}, 6},
        Case{"HalfClosedAnswers", kAnyWrite, {.kind = Kind::kHalfClose, .bytes = 30}, 6},
        Case{"StaleReads", "^GET .*/(secrets|configmaps)/", {.kind = Kind::kStale}, 6},
        Case{"SlowAnswers", kAnyWrite, {.kind = Kind::kDelay, .time = milliseconds(500)}, 6}),
    Named);

TEST_P(ApiFaults, ChangeNothingInTheEnd) {
  const Case& fault = GetParam();
  proxies_.api().Add({.pattern = fault.pattern, .fault = fault.fault, .times = fault.times});
  FaultClock clock("API server: " + std::string(fault.name));
  acme_.Begin();
  acme_.BecomeWhole();
  clock.Note("whole");
  if (fault.fault.kind != Kind::kStale) {  // the operator may need no read of that kind
    EXPECT_FALSE(proxies_.api().Befallen().empty());
  }
  acme_.ExpectRemovable();
}

TEST_F(Faults, OfAnApiServerThatIsAwayForAWhileChangeNothingInTheEnd) {
  acme_.Begin();
  FaultClock clock("API server refuses connections");
  proxies_.api().SetDoor(Acceptor::Door::kShut);
  proxies_.api().CutAll(Cut::kReset);
  // The lease is lost and the operator ends, as its pod would: something starts it again.
  EXPECT_TRUE(WaitUntil(seconds(20), [] { return !Programs::Instance().OperatorRuns(); }));
  clock.Note("operator has lost its lease and ended");
  proxies_.api().SetDoor(Acceptor::Door::kOpen);
  Programs::Instance().StartOperator();
  acme_.BecomeWhole();
  clock.Note("started again: whole");
  acme_.ExpectRemovable();
}

}  // namespace
}  // namespace tenantry::testing
