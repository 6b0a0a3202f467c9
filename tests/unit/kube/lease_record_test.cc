#include "operator/kube/lease_record.h"

#include <gtest/gtest.h>

namespace tenantry::kube {
namespace {

using std::chrono::seconds;

const MonotonicTime kSeen{std::chrono::hours(1)};
const WallTime kNow{seconds(1'800'000'000)};

LeaseRecord HeldBy(const std::string& holder) {
  return {.holder = holder,
          .duration = seconds(15),
          .acquire_time = "2026-01-01T00:00:00.000000Z",
          .renew_time = "2026-01-01T00:01:00.000000Z",
          .transitions = 4};
}

TEST(DecodeLease, ReadsWhatEncodeLeaseSpecWrites) {
  const LeaseRecord record = HeldBy("a");
  EXPECT_EQ(DecodeLease({{"spec", EncodeLeaseSpec(record)}}), record);
}

TEST(DecodeLease, LeavesWhatIsMissingOrWrongAtItsDefault) {
  EXPECT_EQ(DecodeLease(Json::object()), LeaseRecord());
  EXPECT_EQ(DecodeLease({{"spec", {{"holderIdentity", 1}, {"leaseTransitions", "x"}}}}),
            LeaseRecord());
}

TEST(DecideClaim, RenewsWhatIsOurs) {
  EXPECT_EQ(DecideClaim(HeldBy("me"), kSeen, kSeen + seconds(100), "me"), Claim::kRenew);
}

TEST(DecideClaim, TakesWhatNobodyHolds) {
  EXPECT_EQ(DecideClaim(HeldBy(""), kSeen, kSeen, "me"), Claim::kTake);
}

TEST(DecideClaim, WaitsUntilTheLeaseWasUnchangedForItsDuration) {
  EXPECT_EQ(DecideClaim(HeldBy("other"), kSeen, kSeen + seconds(14), "me"), Claim::kWait);
  EXPECT_EQ(DecideClaim(HeldBy("other"), kSeen, kSeen + seconds(15), "me"), Claim::kTake);
}

TEST(MakeClaim, BeginsAtNoTransitions) {
  EXPECT_EQ(MakeClaim(std::nullopt, "me", seconds(15), kNow),
            (LeaseRecord{.holder = "me",
                         .duration = seconds(15),
                         .acquire_time = FormatMicroTime(kNow),
                         .renew_time = FormatMicroTime(kNow)}));
}

TEST(MakeClaim, CountsATransitionWhenTheHolderChanges) {
  const LeaseRecord claim = MakeClaim(HeldBy("other"), "me", seconds(15), kNow);
  EXPECT_EQ(claim.transitions, 5);
  EXPECT_EQ(claim.acquire_time, FormatMicroTime(kNow));
}

TEST(MakeClaim, KeepsTheAcquireTimeWhenItRenews) {
  const LeaseRecord claim = MakeClaim(HeldBy("me"), "me", seconds(15), kNow);
  EXPECT_EQ(claim.transitions, 4);
  EXPECT_EQ(claim.acquire_time, "2026-01-01T00:00:00.000000Z");
  EXPECT_EQ(claim.renew_time, FormatMicroTime(kNow));
}

TEST(MakeClaim, RoundsTheDurationUpToWholeSeconds) {
  EXPECT_EQ(MakeClaim(std::nullopt, "me", std::chrono::milliseconds(1'200), kNow).duration,
            seconds(2));
  EXPECT_EQ(MakeClaim(std::nullopt, "me", std::chrono::milliseconds(0), kNow).duration, seconds(1));
}

TEST(MakeRelease, LeavesNoHolderAndAShortLease) {
  const LeaseRecord released = MakeRelease(HeldBy("me"), kNow);
  EXPECT_EQ(released.holder, "");
  EXPECT_EQ(released.duration, seconds(1));
  EXPECT_EQ(released.transitions, 4);
}

}  // namespace
}  // namespace tenantry::kube
