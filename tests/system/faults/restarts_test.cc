// Servers that are killed and started again in the middle of things, and clocks that are wrong.

#include <atomic>
#include <thread>

#include "common/base/clock.h"
#include "tests/system/faults/faults.h"
#include "tests/system/harness/servers.h"

namespace tenantry::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class Restarts : public Faults {
 protected:
  // A session that holds a lock until its server ends.
  SqlSession Hold(const std::string& statements) {
    SqlSession lock = Acme::SqlAsAdmin();
    const Answer locked = lock.Run("BEGIN; " + statements);
    EXPECT_TRUE(locked.ok()) << locked.error;
    return lock;
  }
  bool AStatementWaits() {
    return WaitUntil(seconds(30), [] {
      return Acme::QueryAsAdmin("SELECT count(*) FROM pg_locks WHERE NOT granted").first() != "0";
    });
  }
  void RestartPostgres(FaultClock* clock) {
    const AtEnd start([] { StartServer("postgres"); });
    StopServer("postgres", "QUIT");  // no session ends well
    acme_.ExpectUnready("tenant", "acme", "DatabaseUnreachable", Acme::Shape::kRetrying,
                        {"PostgreSQL at", "does not answer"});
    clock->Note("Tenant DatabaseUnreachable, retried");
  }
};

// Its leader loses the lease meanwhile and ends; what runs it starts it again.
TEST_F(Restarts, OfTheApiServerLoseNothing) {
  Programs& programs = Programs::Instance();
  acme_.Begin();
  acme_.BecomeWhole();
  acme_.Annotate("tenant/acme", "tenantry.dev/requestedAt=during");
  FaultClock clock("API server killed and started again");
  StopServer("kube-apiserver", "KILL");
  EXPECT_TRUE(WaitUntil(seconds(20), [&] { return !programs.OperatorRuns(); }));
  clock.Note("operator has ended, exit code " + std::to_string(*programs.OperatorExit(seconds(1))));
  StartServer("kube-apiserver");
  clock.Note("API server answers");
  programs.StartOperator();
  EXPECT_TRUE(WaitUntil(seconds(60), [&] {
    return acme_.Get("tenant", "acme")["status"].value("lastHandledReconcileAt", "") == "during";
  }));
  acme_.BecomeWhole();
  clock.Note("what was asked of it before is done, all is whole");
  acme_.ExpectRemovable();
}

TEST_F(Restarts, OfTheApiServerDuringFirstPassesLoseNothing) {
  Programs& programs = Programs::Instance();
  FaultClock clock("API server killed during first passes");
  acme_.Begin();
  StopServer("kube-apiserver", "KILL");
  StartServer("kube-apiserver");
  if (!programs.OperatorRuns()) {
    programs.StartOperator();
  }
  clock.Note("API server answers");
  acme_.BecomeWhole();
  clock.Note("whole");
  acme_.ExpectRemovable();
}

TEST_F(Restarts, OfPostgresInTheMiddleOfAProvisionLoseNothing) {
  SqlSession lock = Hold("LOCK TABLE tenantry.tenants IN EXCLUSIVE MODE");
  acme_.Begin();
  ASSERT_TRUE(AStatementWaits());
  FaultClock clock("PostgreSQL restarted in the middle of a Provision's statement");
  RestartPostgres(&clock);
  acme_.BecomeWhole();
  clock.Note("whole once it runs");
  acme_.ExpectRemovable();
}

TEST_F(Restarts, OfPostgresInTheMiddleOfALoadLoseNothing) {
  acme_.BeginTenant();
  ASSERT_TRUE(acme_.BecomesReady("tenant", "acme"));
  const std::string tenant = "tenant_" + acme_.Unique("acme");
  SqlSession lock = Hold("SET LOCAL ROLE " + tenant + "_owner; LOCK TABLE " + tenant +
                         ".artists IN EXCLUSIVE MODE");
  acme_.BeginFixtures();
  ASSERT_TRUE(AStatementWaits());
  FaultClock clock("PostgreSQL restarted in the middle of a Load's statement");
  RestartPostgres(&clock);
  acme_.BecomeWhole();
  clock.Note("whole once it runs");
  acme_.ExpectRemovable();
}

std::string Named(const ::testing::TestParamInfo<int>& info) {
  return info.param < 0 ? "Behind" : "Ahead";
}

class WrongClocks : public Faults, public ::testing::WithParamInterface<int> {
 protected:
  const minutes off_{GetParam()};
  const std::string name_ = std::to_string(GetParam()) + " min";
};

INSTANTIATE_TEST_SUITE_P(Of15Minutes, WrongClocks, ::testing::Values(-15, 15), Named);

// What an operator sees of such an API server: its times of creation and deletion.
TEST_P(WrongClocks, OfTheApiServerChangeNothing) {
  proxies_.api().SetClockOffset(off_);
  Programs& programs = Programs::Instance();
  programs.KillOperator();
  programs.StartOperator();
  FaultClock clock("clock of the API server is off by " + name_);
  acme_.Begin();
  acme_.BecomeWhole();
  clock.Note("first passes: whole");
  const std::string before = acme_.SecretData("acme-connection").at("username");
  acme_.Annotate("tenant/acme", "tenantry.dev/rotate-credentials=1");
  EXPECT_TRUE(WaitUntil(
      seconds(30), [&] { return acme_.SecretData("acme-connection").at("username") != before; }));
  const std::string login = "SELECT rolcanlogin FROM pg_roles WHERE rolname = '" + before + "'";
  EXPECT_TRUE(WaitUntil(seconds(40), [&] { return Acme::QueryAsAdmin(login).first() == "f"; }));
  clock.Note("credentials rotated, the old ones closed");
  acme_.ExpectRemovable();
  clock.Note("deleted");
}

// The holder of the lease has a clock of its own: only whether it renews may count.
class WrongLeases : public WrongClocks {
 protected:
  ~WrongLeases() override {
    if (!Programs::Instance().OperatorRuns()) {
      Programs::Instance().StartOperator();
    }
  }
  static Json Spec() {
    const auto lease = Programs::Instance().kube().Get(kube::kLeases, kNamespace, kName);
    return lease ? (*lease)["spec"] : Json::object();
  }
  // As a holder whose clock is off.
  void Renew() const {
    const std::string patch =
        R"({"spec":{"holderIdentity":"stranger","leaseDurationSeconds":3,"renewTime":")" +
        FormatMicroTime(SystemClock().Now() + off_) + "\"}}";
    const auto patched = Kubectl({"patch", "lease", kName.value(), "--namespace",
                                  kNamespace.value(), "--type=merge", "--patch", patch});
    EXPECT_TRUE(patched) << patched.error().message;
  }

  inline static const api::Namespace kNamespace{"tenantry-system"};
  inline static const api::Name kName{"tenantry-operator"};
};

INSTANTIATE_TEST_SUITE_P(Of15Minutes, WrongLeases, ::testing::Values(-15, 15), Named);

TEST_P(WrongLeases, AreLeftToTheirHolderAsLongAsItRenewsAndNoLonger) {
  Programs& programs = Programs::Instance();
  acme_.Begin();
  acme_.BecomeWhole();
  programs.KillOperator();
  Renew();
  programs.StartOperator();
  FaultClock clock("clock of the lease's holder is off by " + name_);
  // Four times as long as its lease lasts.
  for (int i = 0; i < 24; ++i) {
    Renew();
    std::this_thread::sleep_for(milliseconds(500));
    ASSERT_EQ(Spec().value("holderIdentity", ""), "stranger") << "after renewal " << i;
  }
  EXPECT_TRUE(programs.OperatorRuns());
  clock.Note("it keeps the lease as long as it renews");
  EXPECT_TRUE(WaitUntil(seconds(30), [] {
    const std::string holder = Spec().value("holderIdentity", "stranger");
    return holder != "stranger" && !holder.empty();
  }));
  clock.Note("it has stopped: the operator leads");
  acme_.Annotate("tenant/acme", "tenantry.dev/requestedAt=1");
  EXPECT_TRUE(WaitUntil(seconds(30), [&] {
    return acme_.Get("tenant", "acme")["status"].value("lastHandledReconcileAt", "") == "1";
  }));
  acme_.ExpectRemovable();
}

}  // namespace
}  // namespace tenantry::testing
