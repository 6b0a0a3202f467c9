// kill -9 of the operator before and after every single write of a Tenant's and a FixtureSet's
// first passes, of a rotation and of their deletion: the outcome is the same as without.

#include <signal.h>

#include <atomic>
#include <functional>
#include <memory>

#include "tests/system/faults/faults.h"

namespace tenantry::testing {
namespace {

using Moment = HttpProxy::Moment;
using Then = HttpProxy::Then;
using Write = HttpProxy::Write;
using std::chrono::seconds;

// Something that makes the operator write.
struct Act {
  const char* name;
  int least_writes;
  std::function<void(const Acme&)> prepare;
  std::function<void(const Acme&)> begin;
  std::function<bool(const Acme&)> is_over;         // without a fault
  std::function<void(const Acme&)> expect_outcome;  // within bounds
};

std::string Named(const ::testing::TestParamInfo<Act>& info) { return info.param.name; }

void Nothing(const Acme& /*acme*/) {}

void MakeWhole(const Acme& acme) {
  acme.Begin();
  acme.BecomeWhole();
}

bool IsReady(const Acme& acme) {
  return acme.Condition("tenant", "acme", "Ready").status == "True" &&
         acme.Condition("fixtureset", "artists", "Ready").status == "True";
}

void BeginRotation(const Acme& acme) {
  acme.Annotate("tenant/acme", "tenantry.dev/rotate-credentials=1");
}

// The new login is in use and the previous one closed.
bool IsRotated(const Acme& acme) {
  const std::string role = "tenant_" + acme.Unique("acme") + "_app";
  const std::string logins =
      "SELECT string_agg(rolname, ',') FROM pg_roles WHERE rolcanlogin AND rolname LIKE '" + role +
      "%'";
  const auto secret = acme.SecretData("acme-connection");
  const auto user = secret.find("username");
  return user != secret.end() && user->second != role &&
         Acme::QueryAsAdmin(logins).first() == user->second && IsReady(acme);
}

void ExpectRotated(const Acme& acme) {
  EXPECT_TRUE(WaitUntil(seconds(90), [&] { return IsRotated(acme); }))
      << acme.Get("tenant", "acme").dump(2);
  EXPECT_EQ(acme.QueryAsTenant("acme", "SELECT count(*) FROM artists").first(), "2");
}

bool IsGone(const Acme& acme) {
  return acme.Get("tenant", "acme").is_null() && acme.Get("fixtureset", "artists").is_null();
}

class OperatorKilled : public Faults, public ::testing::WithParamInterface<Act> {
 protected:
  int CountWrites() {
    GetParam().prepare(acme_);
    proxies_.api().OnWrite({}, "/" + acme_.ns() + "/");
    GetParam().begin(acme_);
    GetParam().expect_outcome(acme_);
    // Events come later.
    int writes = 0;
    while (writes < proxies_.api().writes()) {
      writes = proxies_.api().writes();
      (void)WaitUntil(seconds(3), [&] { return proxies_.api().writes() > writes; });
    }
    return writes;
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
        *fatal = write.method + " " + RouteOf(write.target);
        *dead = true;
      }
      return *dead ? Then::kCut : Then::kGoOn;
    };
    proxies_.api().OnWrite(kill, "/" + acme.ns() + "/");
    GetParam().begin(acme);
    const auto died = [&] { return dead->load(); };
    (void)WaitUntil(seconds(30), [&] { return died() || GetParam().is_over(acme); });
    (void)WaitUntil(seconds(3), died);  // events come later
    if (!decided->exchange(true)) {
      return "no such write";
    }
    (void)WaitUntil(seconds(3), died);
    proxies_.api().OnWrite({});
    programs.KillOperator();
    programs.StartOperator();
    ++deaths_;
    return *fatal;
  }

  int deaths_ = 0;
};

INSTANTIATE_TEST_SUITE_P(
    During, OperatorKilled,
    ::testing::Values(Act{"CreationAndLoad", 8, Nothing, &Acme::Begin, IsReady, &Acme::BecomeWhole},
                      Act{"Rotation", 2, MakeWhole, BeginRotation, IsRotated, ExpectRotated},
                      Act{"Deletion", 2, MakeWhole, &Acme::Remove, IsGone, &Acme::ExpectGone}),
    Named);

TEST_P(OperatorKilled, AtEveryWriteLeavesNothingLostDoubledOrStuck) {
  const int writes = CountWrites();
  ASSERT_GE(writes, GetParam().least_writes);
  for (int point = 1; point <= writes; ++point) {
    for (const Moment moment : {Moment::kBefore, Moment::kAfter}) {
      const Acme acme;
      GetParam().prepare(acme);
      const std::string fatal = DieAt(acme, point, moment);
      const std::string where = (moment == Moment::kBefore ? "before " : "after ") + fatal;
      SCOPED_TRACE(std::to_string(point) + " " + where);
      FaultClock clock("operator killed -9 during " + std::string(GetParam().name) + ", write " +
                       std::to_string(point) + ", " + where);
      GetParam().expect_outcome(acme);
      clock.Note("as without");
      if (!IsGone(acme)) {
        acme.ExpectRemovable();
      }
    }
  }
  // How many writes there are differs by an event or two.
  EXPECT_GE(deaths_, 2 * (writes - 2));
}

}  // namespace
}  // namespace tenantry::testing
