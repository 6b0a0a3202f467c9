#include "tests/support/clock_shift.h"

#include <gtest/gtest.h>

namespace tenantry::testing {
namespace {

using std::chrono::minutes;

TEST(ClockShift, ChangesTimesOfCreationAndDeletionOnly) {
  EXPECT_EQ(
      ShiftTimestamps(R"({"creationTimestamp":"2026-02-28T23:50:00Z","renewTime":"x",)"
                      R"("deletionTimestamp":"2026-03-01T00:05:00Z","creationTimestamp":"?"})",
                      minutes(15)),
      R"({"creationTimestamp":"2026-03-01T00:05:00Z","renewTime":"x",)"
      R"("deletionTimestamp":"2026-03-01T00:20:00Z","creationTimestamp":"?"})");
}

TEST(ClockShift, IsUndoneByItsOpposite) {
  const std::string text = R"({"creationTimestamp":"2026-01-01T00:00:00Z"})";
  EXPECT_EQ(ShiftTimestamps(ShiftTimestamps(text, minutes(-15)), minutes(15)), text);
}

TEST(ClockShift, ChangesAnHttpDate) {
  EXPECT_EQ(ShiftDate("Thu, 31 Dec 2026 23:50:00 GMT", minutes(15)),
            "Fri, 01 Jan 2027 00:05:00 GMT");
  EXPECT_EQ(ShiftDate("soon", minutes(15)), "soon");
}

}  // namespace
}  // namespace tenantry::testing
