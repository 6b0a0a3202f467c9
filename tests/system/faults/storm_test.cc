// All links at once, by a plan that one number makes. TENANTRY_FAULT_SEED plays a failure again.

#include "tests/system/faults/faults.h"

namespace tenantry::testing {
namespace {

TEST_F(Faults, OfAllLinksAtOnceChangeNothingInTheEnd) {
  const std::uint64_t seed = FaultSeed();
  SCOPED_TRACE("TENANTRY_FAULT_SEED=" + std::to_string(seed));
  FaultClock clock("all links, one of six calls and one of three streams");
  proxies_.api().Use(FaultPlan(seed, {.calls = 6, .streams = 3}));
  proxies_.agent().Use(FaultPlan(seed + 1, {.calls = 6, .streams = 3}));
  proxies_.api().CutAll(Cut::kReset);
  acme_.Begin();
  (void)WaitUntil(std::chrono::seconds(15), [&] { return acme_.AllObserved(); });
  if (!Programs::Instance().OperatorRuns()) {  // it lost its lease: something starts it again
    proxies_.Clear();
    Programs::Instance().StartOperator();
  }
  EXPECT_FALSE(proxies_.api().Befallen().empty());
  proxies_.Clear();
  clock.Note("over");
  acme_.BecomeWhole();
  clock.Note("whole");
  acme_.ExpectRemovable();
}

}  // namespace
}  // namespace tenantry::testing
