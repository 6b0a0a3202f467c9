// An agent that refuses, fails, hangs, dies or is away: said in the status, and the outcome is the
// same as without.

#include <signal.h>

#include <atomic>
#include <memory>

#include "tests/system/faults/faults.h"

namespace tenantry::testing {
namespace {

using Kind = HttpFault::Kind;
using Moment = HttpProxy::Moment;
using Then = HttpProxy::Then;
using std::chrono::seconds;

constexpr int kAlways = 1'000'000;

struct Case {
  const char* name;
  std::string pattern;
  HttpFault fault;
};

std::string Named(const ::testing::TestParamInfo<Case>& info) { return info.param.name; }

class AgentFaults : public Faults, public ::testing::WithParamInterface<Case> {};

INSTANTIATE_TEST_SUITE_P(
    Each, AgentFaults,
    ::testing::Values(
        Case{"Unavailable", "/v1/", {.kind = Kind::kAnswer, .status = 503}},
        Case{"InternalErrors", "/v1/", {.kind = Kind::kAnswer, .status = 500}},
        Case{"ForgottenTasks", "^GET /v1/tasks/", {.kind = Kind::kAnswer, .status = 404}},
        Case{"CutBeforeSubmission", "^POST", {.kind = Kind::kCutBefore, .reset = true}},
        Case{"LostAnswers", "^POST", {.kind = Kind::kCutAfter}},
        Case{"TruncatedAnswers", "^(POST|GET) /v1/tasks", {.kind = Kind::kTruncate, .bytes = 9}},
        Case{"HalfClosedAnswers", "^(POST|GET) /v1/tasks", {.kind = Kind::kHalfClose, .bytes = 9}},
        Case{"SlowAnswers", "^(POST|GET) /v1/tasks", {.kind = Kind::kDelay, .time = seconds(1)}},
        Case{"CutEvents", "/v1/events", {.kind = Kind::kCutLine, .line = 0}},
        Case{"SilentEvents", "/v1/events", {.kind = Kind::kSilent, .line = 0}},
        Case{"RepeatedEvents", "/v1/events", {.kind = Kind::kReplay, .line = 1}}),
    Named);

TEST_P(AgentFaults, ChangeNothingInTheEnd) {
  proxies_.agent().Add({.pattern = GetParam().pattern, .fault = GetParam().fault, .times = 4});
  proxies_.agent().CutAll(Cut::kClose);  // a new stream of events, too
  FaultClock clock("agent: " + std::string(GetParam().name));
  acme_.Begin();
  acme_.BecomeWhole();
  clock.Note("whole");
  EXPECT_FALSE(proxies_.agent().Befallen().empty());
  acme_.ExpectRemovable();
}

TEST_F(AgentFaults, OfCredentialsAreForAHumanAndMendedWithoutARestart) {
  proxies_.agent().Add({.pattern = "^POST /v1/tasks",
                        .fault = {.kind = Kind::kAnswer, .status = 401},
                        .times = kAlways});
  FaultClock clock("agent answers 401");
  acme_.Begin();
  acme_.ExpectUnready("tenant", "acme", "AgentUnauthorized", Acme::Shape::kStalled, {});
  clock.Note("Tenant AgentUnauthorized, Stalled");
  proxies_.agent().Clear();
  acme_.BecomeWhole();
  clock.Note("whole once it is answered well");
}

TEST_F(AgentFaults, OfOneThatIsUnavailableAreRetried) {
  proxies_.agent().Add({.pattern = "^POST /v1/tasks",
                        .fault = {.kind = Kind::kAnswer, .status = 503},
                        .times = kAlways});
  FaultClock clock("agent answers 503");
  acme_.Begin();
  acme_.ExpectUnready("tenant", "acme", "AgentUnreachable", Acme::Shape::kRetrying, {"503"});
  clock.Note("Tenant AgentUnreachable, retried");
  proxies_.agent().Clear();
  acme_.BecomeWhole();
  clock.Note("whole once it is answered well");
}

TEST_F(AgentFaults, OfOneThatHangsAreRetried) {
  proxies_.agent().Add({.pattern = "^POST /v1/tasks",
                        .fault = {.kind = Kind::kHang, .time = std::chrono::hours(1)},
                        .times = kAlways});
  FaultClock clock("agent hangs");
  acme_.Begin();
  acme_.ExpectUnready("tenant", "acme", "AgentUnreachable", Acme::Shape::kRetrying, {});
  clock.Note("Tenant AgentUnreachable, retried");
  proxies_.agent().Clear();
  acme_.BecomeWhole();
  clock.Note("whole once it answers");
}

class AgentAway : public Faults {};

TEST_F(AgentAway, ForAMinuteIsNamedAllTheTimeAndRetried) {
  proxies_.agent().SetDoor(Acceptor::Door::kShut);
  proxies_.agent().CutAll(Cut::kReset);
  FaultClock clock("agent away for a minute");
  acme_.Begin();
  acme_.ExpectUnready("tenant", "acme", "AgentUnreachable", Acme::Shape::kRetrying, {});
  clock.Note("Tenant AgentUnreachable, retried");
  EXPECT_FALSE(WaitUntil(seconds(60), [&] {
    return acme_.Condition("tenant", "acme", "Ready").reason != "AgentUnreachable" ||
           acme_.Condition("tenant", "acme", "Reconciling").status != "True";
  })) << acme_.Get("tenant", "acme").dump(2);
  clock.Note("it says so all the time");
  proxies_.agent().SetDoor(Acceptor::Door::kOpen);
  acme_.BecomeWhole();
  clock.Note("whole once it is back");
}

TEST_F(AgentFaults, OfOneKilledAtEverySubmissionLeaveNothingLostOrDoubled) {
  for (const int point : {1, 2, 3}) {
    for (const Moment moment : {Moment::kBefore, Moment::kAfter}) {
      SCOPED_TRACE(std::to_string(point) + (moment == Moment::kBefore ? " before" : " after"));
      const Acme acme;
      Programs& programs = Programs::Instance();
      auto dead = std::make_shared<std::atomic<bool>>(false);
      proxies_.agent().OnWrite(
          [=, pid = programs.agent_pid()](const HttpProxy::Write& write, Moment now) {
            if (write.number == point && now == moment) {
              ::kill(pid, SIGKILL);
              *dead = true;
            }
            return *dead ? Then::kCut : Then::kGoOn;
          });
      acme.Begin();
      ASSERT_TRUE(WaitUntil(seconds(30), [&] { return dead->load(); }));
      FaultClock clock("agent killed " +
                       std::string(moment == Moment::kBefore ? "before" : "after") +
                       " submission " + std::to_string(point));
      proxies_.agent().OnWrite({});
      programs.KillAgent();
      programs.StartAgent();
      acme.BecomeWhole();
      clock.Note("whole");
      acme.ExpectRemovable();
    }
  }
}

}  // namespace
}  // namespace tenantry::testing
