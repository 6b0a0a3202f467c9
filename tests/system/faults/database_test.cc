// PostgreSQL and Redis fail under the agent: said in the status, and the outcome is the same as
// without.

#include "tests/system/faults/faults.h"

namespace tenantry::testing {
namespace {

using Kind = TcpFault::Kind;
using When = TcpFault::When;
using std::chrono::seconds;

class DatabaseFaults : public Faults {};

TEST_F(DatabaseFaults, OfLostAnswersToCommitChangeNothingInTheEnd) {
  acme_.UsePlainPostgres();
  proxies_.postgres().Add(
      {.kind = Kind::kReset, .when = When::kAnswer, .pattern = CommitMessage(), .times = 5});
  const int before = proxies_.postgres().befallen();
  FaultClock clock("answers to 5 COMMITs lost");
  acme_.Begin();
  ASSERT_TRUE(acme_.BecomesReady("fixtureset", "artists", seconds(90)));
  clock.Note("Ready");
  EXPECT_GT(proxies_.postgres().befallen(), before);
  proxies_.postgres().Clear();
  acme_.BecomeWhole();
  acme_.ExpectRemovable();
}

TEST_F(DatabaseFaults, OfEveryConnectionOnceChangeNothingInTheEnd) {
  for (const std::size_t bytes : {1U, 100U, 1000U, 5000U, 20'000U}) {
    proxies_.postgres().Add({.kind = Kind::kReset, .when = When::kBytes, .bytes = bytes});
    proxies_.redis().Add({.kind = Kind::kClose, .when = When::kBytes, .bytes = bytes / 10});
  }
  const int before = proxies_.postgres().befallen() + proxies_.redis().befallen();
  FaultClock clock("connections to PostgreSQL and Redis reset after so many bytes");
  acme_.Begin();
  ASSERT_TRUE(acme_.BecomesReady("tenant", "acme", seconds(90)));
  clock.Note("Ready");
  EXPECT_GT(proxies_.postgres().befallen() + proxies_.redis().befallen(), before);
  proxies_.postgres().Clear();
  proxies_.redis().Clear();
  acme_.BecomeWhole();
  acme_.ExpectRemovable();
}

TEST_F(DatabaseFaults, OfPostgresThatIsAwayAreNamedAndRetried) {
  proxies_.postgres().SetDoor(Acceptor::Door::kShut);
  proxies_.postgres().CutAll(Cut::kReset);
  FaultClock clock("PostgreSQL away");
  acme_.Begin();
  acme_.ExpectUnready("tenant", "acme", "DatabaseUnreachable", Acme::Shape::kRetrying, {});
  clock.Note("Tenant DatabaseUnreachable, retried");
  proxies_.postgres().SetDoor(Acceptor::Door::kOpen);
  acme_.BecomeWhole();
  clock.Note("whole once it is back");
}

TEST_F(DatabaseFaults, OfRedisThatIsAwayAreNamedAndRetried) {
  proxies_.redis().SetDoor(Acceptor::Door::kShut);
  proxies_.redis().CutAll(Cut::kReset);
  FaultClock clock("Redis away");
  acme_.Begin();
  acme_.ExpectUnready("tenant", "acme", "RedisUnreachable", Acme::Shape::kRetrying, {});
  clock.Note("Tenant RedisUnreachable, retried");
  proxies_.redis().SetDoor(Acceptor::Door::kOpen);
  acme_.BecomeWhole();
  clock.Note("whole once it is back");
}

TEST_F(DatabaseFaults, OfPostgresThatHangsEndWhenItGoesOn) {
  proxies_.postgres().SetFlow(TcpProxy::Flow::kHeld);
  acme_.Begin();
  const double before = Programs::Instance().Passes("tenant");
  EXPECT_TRUE(
      WaitUntil(seconds(30), [&] { return Programs::Instance().Passes("tenant") > before; }));
  FaultClock clock("PostgreSQL hangs");
  proxies_.postgres().SetFlow(TcpProxy::Flow::kRunning);
  acme_.BecomeWhole();
  clock.Note("whole once it goes on");
}

}  // namespace
}  // namespace tenantry::testing
