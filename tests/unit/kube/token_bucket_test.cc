#include "operator/kube/token_bucket.h"

#include <gtest/gtest.h>

namespace tenantry::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr MonotonicTime kStart{std::chrono::hours(1)};
constexpr nanoseconds kPatience = seconds(10);

TEST(TokenBucket, LetsABurstThroughAtOnceAndThenSoManyEachSecond) {
  TokenBucket bucket(2, 3);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(bucket.Take(kStart, kPatience), nanoseconds(0));
  }
  EXPECT_EQ(bucket.Take(kStart, kPatience), milliseconds(500));
  EXPECT_EQ(bucket.Take(kStart, kPatience), seconds(1));
  EXPECT_EQ(bucket.Take(kStart + seconds(1), kPatience), milliseconds(500));
}

TEST(TokenBucket, RefillsUpToItsBurstOnly) {
  TokenBucket bucket(10, 2);
  bucket.Take(kStart, kPatience);
  const MonotonicTime later = kStart + std::chrono::hours(24);
  EXPECT_EQ(bucket.Take(later, kPatience), nanoseconds(0));
  EXPECT_EQ(bucket.Take(later, kPatience), nanoseconds(0));
  EXPECT_EQ(bucket.Take(later, kPatience), milliseconds(100));
}

TEST(TokenBucket, TakesNothingFromWhoCannotWaitSoLong) {
  TokenBucket bucket(1, 1);
  EXPECT_EQ(bucket.Take(kStart, kPatience), nanoseconds(0));
  EXPECT_EQ(bucket.Take(kStart, milliseconds(999)), std::nullopt);
  EXPECT_EQ(bucket.Take(kStart, milliseconds(1'000)), seconds(1));
}

TEST(TokenBucket, BearsTimesThatComeInAnyOrder) {
  TokenBucket bucket(1, 1);
  EXPECT_EQ(bucket.Take(kStart + seconds(1), kPatience), nanoseconds(0));
  EXPECT_EQ(bucket.Take(kStart, kPatience), seconds(1));
}

TEST(TokenBucket, BearsRatesAtTheEdges) {
  TokenBucket slow(1e-12, 0);
  EXPECT_EQ(slow.Take(kStart, kPatience), nanoseconds(0)) << "a burst below one counts as one";
  EXPECT_EQ(slow.Take(kStart, std::chrono::hours(24)), std::nullopt);
  TokenBucket fast(1e12, 1);
  EXPECT_EQ(fast.Take(kStart, kPatience), nanoseconds(0));
  EXPECT_EQ(fast.Take(kStart, kPatience), nanoseconds(1));
}

}  // namespace
}  // namespace tenantry::kube
