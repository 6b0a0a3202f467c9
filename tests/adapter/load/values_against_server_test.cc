#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "agent/load/read/values.h"
#include "agent/postgres/connection.h"
#include "common/base/strings.h"
#include "tests/support/shared_servers.h"

// What our parsers make of a text is what a real server makes of it, byte by byte of its binary
// representation, for thousands of texts: good, bad and mutilated.
namespace tenantry::load {
namespace {

using Answer = std::optional<std::string>;  // the binary value in hexadecimal; none: refused

std::string Hex(std::string_view bytes) {
  std::string hex;
  for (const char byte : bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    hex += kDigits[static_cast<unsigned char>(byte) >> 4];
    hex += kDigits[static_cast<unsigned char>(byte) & 15];
  }
  return hex;
}

template <class Integer>
std::string HexOf(Integer value) {
  std::string bytes;
  for (std::size_t i = sizeof value; i > 0; --i) {
    bytes += static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * (i - 1)) & 0xFF);
  }
  return Hex(bytes);
}

// A NaN has many representations and is one value.
constexpr char kNan[] = "nan";

// The server's answers about texts as one type.
class Server {
 public:
  static Server Open() {
    auto opened = postgres::Connection::Open(testing::Postgres().superuser(), "values test");
    EXPECT_TRUE(opened) << opened.error().message;
    Server server;
    server.connection_ = std::move(opened).value();
    EXPECT_TRUE(server.connection_->ExecuteScript("SET TimeZone = 'UTC'"));
    return server;
  }

  // `send` is the type's function for its binary representation.
  std::vector<Answer> Ask(const std::string& type, const std::string& send,
                          const std::vector<std::string>& texts) {
    const auto made = connection_->ExecuteScript(
        "CREATE OR REPLACE FUNCTION pg_temp.value_of(text text) RETURNS text LANGUAGE plpgsql AS $$"
        "BEGIN RETURN encode(" +
        send + "(text::" + type +
        "), 'hex');"
        "EXCEPTION WHEN others THEN RETURN NULL; END $$");
    EXPECT_TRUE(made) << made.error().message;
    auto rows = connection_->Execute(
        "SELECT pg_temp.value_of(t.text) FROM jsonb_array_elements_text($1::jsonb) "
        "WITH ORDINALITY t(text, place) ORDER BY place",
        {nlohmann::json(texts).dump()});
    EXPECT_TRUE(rows) << rows.error().message;
    std::vector<Answer> answers;
    for (const auto& row : rows->rows) {
      answers.push_back(row.front());
    }
    return answers;
  }

  void SetDateOrder(const std::string& order) {
    EXPECT_TRUE(connection_->ExecuteScript("SET DateStyle = 'ISO, " + order + "'"));
  }

 private:
  std::unique_ptr<postgres::Connection> connection_;
};

// Texts made of `seeds`: each of them, and `count` with a few characters changed.
std::vector<std::string> Mutations(const std::vector<std::string>& seeds,
                                   const std::string& alphabet, int count) {
  std::mt19937 random(20'261'121);
  const auto below = [&](std::size_t limit) { return random() % limit; };
  std::vector<std::string> texts = seeds;
  for (int i = 0; i < count; ++i) {
    std::string text = seeds[below(seeds.size())];
    for (std::size_t changes = 1 + below(3); changes > 0; --changes) {
      const std::size_t place = below(text.size() + 1);
      const char character = alphabet[below(alphabet.size())];
      const std::size_t kind = below(3);
      if (kind == 0 || place == text.size()) {
        text.insert(place, 1, character);
      } else if (kind == 1) {
        text[place] = character;
      } else {
        text.erase(place, 1);
      }
    }
    if (IsValidUtf8(text)) {
      texts.push_back(std::move(text));
    }
  }
  return texts;
}

enum class Refusing { kAsTheServer, kMoreThanTheServer };

void ExpectSameAnswers(const std::vector<std::string>& texts, const std::vector<Answer>& answers,
                       const std::function<Answer(std::string_view)>& parse, Refusing refusing) {
  ASSERT_EQ(texts.size(), answers.size());
  int taken = 0;
  int failures = 0;
  for (std::size_t i = 0; i < texts.size() && failures < 30; ++i) {
    const Answer ours = parse(texts[i]);
    taken += ours.has_value() ? 1 : 0;
    const bool allowed = refusing == Refusing::kMoreThanTheServer && !ours;
    if (!allowed && ours != answers[i]) {
      ++failures;
      ADD_FAILURE() << "\"" << texts[i] << "\": ours " << ours.value_or("refused") << ", server "
                    << answers[i].value_or("refused");
    }
  }
  EXPECT_GT(taken, static_cast<int>(texts.size() / 100));
}

const std::vector<std::string> kNumberSeeds = {"0",
                                               "1",
                                               "-1",
                                               "+1",
                                               "007",
                                               "-0",
                                               "+0",
                                               " 42",
                                               "42 ",
                                               "\t42\n",
                                               "\v7\f",
                                               "42\r",
                                               "- 1",
                                               "--1",
                                               "+-1",
                                               "1e5",
                                               "1E5",
                                               "1e+5",
                                               "1e-5",
                                               "1e 5",
                                               "1e",
                                               "1e+",
                                               "1e+-5",
                                               "1e--5",
                                               "e5",
                                               ".",
                                               "-",
                                               "+",
                                               "",
                                               " ",
                                               ".5",
                                               "5.",
                                               "-.5",
                                               "+5.",
                                               "1.5",
                                               "0.10",
                                               "1.500",
                                               "123456789.987654321",
                                               "1,000",
                                               "1_000",
                                               "0x10",
                                               "0X1F",
                                               "0x1.8p1",
                                               "0x1p-3",
                                               "0x",
                                               "0x.8",
                                               "0x1p",
                                               "0x1p-2000",
                                               "0b1",
                                               "0o7",
                                               "1.2.3",
                                               "9223372036854775807",
                                               "9223372036854775808",
                                               "-9223372036854775808",
                                               "-9223372036854775809",
                                               "+9223372036854775807",
                                               "000000000000000000000000000001",
                                               "99999999999999999999999999",
                                               "18446744073709551616",
                                               "123456789012345678",
                                               "1234567890123456789",
                                               "NaN",
                                               "nan",
                                               "-nan",
                                               "+nan",
                                               "nan(1)",
                                               "nan(",
                                               "nan()",
                                               "nan(a b)",
                                               "inf",
                                               "-inf",
                                               "+inf",
                                               "Infinity",
                                               "-Infinity",
                                               "+INFINITY",
                                               "infinit",
                                               "infinityx",
                                               "in",
                                               " NaN ",
                                               " -Infinity ",
                                               "1e308",
                                               "1.7976931348623157e308",
                                               "1.7976931348623159e308",
                                               "1e309",
                                               "-1e309",
                                               "1e-307",
                                               "2.2250738585072014e-308",
                                               "5e-324",
                                               "4.9e-324",
                                               "2.5e-324",
                                               "2.4e-324",
                                               "1e-400",
                                               "0e-400",
                                               "0e400",
                                               "0.0e999999",
                                               "3.4028235e38",
                                               "3.4028236e38",
                                               "3.5e38",
                                               "1e-45",
                                               "1.4e-45",
                                               "7e-46",
                                               "1e-46",
                                               "1.17549435e-38",
                                               "0.1",
                                               "0.2",
                                               "0.3",
                                               "16777217",
                                               "16777219.0",
                                               "8388609.5",
                                               "1.00000017881393432617187499",
                                               "1.00000017881393432617187500",
                                               "1.00000017881393432617187501",
                                               "9007199254740993",
                                               "12345678901234567890123456789012345.67890",
                                               "0.0000000000000000000000000000000001",
                                               "1e131071",
                                               "1e131072",
                                               "9e131071",
                                               "1e-16383",
                                               "1e-16384",
                                               "0e-16383",
                                               "0e-16384",
                                               "0e16384",
                                               "1e2147483647",
                                               "1e1073741823",
                                               "1e1073741822",
                                               "0e1073741822",
                                               "0e1073741823",
                                               "0e-1073741823",
                                               "1e99999999999999999999",
                                               "10000",
                                               "9999",
                                               "99990000",
                                               "100000000",
                                               "0.00010000",
                                               "0.0001",
                                               "0.00001",
                                               "1000.0001",
                                               "10.00100",
                                               "1e4",
                                               "1e3",
                                               "12e3",
                                               "12.345e1",
                                               "12.345e2",
                                               "12.345e-1",
                                               "-0.0",
                                               "-0e5",
                                               "0000.0000",
                                               "00012.3400",
                                               "1 2",
                                               "1e5 ",
                                               "1 e5",
                                               "1e5x",
                                               "1f",
                                               "1d",
                                               "1l",
                                               "é",
                                               "½",
                                               "١"};

TEST(ValuesAgainstServer, IntegersAreTheServers) {
  Server server = Server::Open();
  const auto texts = Mutations(kNumberSeeds, "0123456789+-. \teE_x", 6000);
  ExpectSameAnswers(
      texts, server.Ask("int8", "int8send", texts),
      [](std::string_view text) -> Answer {
        const auto value = ParseInteger(text);
        return value ? Answer(HexOf(*value)) : std::nullopt;
      },
      Refusing::kAsTheServer);
}

TEST(ValuesAgainstServer, NumericsAreTheServers) {
  Server server = Server::Open();
  std::vector<std::string> texts = Mutations(kNumberSeeds, "00123456789+-.. \teENaInfity", 12'000);
  texts.push_back(std::string(131'072, '9'));
  texts.push_back(std::string(131'073, '9'));
  texts.push_back("0." + std::string(16'383, '1'));
  texts.push_back("0." + std::string(16'384, '0'));
  texts.push_back(std::string(200'000, '0') + "1");
  ExpectSameAnswers(
      texts, server.Ask("numeric", "numeric_send", texts),
      [](std::string_view text) -> Answer {
        std::string bytes = "before";
        if (!AppendNumeric(text, bytes)) {
          EXPECT_EQ(bytes, "before");
          return std::nullopt;
        }
        return Hex(std::string_view(bytes).substr(6));
      },
      Refusing::kAsTheServer);
}

template <class Float, class Bits>
void ExpectFloats(const std::string& type, std::optional<Float> (*parse)(std::string_view)) {
  Server server = Server::Open();
  const auto texts = Mutations(kNumberSeeds, "00123456789+-.. \teENaInfityxXpP()", 12'000);
  std::vector<Answer> answers = server.Ask(type, type + "send", texts);
  for (Answer& answer : answers) {
    const auto bits = static_cast<Bits>(std::stoull(answer.value_or("0"), nullptr, 16));
    answer = answer && std::isnan(std::bit_cast<Float>(bits)) ? kNan : answer;
  }
  ExpectSameAnswers(
      texts, answers,
      [&](std::string_view text) -> Answer {
        const std::optional<Float> value = parse(text);
        return !value ? std::nullopt
                      : Answer(std::isnan(*value) ? kNan : HexOf(std::bit_cast<Bits>(*value)));
      },
      Refusing::kAsTheServer);
}

TEST(ValuesAgainstServer, DoublesAreTheServers) {
  ExpectFloats<double, std::uint64_t>("float8", ParseDouble);
}

TEST(ValuesAgainstServer, FloatsAreTheServers) {
  ExpectFloats<float, std::uint32_t>("float4", ParseFloat);
}

TEST(ValuesAgainstServer, BooleansAreTheServers) {
  Server server = Server::Open();
  const auto texts =
      Mutations({"true", "TRUE",     "tru",   "t", "false", "fals",  "f",   "yes",  "ye", "y",
                 "no",   "n",        "on",    "o", "off",   "of",    "1",   "0",    "10", "01",
                 " t ",  "\ttrue\n", "t rue", "",  " ",     "truee", "onn", "offf", "2",  "-1"},
                "truefalsyno01 \nTFYNO", 6000);
  ExpectSameAnswers(
      texts, server.Ask("bool", "boolsend", texts),
      [](std::string_view text) -> Answer {
        const auto value = ParseBoolean(text);
        return value ? Answer(*value ? "01" : "00") : std::nullopt;
      },
      Refusing::kAsTheServer);
}

TEST(ValuesAgainstServer, UuidsAreTheServers) {
  Server server = Server::Open();
  const auto texts =
      Mutations({"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
                 "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}", "a0eebc999c0b4ef8bb6d6bb9bd380a11",
                 "a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11", "{a0eebc99-9c0b4ef8-bb6d6bb9-bd380a11}",
                 "{a0eebc999c0b4ef8bb6d6bb9bd380a11}", " a0eebc999c0b4ef8bb6d6bb9bd380a11",
                 "a0eebc999c0b4ef8bb6d6bb9bd380a11 ", "{", "{}", "", "-"},
                "0123456789abcdefABCDEFg-{} ", 4000);
  ExpectSameAnswers(
      texts, server.Ask("uuid", "uuid_send", texts),
      [](std::string_view text) -> Answer {
        const auto value = ParseUuid(text);
        if (!value) {
          return std::nullopt;
        }
        std::string bytes;
        for (const std::uint8_t byte : *value) {
          bytes += static_cast<char>(byte);
        }
        return Hex(bytes);
      },
      Refusing::kAsTheServer);
}

const std::vector<std::string> kDates = {"2000-01-01",
                                         "1999-12-31",
                                         "2024-02-29",
                                         "2023-02-29",
                                         "1900-02-29",
                                         "2000-02-29",
                                         "0001-01-01",
                                         "0000-01-01",
                                         "10000-01-01",
                                         "294276-12-31",
                                         "294277-01-01",
                                         "5874897-12-31",
                                         "5874898-01-01",
                                         "99999999-01-01",
                                         "2020-1-2",
                                         "20-01-02",
                                         "1-2-3",
                                         "69-01-01",
                                         "70-01-01",
                                         "00-01-01",
                                         "999-01-02",
                                         "2020/01/02",
                                         "2020.01.02",
                                         "2020 01 02",
                                         "20200102",
                                         "20201301",
                                         "00000101",
                                         "200102",
                                         "12/31/1999",
                                         "31/12/1999",
                                         "31.12.1999",
                                         "31-12-99",
                                         "12-31-99",
                                         "1/2/3",
                                         "01/02/04",
                                         "13/13/2013",
                                         "1/1/70",
                                         "1/1/069",
                                         "1.2.2003",
                                         "1 2 2003",
                                         "31 12 1999",
                                         "Jun 12 1998",
                                         "June 12, 1998",
                                         "jun-12-1998",
                                         "12-Jun-98",
                                         "12 June 1998",
                                         "12/Jun/1998",
                                         "12.Jun.1998",
                                         "1998-Jun-12",
                                         "1998 Jun 12",
                                         "98 Jun 12",
                                         "Jun 12 98",
                                         "Sept 5 2001",
                                         "Sep 31 2001",
                                         "Febr 1 2001",
                                         "Jun. 12 1998",
                                         "Jun 12th 1998",
                                         "12 1998 Jun",
                                         "Jun 1998",
                                         "Jun 1998 12",
                                         "12. Jun 1998",
                                         "Jun/12/1998",
                                         "Jun 12 8",
                                         "Jun 12 12345",
                                         "Jun 12 123456",
                                         "Fri Jun 12 1998",
                                         "Fri, 12 Jun 1998",
                                         "Friday 2020-01-02",
                                         "Sun, 06 Nov 1994",
                                         "Mo 2020-01-02",
                                         "infinity",
                                         "-infinity",
                                         "+infinity",
                                         "Infinity",
                                         "inf",
                                         "0044-03-15 BC",
                                         "4714-11-24 BC",
                                         "4714-11-23 BC",
                                         "4713-01-01 BC",
                                         "0001-12-31 BC",
                                         "0000-01-01 BC",
                                         "2020-01-01 AD",
                                         "1/2/44 BC",
                                         "10-10-10 BC",
                                         "2020-00-01",
                                         "2020-01-00",
                                         "2020-13-01",
                                         "2020-01-32",
                                         "2020-001",
                                         "2020-366",
                                         "2020-01",
                                         "2020-01-02-03",
                                         "2020--01-02",
                                         "2020-01-",
                                         "-2020-01-02",
                                         "+2020-01-02",
                                         "2020-01/02",
                                         " 2020-01-02 ",
                                         "\t2020-01-02\n",
                                         "2020 - 01 - 02",
                                         "epoch",
                                         "today",
                                         "J2451187",
                                         "2020-W01-1",
                                         "2020,01,02",
                                         "1999-Jan-08",
                                         "08-Jan-1999",
                                         "Jan-08-1999",
                                         "99-Jan-08",
                                         "08-Jan-99",
                                         "y2020",
                                         "May 5, 2020",
                                         "5 May 2020",
                                         "5-may-20",
                                         "2020-01-02x",
                                         "x2020-01-02",
                                         "January 8, 99 BC"};

const std::vector<std::string> kTimes = {"",
                                         " 00:00",
                                         " 0:0",
                                         " 23:59:59",
                                         "T10:11:12",
                                         "t10:11",
                                         " 10:11:12.5",
                                         " 10:11:12.123456",
                                         " 10:11:12.1234565",
                                         " 10:11:12.1234575",
                                         " 10:11:12.0000005",
                                         " 10:11:12.00000050000001",
                                         " 10:11:12.9999995",
                                         " 10:11:12.99999949999",
                                         " 23:59:59.9999999",
                                         " 24:00:00",
                                         " 24:00:01",
                                         " 24:00",
                                         " 24:00:00.1",
                                         " 23:59:60",
                                         " 23:59:60.5",
                                         " 10:11:60",
                                         " 10:11:61",
                                         " 10:60:00",
                                         " 25:00",
                                         " 10:11:12.",
                                         " 10:11.5",
                                         " 10",
                                         "T10",
                                         "T101112",
                                         " 101112",
                                         "T1011",
                                         "T101112.5",
                                         " 1:2:3",
                                         " 1:02 PM",
                                         " 1:02 am",
                                         " 12:00 AM",
                                         " 12:30PM",
                                         " 12:59:60 PM",
                                         " 13:00 PM",
                                         " 0:30 PM",
                                         " 00:30 AM",
                                         " 10:11:12 pm",
                                         " 10:11:12.5 PM",
                                         "  10:11:12",
                                         "\t10:11:12",
                                         " 010:11:12",
                                         " 10:011:12",
                                         " -10:11",
                                         " 10:-11",
                                         " 10:11:12,5",
                                         "T 10:11",
                                         " T10:11",
                                         " 11:59:60.5 PM",
                                         ", 10:11",
                                         " 10 : 11",
                                         "T101112Z",
                                         " 1011+02",
                                         " 10:11:12.123456789012345678901234567890"};

const std::vector<std::string> kZones = {"",        "",        "Z",
                                         "z",       " Z",      "+00",
                                         "-00",     "+05",     "-0800",
                                         "+05:30",  "-05:30",  " +01",
                                         " -01:00", "+15",     "+16",
                                         "+15:59",  "+15:60",  "+5",
                                         "+530",    "+05:3",   "+05:30:15",
                                         " UTC",    "UTC",     " GMT",
                                         " gmt",    " EST",    " Europe/Berlin",
                                         " +",      "+:30",    "Z+1",
                                         " BC",     " +02 BC", "+1234567"};

// Every date with every time and zone is too much: a deterministic choice of `count`.
std::vector<std::string> Moments(int count) {
  std::mt19937 random(5);
  const auto any = [&](const std::vector<std::string>& texts) {
    return texts[random() % texts.size()];
  };
  std::vector<std::string> moments = kDates;
  for (int i = 0; i < count; ++i) {
    const std::string time = any(kTimes);
    moments.push_back(any(kDates) + time + (time.empty() ? "" : any(kZones)));
  }
  for (const std::string& time : kTimes) {
    for (const std::string& zone : kZones) {
      moments.push_back("2020-01-02" + time + zone);
      moments.push_back("20200102" + time + zone);
      moments.push_back("Jun 12 1998" + time + zone);
    }
  }
  return Mutations(moments, "0123456789-/.: TZ+JunPMapBC,", 3 * count);
}

struct Order {
  DateOrder order;
  const char* name;
};
constexpr Order kOrders[] = {{DateOrder::kYearMonthDay, "YMD"},
                             {DateOrder::kMonthDayYear, "MDY"},
                             {DateOrder::kDayMonthYear, "DMY"}};

template <class Value>
void ExpectDates(const std::string& type, const std::string& send,
                 std::optional<Value> (*parse)(std::string_view, DateOrder)) {
  Server server = Server::Open();
  const std::vector<std::string> texts = Moments(4000);
  for (const Order& order : kOrders) {
    SCOPED_TRACE(order.name);
    server.SetDateOrder(order.name);
    ExpectSameAnswers(
        texts, server.Ask(type, send, texts),
        [&](std::string_view text) -> Answer {
          const auto value = parse(text, order.order);
          return value ? Answer(HexOf(*value)) : std::nullopt;
        },
        Refusing::kMoreThanTheServer);
  }
}

TEST(ValuesAgainstServer, DatesAreTheServersOrRefused) {
  ExpectDates<std::int32_t>("date", "date_send", ParseDate);
}

TEST(ValuesAgainstServer, TimestampsAreTheServersOrRefused) {
  ExpectDates<std::int64_t>("timestamp", "timestamp_send", ParseTimestamp);
}

TEST(ValuesAgainstServer, TimestampsWithZoneAreTheServersOrRefused) {
  ExpectDates<std::int64_t>("timestamptz", "timestamptz_send", ParseTimestampTz);
}

TEST(ValuesAgainstServer, TimesAreTheServersOrRefused) {
  Server server = Server::Open();
  std::vector<std::string> times = kTimes;
  for (const char* time :
       {"10:11:12", "00:00", "24:00:00", "23:59:59.9999999", "1:2", "12:00 PM"}) {
    times.emplace_back(time);
  }
  const auto texts = Mutations(times, "0123456789:. TAPM+Z", 8000);
  ExpectSameAnswers(
      texts, server.Ask("time", "time_send", texts),
      [](std::string_view text) -> Answer {
        const auto value = ParseTime(text);
        return value ? Answer(HexOf(*value)) : std::nullopt;
      },
      Refusing::kMoreThanTheServer);
}

}  // namespace
}  // namespace tenantry::load
