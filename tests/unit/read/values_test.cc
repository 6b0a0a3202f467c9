#include "agent/load/read/values.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <string>

// The same rules are checked against a real server by
// tests/adapter/load/values_against_server_test.
namespace tenantry::load {
namespace {

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kHour = 3600 * kSecond;
constexpr std::int64_t kDay = 24 * kHour;

std::int32_t Day(int year, unsigned month, unsigned day) {
  using std::chrono::sys_days;
  const sys_days epoch = std::chrono::year(2000) / 1 / 1;
  const sys_days date = std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day);
  return static_cast<std::int32_t>((date - epoch).count());
}

TEST(ParseInteger, TakesWhatInt8inTakes) {
  const struct {
    std::string_view text;
    std::int64_t value;
  } kCases[] = {{"0", 0},
                {"-0", 0},
                {"007", 7},
                {" \t+42\n", 42},
                {"999999999999999999", 999'999'999'999'999'999},
                {"9223372036854775807", std::numeric_limits<std::int64_t>::max()},
                {"-9223372036854775808", std::numeric_limits<std::int64_t>::min()},
                {"00000000000000000000000000000012", 12}};
  for (const auto& [text, value] : kCases) {
    EXPECT_EQ(ParseInteger(text), value) << text;
  }
}

TEST(ParseInteger, RefusesEverythingElse) {
  for (const char* text : {"", " ", "+", "-", "--1", "+-1", "1 2", "1.0", "1e3", "0x10", "1_000",
                           "9223372036854775808", "-9223372036854775809", "1,000", "NaN",
                           "99999999999999999999999999"}) {
    EXPECT_EQ(ParseInteger(text), std::nullopt) << text;
  }
}

TEST(ParseDouble, TakesNumbersAndTheirSpecialValues) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const struct {
    std::string_view text;
    double value;
  } kCases[] = {{"1.5", 1.5},       {" +1e3 ", 1000},   {".5", 0.5},
                {"5.", 5},          {"0x1.8p1", 3},     {"-Infinity", -kInfinity},
                {"INF", kInfinity}, {"5e-324", 5e-324}, {"0e999", 0}};
  for (const auto& [text, value] : kCases) {
    EXPECT_EQ(ParseDouble(text), value) << text;
  }
  EXPECT_TRUE(std::isnan(ParseDouble(" NaN").value_or(0)));
}

TEST(ParseDouble, RefusesWhatIsNoNumberOrOutOfRange) {
  for (const char* text : {"", ".", "e5", "1e", "1e+", "1.2.3", "1,5", "1e309", "-1e309", "1e-400",
                           "infinit", "nan(", "+-1", "0x", "0x-1", "0x1p+-3", "- 1", "1 2"}) {
    EXPECT_EQ(ParseDouble(text), std::nullopt) << text;
  }
}

TEST(ParseFloat, RoundsOnlyOnce) {
  // By way of a double this becomes 1.0.
  EXPECT_EQ(ParseFloat("1.00000005960464477540"), 1.00000011920928955F);
  EXPECT_EQ(ParseFloat("1e39"), std::nullopt);
  EXPECT_EQ(ParseFloat("1e-46"), std::nullopt);
}

TEST(ParseBoolean, TakesUniquePrefixes) {
  for (const char* text : {"t", "TRUE", "tru", "y", "yes", "on", "1", " true\n"}) {
    EXPECT_EQ(ParseBoolean(text), true) << text;
  }
  for (const char* text : {"f", "False", "n", "no", "of", "off", "0"}) {
    EXPECT_EQ(ParseBoolean(text), false) << text;
  }
  for (const char* text : {"", " ", "o", "10", "truee", "t f", "2", "-1", "tr ue"}) {
    EXPECT_EQ(ParseBoolean(text), std::nullopt) << text;
  }
}

TEST(ParseUuid, TakesHyphensAfterEveryFourthDigitAndBraces) {
  const auto canonical = ParseUuid("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11");
  ASSERT_TRUE(canonical);
  EXPECT_EQ(canonical->front(), 0xA0);
  EXPECT_EQ(canonical->back(), 0x11);
  for (const char* text :
       {"A0EEBC999C0B4EF8BB6D6BB9BD380A11", "{a0eebc99-9c0b4ef8-bb6d6bb9-bd380a11}"}) {
    EXPECT_EQ(ParseUuid(text), canonical) << text;
  }
  for (const char* text :
       {"", "{}", "{", "a0eebc99", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1",
        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a111", "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}", " a0eebc999c0b4ef8bb6d6bb9bd380a11",
        "a0eebc99--9c0b4ef8bb6d6bb9bd380a11", "g0eebc999c0b4ef8bb6d6bb9bd380a11",
        "a0eebc999c0b4ef8bb6d6bb9bd380a11-"}) {
    EXPECT_EQ(ParseUuid(text), std::nullopt) << text;
  }
}

// "ndigits weight sign dscale: digits"
std::string Numeric(std::string_view text) {
  std::string bytes;
  if (!AppendNumeric(text, bytes)) {
    return bytes.empty() ? "refused" : "refused, and something was appended";
  }
  std::string words;
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
    const int word =
        static_cast<unsigned char>(bytes[i]) << 8 | static_cast<unsigned char>(bytes[i + 1]);
    const bool is_weight = i == 2;
    words += (i == 0   ? ""
              : i == 8 ? ": "
                       : " ") +
             std::to_string(is_weight ? static_cast<std::int16_t>(word) : word);
  }
  return words;
}

TEST(AppendNumeric, WritesWhatNumericSendSends) {
  const struct {
    const char* text;
    const char* words;
  } kCases[] = {{"0", "0 0 0 0"},
                {"-0.00", "0 0 0 2"},
                {"1", "1 0 0 0: 1"},
                {" -12345.678 ", "3 1 16384 3: 1 2345 6780"},
                {"10000", "1 1 0 0: 1"},
                {"0.0001", "1 -1 0 4: 1"},
                {"0.00001", "1 -2 0 5: 1000"},
                {"1.50", "2 0 0 2: 1 5000"},
                {"12e3", "2 1 0 0: 1 2000"},
                {"1.5e-5", "1 -2 0 6: 1500"},
                {"1e 5", "1 1 0 0: 10"},
                {"0e1073741822", "0 0 0 0"},
                {"NaN", "0 0 49152 0"},
                {"-inf", "0 0 61440 32"},
                {"Infinity", "0 0 53248 32"}};
  for (const auto& [text, words] : kCases) {
    EXPECT_EQ(Numeric(text), words) << text;
  }
}

TEST(AppendNumeric, RefusesWhatNumericInRefusesAndAppendsNothing) {
  for (const char* text : {"", ".", "-", "+-1", "1e", "1e+-5", "e5", "1.2.3", "1,000", "0x10",
                           "1_0", "+NaN", "infinit", "1e131072", "1e-16384", "0e-16384",
                           "0e1073741823", "1e99999999999999999999", "1 2"}) {
    EXPECT_EQ(Numeric(text), "refused") << text;
  }
}

TEST(AppendNumeric, KeepsWhatIsThereAlready) {
  std::string bytes = "abc";
  ASSERT_TRUE(AppendNumeric("1", bytes));
  EXPECT_EQ(bytes.substr(0, 3), "abc");
  EXPECT_EQ(bytes.size(), 3U + 8 + 2);
}

TEST(ParseDate, ReadsIsoWhateverTheOrder) {
  for (const DateOrder order :
       {DateOrder::kYearMonthDay, DateOrder::kMonthDayYear, DateOrder::kDayMonthYear}) {
    EXPECT_EQ(ParseDate("2024-02-29", order), Day(2024, 2, 29));
    EXPECT_EQ(ParseDate(" 20240229 ", order), Day(2024, 2, 29));
    EXPECT_EQ(ParseDate("2024/2/29", order), Day(2024, 2, 29));
    EXPECT_EQ(ParseDate("29-Feb-2024", order), Day(2024, 2, 29));
    EXPECT_EQ(ParseDate("February 29, 2024", order), Day(2024, 2, 29));
    EXPECT_EQ(ParseDate("2000-01-01", order), 0);
  }
}

TEST(ParseDate, LeavesTheRestToTheOrder) {
  EXPECT_EQ(ParseDate("01/02/2003", DateOrder::kMonthDayYear), Day(2003, 1, 2));
  EXPECT_EQ(ParseDate("01/02/2003", DateOrder::kDayMonthYear), Day(2003, 2, 1));
  EXPECT_EQ(ParseDate("01/02/2003", DateOrder::kYearMonthDay), std::nullopt);
  EXPECT_EQ(ParseDate("01-02-03", DateOrder::kYearMonthDay), Day(2001, 2, 3));
  EXPECT_EQ(ParseDate("31.12.69", DateOrder::kDayMonthYear), Day(2069, 12, 31));
  EXPECT_EQ(ParseDate("31.12.70", DateOrder::kDayMonthYear), Day(1970, 12, 31));
  EXPECT_EQ(ParseDate("31.12.70", DateOrder::kMonthDayYear), std::nullopt);
}

TEST(ParseDate, KnowsTheEdgesOfTheCalendar) {
  constexpr DateOrder kOrder = DateOrder::kYearMonthDay;
  EXPECT_EQ(ParseDate("0001-01-01", kOrder), Day(1, 1, 1));
  EXPECT_EQ(ParseDate("0044-03-15 BC", kOrder), Day(-43, 3, 15));
  EXPECT_EQ(ParseDate("4714-11-24 BC", kOrder), -2'451'545);
  EXPECT_EQ(ParseDate("5874897-12-31", kOrder), 2'145'031'948);
  EXPECT_EQ(ParseDate("infinity", kOrder), std::numeric_limits<std::int32_t>::max());
  EXPECT_EQ(ParseDate("-Infinity", kOrder), std::numeric_limits<std::int32_t>::min());
  EXPECT_EQ(ParseDate("2020-01-02 10:11:12+05", kOrder), Day(2020, 1, 2)) << "the time is dropped";
  for (const char* text : {"",
                           "2023-02-29",
                           "1900-02-29",
                           "0000-01-01",
                           "2020-13-01",
                           "2020-00-01",
                           "2020-01-00",
                           "2020-01-32",
                           "2020-01",
                           "2020-01-02x",
                           "4714-11-23 BC",
                           "5874898-01-01",
                           "2020-01/02",
                           "99999999999-01-01",
                           "today",
                           "hello",
                           "1",
                           "2020",
                           "2020-01-02-",
                           "Jun 1998",
                           "Jux 1 1998",
                           "2020-01-02 ,"}) {
    EXPECT_EQ(ParseDate(text, kOrder), std::nullopt) << text;
  }
}

TEST(ParseTimestamp, ReadsTimesAndRoundsAsTheServer) {
  const std::int64_t day = Day(2020, 1, 2) * kDay;
  const struct {
    const char* text;
    std::int64_t time;
  } kCases[] = {{"2020-01-02", 0},
                {"2020-01-02 10:11", 10 * kHour + 660 * kSecond},
                {"2020-01-02T10:11:12", 10 * kHour + 672 * kSecond},
                {"2020-01-02t10:11:12.5", 10 * kHour + 672 * kSecond + 500'000},
                {"2020-01-02 10:11:12.1234565", 10 * kHour + 672 * kSecond + 123'456},
                {"2020-01-02 10:11:12.9999996", 10 * kHour + 673 * kSecond},
                {"2020-01-02 24:00:00", kDay},
                {"2020-01-02 23:59:60", kDay},
                {"2020-01-02 12:30 AM", kHour / 2},
                {"2020-01-02 1:02:03 pm", 13 * kHour + 123 * kSecond},
                {"20200102T101112", 10 * kHour + 672 * kSecond},
                {"Thu, 2 Jan 2020 10:11", 10 * kHour + 660 * kSecond}};
  for (const auto& [text, time] : kCases) {
    EXPECT_EQ(ParseTimestamp(text, DateOrder::kYearMonthDay), day + time) << text;
  }
}

TEST(ParseTimestamp, RefusesZonesAndTimesThatAreNone) {
  for (const char* text :
       {"2020-01-02 10:11Z", "2020-01-02 10:11:12+02", "2020-01-02 24:00:01", "2020-01-02 10:60",
        "2020-01-02 10:11:61", "2020-01-02 13:00 PM", "2020-01-02 10", "2020-01-02T",
        "2020-01-02 10:11:12.", "2020-01-02 10:11:12,5", "294277-01-01", "2020-01-02 10:11 XM"}) {
    EXPECT_EQ(ParseTimestamp(text, DateOrder::kYearMonthDay), std::nullopt) << text;
  }
}

TEST(ParseTimestampTz, TakesTheZoneOff) {
  const std::int64_t noon = Day(2020, 1, 2) * kDay + 12 * kHour;
  for (const char* text :
       {"2020-01-02 12:00", "2020-01-02T12:00:00Z", "2020-01-02 14:00+02", "2020-01-02 14:30+0230",
        "2020-01-02 06:30:00-05:30", "2020-01-02 12:00 UTC", "Thu, 02 Jan 2020 12:00:00 GMT"}) {
    EXPECT_EQ(ParseTimestampTz(text, DateOrder::kYearMonthDay), noon) << text;
  }
  for (const char* text : {"2020-01-02 12:00+16", "2020-01-02 12:00+05:60", "2020-01-02 12:00 CET",
                           "2020-01-02+02", "2020-01-02 12:00+", "2020-01-02 12:00Z+1"}) {
    EXPECT_EQ(ParseTimestampTz(text, DateOrder::kYearMonthDay), std::nullopt) << text;
  }
}

TEST(ParseTime, ReadsTimesOfDay) {
  EXPECT_EQ(ParseTime("00:00"), 0);
  EXPECT_EQ(ParseTime(" 1:2:3.000004 "), kHour + 123 * kSecond + 4);
  EXPECT_EQ(ParseTime("24:00:00"), kDay);
  EXPECT_EQ(ParseTime("12:00 AM"), 0);
  for (const char* text : {"", "10", "25:00", "10:60", "24:00:01", "10:11:12Z", "10:11 x"}) {
    EXPECT_EQ(ParseTime(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace tenantry::load
