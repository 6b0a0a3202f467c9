#include "agent/load/read/distinct_count.h"

#include <gtest/gtest.h>

#include <string>

namespace tenantry::load {
namespace {

constexpr std::int64_t kLimit = 1'000'000;
constexpr std::size_t kPlenty = 64 << 20;

void AddNumbers(DistinctCount& count, int from, int to, std::size_t spare = kPlenty) {
  for (int i = from; i < to; ++i) {
    count.Add(std::to_string(i), kLimit, spare);
  }
}

TEST(DistinctCount, CountsTextsOfAnyLengthExactly) {
  DistinctCount count;
  std::string text;
  for (int length = 0; length < 100; ++length) {
    for (const char last : {'a', 'b'}) {
      count.Add(text + last, kLimit, kPlenty);
      count.Add(last + text, kLimit, kPlenty);
      count.Add(text + last, kLimit, kPlenty);
    }
    text += 'x';
  }
  EXPECT_TRUE(count.exact());
  EXPECT_EQ(count.count(), 2 + 99 * 4);
}

TEST(DistinctCount, EstimatesBeyondItsLimit) {
  DistinctCount count;
  for (int i = 0; i < 50'000; ++i) {
    count.Add(std::to_string(i), 1'000, kPlenty);
  }
  EXPECT_FALSE(count.exact());
  EXPECT_EQ(count.bytes(), 0U);
  EXPECT_NEAR(static_cast<double>(count.count()), 50'000, 2'000);
}

TEST(DistinctCount, EstimatesWhenThereIsNoRoomToGrow) {
  DistinctCount count;
  AddNumbers(count, 0, 1'000);
  ASSERT_TRUE(count.exact());
  AddNumbers(count, 500, 30'000, 100);
  EXPECT_FALSE(count.exact());
  EXPECT_NEAR(static_cast<double>(count.count()), 30'000, 1'200);
}

TEST(DistinctCount, NeedsNoRoomForFewTextsToBeEstimated) {
  DistinctCount count;
  AddNumbers(count, 0, 100, 0);
  AddNumbers(count, 0, 100, 0);
  EXPECT_FALSE(count.exact());
  EXPECT_NEAR(static_cast<double>(count.count()), 100, 3);
}

}  // namespace
}  // namespace tenantry::load
