#include "common/base/clock.h"

#include <gtest/gtest.h>

namespace tenantry {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

WallTime At(std::int64_t unix_seconds, std::int64_t micros = 0) {
  return WallTime(seconds(unix_seconds)) + microseconds(micros);
}

TEST(FormatTime, IsRfc3339InUtc) {
  EXPECT_EQ(FormatTime(At(0)), "1970-01-01T00:00:00Z");
  EXPECT_EQ(FormatTime(At(1795262400)), "2026-11-21T12:00:00Z");
}

TEST(FormatMicroTime, HasSixDecimals) {
  EXPECT_EQ(FormatMicroTime(At(1795262400, 42)), "2026-11-21T12:00:00.000042Z");
  EXPECT_EQ(FormatMicroTime(At(1795262400, 999'999)), "2026-11-21T12:00:00.999999Z");
}

TEST(ParseTime, ReadsWhatTheFormattersWrite) {
  const WallTime time = At(1795262400, 123'456);
  EXPECT_EQ(ParseTime(FormatMicroTime(time)), time);
  EXPECT_EQ(ParseTime(FormatTime(time)), At(1795262400));
}

TEST(ParseTime, ReadsFractionsAndOffsets) {
  EXPECT_EQ(ParseTime("2026-11-21T12:00:00.5Z"), At(1795262400, 500'000));
  EXPECT_EQ(ParseTime("2026-11-21T12:00:00.123456789Z"), At(1795262400, 123'456));
  EXPECT_EQ(ParseTime("2026-11-21T14:00:00+02:00"), At(1795262400));
  EXPECT_EQ(ParseTime("2028-02-29T00:00:00Z"), At(1835395200));
  EXPECT_TRUE(ParseTime("2261-12-31T23:59:59.999999-23:59").has_value());
  EXPECT_TRUE(ParseTime("1678-01-01T00:00:00+23:59").has_value());
  EXPECT_EQ(ParseTime("1969-12-31T23:59:59.75Z"), At(-1, 750'000));
  EXPECT_EQ(ParseTime("2026-11-21T06:30:00-05:30"), At(1795262400));
}

TEST(ParseTime, RefusesEverythingElse) {
  for (const char* text : {"",
                           "now",
                           "2026-11-21",
                           "2026-11-21T12:00:00",
                           "2026-11-21T12:00:00z ",
                           "2026-11-21T12:00:00Zx",
                           "2026-13-21T12:00:00Z",
                           "2026-11-21T25:00:00Z",
                           "2026-11-21T12:00:00+2",
                           "2026-11-21T12:00:00+02:0",
                           "2026-11-21T12:00:00+1:234",
                           "2026-11-21T12:00:00.",
                           "2026-11-21T12:00:00.Z",
                           "2026-11-21T 2:00:00Z",
                           "2026-02-29T12:00:00Z",
                           "2026-00-01T12:00:00Z",
                           "226-11-21T12:00:00Z",
                           "-026-11-21T12:00:00Z",
                           "2026-11-21T12:00:60Z",
                           "9999-12-31T00:00:00Z",
                           "0001-01-01T00:00:00Z",
                           "2026-11-21 12:00:00Z",
                           "2026-11-21T12:00:00+24:00"}) {
    EXPECT_FALSE(ParseTime(text).has_value()) << text;
  }
}

TEST(SystemClock, MovesForward) {
  const SystemClock clock;
  const MonotonicTime before = clock.Monotonic();
  EXPECT_GE(clock.Monotonic(), before);
  EXPECT_GT(clock.Now(), At(0));
}

}  // namespace
}  // namespace tenantry
