// kill -9 of the operator before and after every single write of a Tenant's and a FixtureSet's
// first passes: the outcome is the same as without.

#include <signal.h>

#include <atomic>
#include <memory>

#include "tests/system/faults/faults.h"

namespace tenantry::testing {
namespace {

using Moment = HttpProxy::Moment;
using Then = HttpProxy::Then;
using Write = HttpProxy::Write;
using std::chrono::seconds;

class OperatorKilled : public Faults {
 protected:
  int CountWrites() {
    proxies_.api().OnWrite({}, "/" + acme_.ns() + "/");
    acme_.Begin();
    acme_.BecomeWhole();
    return proxies_.api().writes();
  }

  // The operator dies at a write, if there are so many, and is started again. Returns the write.
  std::string DieAt(const Acme& acme, int point, Moment moment) {
    Programs& programs = Programs::Instance();
    auto decided = std::make_shared<std::atomic<bool>>(false);  // who comes first decides
    auto dead = std::make_shared<std::atomic<bool>>(false);
    auto fatal = std::make_shared<std::string>();
    const auto kill = [=, pid = programs.operator_pid()](const Write& write, Moment now) {
      if (write.number == point && now == moment && !decided->exchange(true)) {
        ::kill(pid, SIGKILL);
        *fatal = write.method + " " + write.target;
        *dead = true;
      }
      return *dead ? Then::kCut : Then::kGoOn;
    };
    proxies_.api().OnWrite(kill, "/" + acme.ns() + "/");
    acme.Begin();
    const auto died = [&] { return dead->load(); };
    (void)WaitUntil(seconds(30), [&] {
      return died() || acme.Condition("fixtureset", "artists", "Ready").status == "True";
    });
    (void)WaitUntil(seconds(3), died);  // events come later
    if (!decided->exchange(true)) {
      return "no such write";
    }
    (void)WaitUntil(seconds(3), died);
    proxies_.api().OnWrite({});
    programs.KillOperator();
    programs.StartOperator();
    return *fatal;
  }
};

TEST_F(OperatorKilled, AtEveryWriteLeavesNothingLostDoubledOrStuck) {
  const int writes = CountWrites();
  ASSERT_GE(writes, 8) << "finalizers, Secrets, ConfigMap, statuses";
  for (int point = 1; point <= writes; ++point) {
    for (const Moment moment : {Moment::kBefore, Moment::kAfter}) {
      const Acme acme;
      const std::string fatal = DieAt(acme, point, moment);
      SCOPED_TRACE(std::to_string(point) + (moment == Moment::kBefore ? " before " : " after ") +
                   fatal);
      acme.BecomeWhole();
      acme.ExpectRemovable();
    }
  }
}

}  // namespace
}  // namespace tenantry::testing
