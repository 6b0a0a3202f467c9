#include "common/base/quantity.h"

#include <gtest/gtest.h>

#include <limits>
#include <utility>
#include <vector>

namespace tenantry {
namespace {

TEST(ParseBytes, ReadsKubernetesQuantities) {
  const std::vector<std::pair<const char*, std::int64_t>> table = {
      {"0", 0},
      {"1048576", 1048576},
      {"+5", 5},
      {"1Ki", 1024},
      {"512Mi", 512LL << 20},
      {"100Gi", 100LL << 30},
      {"2Ti", 2LL << 40},
      {"1Pi", 1LL << 50},
      {"7Ei", 7LL << 60},
      {"1k", 1000},
      {"1M", 1000000},
      {"1.5G", 1500000000},
      {"3T", 3000000000000},
      {"4P", 4000000000000000},
      {"9E", 9000000000000000000},
      {"1e9", 1000000000},
      {"1E3", 1000},
      {"1.5e+3", 1500},
      {"2500e-2", 25},
      {"0.5Ki", 512},
      {"1.50Gi", 1610612736},
      {".5Ki", 512},
      {"5.", 5},
      {"1500m", 2},
      {"1u", 1},
      {"1n", 1},
      {"0.1", 1},
      {"0.0000000000000000000000000001", 1},
      {"000000000000000000000000000005", 5},
      {"1.00000000000000000000000000000", 1},
      {"9223372036854775807", std::numeric_limits<std::int64_t>::max()},
      {"1e-99", 1},
      {"0e99", 0},
  };
  for (const auto& [text, bytes] : table) {
    const Result<std::int64_t> parsed = ParseBytes(text);
    ASSERT_TRUE(parsed) << text << ": " << parsed.error().message;
    EXPECT_EQ(*parsed, bytes) << text;
  }
}

TEST(ParseBytes, RefusesEverythingElse) {
  for (const char* text : {"",
                           " ",
                           "1 Gi",
                           "-1",
                           "Gi",
                           "1gi",
                           "1KiB",
                           "1GB",
                           "1..5",
                           ".",
                           "+",
                           "++1",
                           "0x10",
                           "1e",
                           "1e100",
                           "1e+",
                           "1e1.5",
                           "NaN",
                           "inf",
                           "8Ei",
                           "9223372036854775808",
                           "10E",
                           "1e19",
                           "99999999999999999999",
                           "1,5",
                           "12345678901234567890123456789",
                           "0.12345678901234567890123"}) {
    const Result<std::int64_t> parsed = ParseBytes(text);
    EXPECT_FALSE(parsed) << text;
    if (!parsed) {
      EXPECT_EQ(parsed.error().code, ErrorCode::kInvalid) << text;
    }
  }
}

TEST(FormatBytes, UsesBinaryUnitsWithAtMostOneDecimal) {
  const std::vector<std::pair<std::int64_t, const char*>> table = {
      {0, "0"},
      {1, "1"},
      {1023, "1023"},
      {1024, "1Ki"},
      {1536, "1.5Ki"},
      {48LL << 20, "48Mi"},
      {(3LL << 30) / 2, "1.5Gi"},
      {(1LL << 20) - 1, "1Mi"},
      {(1LL << 30) - 1, "1Gi"},
      {std::numeric_limits<std::int64_t>::max(), "8Ei"},
  };
  for (const auto& [bytes, text] : table) {
    EXPECT_EQ(FormatBytes(bytes), text);
  }
}

TEST(ParseDuration, ReadsGoDurations) {
  using std::chrono::milliseconds;
  const std::vector<std::pair<const char*, std::int64_t>> table = {
      {"0", 0},
      {"0s", 0},
      {"250ms", 250},
      {"30s", 30'000},
      {"30m", 1'800'000},
      {"1h30m", 5'400'000},
      {"1.5h", 5'400'000},
      {"1m0.5s", 60'500},
      {"1ns", 1},
      {"1us", 1},
      {"1µs", 1},
      {"1000000h", 3'600'000'000'000},
  };
  for (const auto& [text, count] : table) {
    const Result<milliseconds> parsed = ParseDuration(text);
    ASSERT_TRUE(parsed) << text << ": " << parsed.error().message;
    EXPECT_EQ(parsed->count(), count) << text;
  }
}

TEST(ParseDuration, RefusesEverythingElse) {
  for (const char* text : {"", "5", "-5s", "s", "5 s", "5x", "1h 30m", "1.s.", "soon", "1d",
                           "9999999h", "2562047h2562047h", "99999999999999999999s"}) {
    EXPECT_FALSE(ParseDuration(text)) << text;
  }
}

}  // namespace
}  // namespace tenantry
