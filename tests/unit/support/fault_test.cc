#include "tests/support/fault.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/line_faults.h"

namespace tenantry::testing {
namespace {

using Kind = HttpFault::Kind;
using Then = LineFaults::Then;
using ::testing::ElementsAre;

TEST(RouteOf, ReplacesWhatDiffersBetweenRuns) {
  EXPECT_EQ(RouteOf("/apis/tenantry.dev/v1alpha1/namespaces/t-1/tenants/acme/status?force=true"),
            "/apis/tenantry.dev/v1alpha1/namespaces/*/tenants/*/status");
  EXPECT_EQ(RouteOf("/apis/tenantry.dev/v1alpha1/tenants?watch=true"),
            "/apis/tenantry.dev/v1alpha1/tenants");
  EXPECT_EQ(RouteOf("/api/v1/namespaces/t-1/secrets/acme-connection"),
            "/api/v1/namespaces/*/secrets/*");
  EXPECT_EQ(RouteOf("/v1/tasks/17-1-provision"), "/v1/tasks/*");
  EXPECT_EQ(RouteOf("/"), "/");
}

TEST(FaultPlan, IsTheSameForTheSameSeedOnly) {
  const FaultPlan plan(1, {.calls = 3, .streams = 3});
  const FaultPlan same(1, {.calls = 3, .streams = 3});
  const FaultPlan other(2, {.calls = 3, .streams = 3});
  int faults = 0;
  int differences = 0;
  for (std::uint64_t n = 0; n < 300; ++n) {
    const HttpFault fault = plan.Decide(n, "GET", "/x", false);
    EXPECT_EQ(fault, same.Decide(n, "GET", "/x", false));
    differences += fault == other.Decide(n, "GET", "/x", false) ? 0 : 1;
    faults += fault.kind == Kind::kNone ? 0 : 1;
  }
  EXPECT_GT(differences, 50);
  EXPECT_GT(faults, 50);
  EXPECT_LT(faults, 150);
}

TEST(FaultPlan, WithoutRatesDoesNothing) {
  EXPECT_EQ(FaultPlan(1, {}).Decide(0, "GET", "/x", true), HttpFault{});
}

std::string Told(const HttpFault& fault, int lines = 4) {
  LineFaults faults(fault);
  std::string text;
  for (int i = 0; i < lines; ++i) {
    const LineFaults::Verdict verdict = faults.Take(std::to_string(i) + "!\n");
    for (const std::string& piece : verdict.pieces) {
      text += piece;
    }
    if (verdict.then != Then::kGoOn) {
      return text + (verdict.then == Then::kCut       ? "cut"
                     : verdict.then == Then::kSilence ? "silence"
                                                      : "end");
    }
  }
  return text;
}

TEST(LineFaults, DoWhatTheySay) {
  EXPECT_EQ(Told({}), "0!\n1!\n2!\n3!\n");
  EXPECT_EQ(Told({.kind = Kind::kDuplicate, .line = 1}), "0!\n1!\n1!\n2!\n3!\n");
  EXPECT_EQ(Told({.kind = Kind::kSwap, .line = 1}), "0!\n2!\n1!\n3!\n");
  EXPECT_EQ(Told({.kind = Kind::kDrop, .line = 1}), "0!\n2!\n3!\n");
  EXPECT_EQ(Told({.kind = Kind::kReplay, .line = 1}), "0!\n1!\n0!\n1!\n2!\n3!\n");
  EXPECT_EQ(Told({.kind = Kind::kCutLine, .line = 1}), "0!\n1cut");
  EXPECT_EQ(Told({.kind = Kind::kSilent, .line = 1}), "0!\nsilence");
  EXPECT_EQ(Told({.kind = Kind::kGone, .line = 1}),
            "0!\n{\"type\":\"ERROR\",\"object\":" + StatusBody(410) + "}\nend");
}

}  // namespace
}  // namespace tenantry::testing
