// A leader that cannot renew its lease ends before another one works.

#include <memory>
#include <mutex>

#include "tests/system/faults/faults.h"

namespace tenantry::testing {
namespace {

using Moment = HttpProxy::Moment;
using Then = HttpProxy::Then;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kAlways = 1'000'000;

struct Slowness {
  const char* name;
  HttpFault fault;
};

std::string Named(const ::testing::TestParamInfo<Slowness>& info) { return info.param.name; }

class LeaseFaults : public Faults, public ::testing::WithParamInterface<Slowness> {
 protected:
  ~LeaseFaults() override {
    proxies_.Clear();
    standby_.reset();
    Programs::Instance().StartOperator();
  }
  // The lease as the API server has it.
  Json Lease() const {
    const auto lease = Programs::Instance().kube().Get(
        kube::kLeases, api::Namespace("tenantry-system"), api::Name("tenantry-operator"));
    return lease ? (*lease)["spec"] : Json::object();
  }

  std::unique_ptr<ChildProcess> standby_;
};

INSTANTIATE_TEST_SUITE_P(
    Each, LeaseFaults,
    ::testing::Values(Slowness{"Slow", {.kind = HttpFault::Kind::kDelay, .time = seconds(5)}},
                      Slowness{"Hanging", {.kind = HttpFault::Kind::kHang, .time = seconds(60)}},
                      Slowness{"Failing", {.kind = HttpFault::Kind::kAnswer, .status = 500}}),
    Named);

TEST_P(LeaseFaults, NeverLetTwoLeadersWrite) {
  Programs& programs = Programs::Instance();
  acme_.Begin();
  acme_.BecomeWhole();
  const std::string first = Lease().value("holderIdentity", "");
  ASSERT_NE(first, "");
  standby_ = programs.StartStandbyOperator();

  // Writes of the first leader, as long as there are any.
  using Clock = std::chrono::system_clock;
  struct Seen {
    std::mutex mutex;
    Clock::time_point last;
    int writes = 0;
  };
  const auto seen = std::make_shared<Seen>();
  proxies_.api().OnWrite([seen](const HttpProxy::Write&, Moment) {
    const std::scoped_lock lock(seen->mutex);
    seen->last = Clock::now();
    ++seen->writes;
    return Then::kGoOn;
  });
  FaultClock clock("lease API " + std::string(GetParam().name));
  proxies_.api().Add(
      {.pattern = "^(PUT|PATCH) .*/leases/", .fault = GetParam().fault, .times = kAlways});
  Clock::time_point taken_over;
  int request = 0;
  EXPECT_TRUE(WaitUntil(
      seconds(30),
      [&] {
        acme_.Annotate("tenant/acme", "tenantry.dev/requestedAt=" + std::to_string(++request));
        taken_over = Clock::now();
        return Lease().value("holderIdentity", first) != first;
      },
      milliseconds(50)));
  clock.Note("the standby leads");
  const auto exit_code = programs.OperatorExit(seconds(5));
  ASSERT_TRUE(exit_code) << "the first leader still runs";
  EXPECT_NE(*exit_code, 0);
  clock.Note("the first has ended, exit code " + std::to_string(*exit_code));
  EXPECT_NE(programs.OperatorLog().find("the lease is lost"), std::string::npos);
  {
    const std::scoped_lock lock(seen->mutex);
    EXPECT_GT(seen->writes, 0) << "the first leader had something to write";
    EXPECT_LE(seen->last, taken_over) << "a write of the first leader after it lost the lease";
  }
  const std::string last = std::to_string(++request);
  acme_.Annotate("tenant/acme", "tenantry.dev/requestedAt=" + last);
  EXPECT_TRUE(WaitUntil(seconds(30), [&] {
    return acme_.Get("tenant", "acme")["status"].value("lastHandledReconcileAt", "") == last;
  }));
  clock.Note("the second works");
  acme_.BecomeWhole();
  acme_.ExpectRemovable();
}

}  // namespace
}  // namespace tenantry::testing
