#include "agent/load/json_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "tests/unit/load/reading.h"

namespace tenantry::load {
namespace {

using api::Format;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kSample[] =
    "\xEF\xBB\xBF [ {\"id\": 1, \"na\\u00efve\" : \"caf\\u00e9 \\ud83c\\udfb5 \xF0\x9F\x8E\xB5\","
    "\"tags\":[ \"a\" , {\"b\" :[1,2.50, -0e+1]}, null,true ]},\r\n"
    " {\"id\":-12345678901234567890.1234567890e-400,\"x\":null,\"y\":false,\"z\":\"\\\"\\\\\\/"
    "\\b\\f"
    "\\n\\r\\t\"} ]\n";

TEST(JsonReader, ReadsEveryKindOfValueExactly) {
  const Reading reading = ReadAll(kSample);

  EXPECT_EQ(Show(reading),
            "id=d1 na\xC3\xAFve=scaf\xC3\xA9 \xF0\x9F\x8E\xB5 \xF0\x9F\x8E\xB5 "
            "tags=j[\"a\",{\"b\":[1,2.50,-0e+1]},null,true]\n"
            "id=d-12345678901234567890.1234567890e-400 x=n y=bfalse z=s\"\\/\b\f\n\r\t\n");
  EXPECT_EQ(reading.columns,
            (std::vector<std::string>{"id", "na\xC3\xAFve", "tags", "x", "y", "z"}));
}

TEST(JsonReader, KnowsWhereRecordsAndValuesBegin) {
  const Reading reading = ReadAll("[{\"a\": 1},\n {\"a\" : \"x\"}]");

  ASSERT_EQ(reading.records.size(), 2U);
  EXPECT_EQ(reading.records[0].number, 1);
  EXPECT_EQ(reading.records[0].byte, 1);
  EXPECT_EQ(reading.records[0].cells[0].value.byte, 7);
  EXPECT_EQ(reading.records[1].number, 2);
  EXPECT_EQ(reading.records[1].byte, 12);
  EXPECT_EQ(reading.records[1].cells[0].value.byte, 19);
}

TEST(JsonReader, DoesNotSeeHowTheSourceIsCut) {
  const std::vector<std::string> samples = {kSample,
                                            "{\"a\":1}\n\n{\"b\":\"\xE2\x82\xAC\"}\r\n",
                                            "[{\"a\":\"\\ud83c\"}]",
                                            "[{\"a\":\"\xE2\x82\"}]",
                                            "[{\"a\":tru}]",
                                            "{\n\"a\":1\n}",
                                            "[{\"a\":1,\"a\":2}]"};
  for (const std::string& sample : samples) {
    const Reading whole = ReadAll(sample);
    for (std::size_t piece = 1; piece <= sample.size(); ++piece) {
      EXPECT_EQ(ReadAll(sample, Format::kAuto, piece), whole) << sample << " by " << piece;
    }
  }
}

TEST(JsonReader, EveryCutIsAnErrorAtItsByte) {
  const std::string sample = "[{\"a\":[1,{\"b\":null}],\"c\":\"\xE2\x82\xAC\\n\"},{\"a\":true}]";
  for (std::size_t size = 1; size < sample.size(); ++size) {
    const Reading reading = ReadAll(sample.substr(0, size), Format::kJson);
    EXPECT_THAT(reading.error, HasSubstr(" is cut. Complete it.")) << size;
    EXPECT_THAT(reading.error, HasSubstr("(byte " + std::to_string(size) + " of ")) << size;
  }
}

TEST(JsonReader, ReadsOneObject) {
  EXPECT_EQ(Show(ReadAll("{\"a\":\n1}\n", Format::kJson)), "a=d1\n");
  EXPECT_EQ(Show(ReadAll("{\"a\":\n1}\n", Format::kAuto)), "a=d1\n");
  EXPECT_EQ(Show(ReadAll("{\"a\":1}", Format::kAuto)), "a=d1\n");
}

TEST(JsonReader, EmptyArrayHasNoRecords) {
  EXPECT_EQ(ReadAll(" [ ] \n").error, "");
  EXPECT_TRUE(ReadAll("[]").records.empty());
}

TEST(JsonReader, ReadsLinesAndIgnoresBlankOnes) {
  const std::string lines = "\n{\"a\":1}\n \r\n\n{\"b\":2} \r\n{\"a\":{\"c\":3}}";
  EXPECT_EQ(Show(ReadAll(lines, Format::kNdjson)), "a=d1\nb=d2\na=j{\"c\":3}\n");
  EXPECT_EQ(ReadAll(lines, Format::kAuto), ReadAll(lines, Format::kNdjson));
}

TEST(JsonReader, ManyColumnsAreMetOneByOne) {
  const Reading reading = ReadAll("[{\"a\":1},{\"b\":2},{\"a\":3,\"b\":4}]");
  EXPECT_EQ(Show(reading), "a=d1\nb=d2\na=d3 b=d4\n");
}

struct Bad {
  const char* why;
  std::string text;
  Format format;
  std::string place;
  std::string what;
};

class JsonReaderRefuses : public ::testing::TestWithParam<Bad> {};

TEST_P(JsonReaderRefuses, WithPlaceAndReason) {
  const Bad& bad = GetParam();
  const Reading reading = ReadAll(bad.text, bad.format);
  EXPECT_THAT(reading.error, StartsWith(bad.place)) << bad.why;
  EXPECT_THAT(reading.error, HasSubstr(bad.what)) << bad.why;
}

std::string Nested(int depth) {
  return "[{\"a\":" + std::string(static_cast<std::size_t>(depth), '[') +
         std::string(static_cast<std::size_t>(depth), ']') + "}]";
}

std::string ManyKeys() {
  std::string text = "[{";
  for (int i = 0; i <= 1600; ++i) {
    text += (i > 0 ? ",\"k" : "\"k") + std::to_string(i) + "\":1";
  }
  return text + "}]";
}

const std::string kOf = " of key s in ConfigMap c): ";

INSTANTIATE_TEST_SUITE_P(
    Syntax, JsonReaderRefuses,
    ::testing::Values(
        Bad{"a scalar in the array", "[{\"a\":1}, 7]", Format::kAuto,
            "Record 2 of dataset songs (byte 10" + kOf, "found \"7\" where an object is expected"},
        Bad{"null in the array", "[null]", Format::kAuto, "Record 1 of dataset songs (byte 1" + kOf,
            "where an object"},
        Bad{"a trailing comma", "[{\"a\":1},]", Format::kAuto,
            "Record 2 of dataset songs (byte 9" + kOf, "found \"]\""},
        Bad{"no comma", "[{\"a\":1} {\"a\":2}]", Format::kAuto, "Dataset songs (byte 9" + kOf,
            "\",\" or \"]\" is expected"},
        Bad{"more after the array", "[{\"a\":1}] x", Format::kAuto, "Dataset songs (byte 10" + kOf,
            "after the end of the array"},
        Bad{"an empty object", "[{\"a\":1},{}]", Format::kAuto,
            "Record 2 of dataset songs (byte 10" + kOf, "the object is empty"},
        Bad{"a trailing comma in an object", "[{\"a\":1,}]", Format::kAuto,
            "Record 1 of dataset songs (byte 8" + kOf, "a key is expected"},
        Bad{"a key without quotes", "[{a:1}]", Format::kAuto,
            "Record 1 of dataset songs (byte 2" + kOf, "a key or \"}\" is expected"},
        Bad{"no colon", "[{\"a\" 1}]", Format::kAuto,
            "Column \"a\" of dataset songs, record 1 (byte 6" + kOf, "\":\" is expected"},
        Bad{"a key twice", "[{\"a\":1,\"b\":2,\"a\":3}]", Format::kAuto,
            "Column \"a\" of dataset songs, record 1", "the key occurs twice"},
        Bad{"a nested key twice", "[{\"n\":{\"a\":1,\"\\u0061\":2}}]", Format::kAuto,
            "Column \"n\" of dataset songs, record 1 (byte 13" + kOf,
            "key \"a\" occurs twice in one object"},
        Bad{"a nested trailing comma", "[{\"n\":[1,]}]", Format::kAuto,
            "Column \"n\" of dataset songs, record 1 (byte 9" + kOf, "a value is expected"},
        Bad{"a nested object with a bad key", "[{\"n\":{1:2}}]", Format::kAuto,
            "Column \"n\" of dataset songs, record 1 (byte 7" + kOf, "a key or \"}\" is expected"},
        Bad{"too deep", Nested(128), Format::kAuto, "Column \"a\" of dataset songs, record 1",
            "nested deeper than 128 levels"},
        Bad{"too many keys", ManyKeys(), Format::kAuto, "Record 1 of dataset songs",
            "more than 1600 different keys"},
        Bad{"a record that is too long", "[{\"a\":\"" + std::string((16 << 20) + 10, 'x') + "\"}]",
            Format::kAuto, "Column \"a\" of dataset songs, record 1 (byte 1" + kOf,
            "longer than 16 MiB"},
        Bad{"a number that is too long", "[{\"a\":" + std::string((16 << 20) + 10, '1') + "}]",
            Format::kAuto, "Column \"a\" of dataset songs, record 1 (byte 1" + kOf,
            "longer than 16 MiB"}));

INSTANTIATE_TEST_SUITE_P(
    Values, JsonReaderRefuses,
    ::testing::Values(
        Bad{"a leading zero", "[{\"a\":01}]", Format::kAuto,
            "Column \"a\" of dataset songs, record 1 (byte 7" + kOf, "begins with 0"},
        Bad{"a plus sign", "[{\"a\":+1}]", Format::kAuto,
            "Column \"a\" of dataset songs, record 1 (byte 6" + kOf, "a value is expected"},
        Bad{"no digit after the point", "[{\"a\":1.}]", Format::kAuto,
            "Column \"a\" of dataset songs, record 1 (byte 8" + kOf, "a digit is expected"},
        Bad{"no digit after the exponent", "[{\"a\":1e+}]", Format::kAuto,
            "Column \"a\" of dataset songs, record 1 (byte 9" + kOf, "a digit is expected"},
        Bad{"NaN", "[{\"a\":NaN}]", Format::kAuto,
            "Column \"a\" of dataset songs, record 1 (byte 6" + kOf, "a value is expected"},
        Bad{"half a word", "[{\"a\":nul}]", Format::kAuto,
            "Column \"a\" of dataset songs, record 1 (byte 9" + kOf, "\"null\" is expected"},
        Bad{"a word that goes on", "[{\"a\":truest}]", Format::kAuto,
            "Record 1 of dataset songs (byte 10" + kOf, "\",\" is expected"},
        Bad{"an unknown escape", "[{\"a\":\"\\x\"}]", Format::kAuto,
            "Column \"a\" of dataset songs, record 1 (byte 8" + kOf, "an escape"},
        Bad{"a bad hexadecimal digit", "[{\"a\":\"\\u00g0\"}]", Format::kAuto,
            "Column \"a\" of dataset songs, record 1 (byte 11" + kOf, "hexadecimal"},
        Bad{"an escaped NUL", "[{\"a\":\"x\\u0000\"}]", Format::kAuto,
            "Column \"a\" of dataset songs, record 1 (byte 8" + kOf, "\\u0000 (NUL)"},
        Bad{"a nested escaped NUL", "[{\"a\":{\"b\":\"\\u0000\"}}]", Format::kAuto,
            "Column \"a\" of dataset songs, record 1 (byte 12" + kOf, "\\u0000 (NUL)"},
        Bad{"a raw NUL", std::string("[{\"a\":\"x\0\"}]", 12), Format::kAuto,
            "Column \"a\" of dataset songs, record 1 (byte 8" + kOf, "a NUL byte"},
        Bad{"a raw line feed", "[{\"a\":\"x\ny\"}]", Format::kAuto,
            "Column \"a\" of dataset songs, record 1 (byte 8" + kOf, "control byte"},
        Bad{"a low surrogate alone", "[{\"a\":\"\\udc00\"}]", Format::kAuto,
            "Column \"a\" of dataset songs, record 1 (byte 7" + kOf, "surrogate"},
        Bad{"a high surrogate alone", "[{\"a\":\"\\ud800x\"}]", Format::kAuto,
            "Column \"a\" of dataset songs, record 1 (byte 7" + kOf, "surrogate"},
        Bad{"two high surrogates", "[{\"a\":\"\\ud800\\ud800\"}]", Format::kAuto,
            "Column \"a\" of dataset songs, record 1 (byte 7" + kOf, "surrogate"},
        Bad{"Latin-1", "[{\"a\":\"caf\xE9\"}]", Format::kAuto,
            "Column \"a\" of dataset songs, record 1 (byte 10" + kOf, "not valid UTF-8"},
        Bad{"an overlong slash", "[{\"a\":\"\xC0\xAF\"}]", Format::kAuto,
            "Column \"a\" of dataset songs, record 1 (byte 7" + kOf, "not valid UTF-8"},
        Bad{"an encoded surrogate", "[{\"a\":\"\xED\xA0\x80\"}]", Format::kAuto,
            "Column \"a\" of dataset songs, record 1 (byte 7" + kOf, "not valid UTF-8"},
        Bad{"bad UTF-8 in a key", "[{\"\xFF\":1}]", Format::kAuto,
            "Record 1 of dataset songs (byte 3" + kOf, "not valid UTF-8"}));

INSTANTIATE_TEST_SUITE_P(
    Lines, JsonReaderRefuses,
    ::testing::Values(Bad{"an object over two lines", "{\"a\":1}\n{\"a\":\n2}", Format::kNdjson,
                          "Column \"a\" of dataset songs, record 2 (byte 13" + kOf,
                          "the line ends inside the record"},
                      Bad{"the same, found out", "{\"a\":1}\n{\"a\":\n2}", Format::kAuto,
                          "Column \"a\" of dataset songs, record 2 (byte 13" + kOf,
                          "the line ends inside the record"},
                      Bad{"two objects in a line", "{\"a\":1}{\"a\":2}", Format::kNdjson,
                          "Record 1 of dataset songs (byte 7" + kOf,
                          "more in the line after the object"},
                      Bad{"the same, found out", "{\"a\":1} {\"a\":2}", Format::kAuto,
                          "Dataset songs (byte 8" + kOf, "more in the line after the object"},
                      Bad{"a line with an array", "{\"a\":1}\n[1]", Format::kNdjson,
                          "Record 2 of dataset songs (byte 8" + kOf, "where an object is expected"},
                      Bad{"a line that is cut", "{\"a\":1}\n{\"a\":", Format::kNdjson,
                          "Column \"a\" of dataset songs, record 2 (byte 13" + kOf, "is cut"},
                      Bad{"two objects as JSON", "{\"a\":1}\n{\"a\":2}", Format::kJson,
                          "Dataset songs (byte 8" + kOf, "set format: NDJSON"},
                      Bad{"a second object after one of many lines", "{\"a\":\n1}\n{\"a\":2}",
                          Format::kAuto, "Dataset songs (byte 9" + kOf, "set format: NDJSON"}));

TEST(JsonReader, PassesTheStreamsOwnErrorOn) {
  class Failing final : public ByteStream {
   public:
    Result<std::string_view> Next() override {
      return first_ ? (first_ = false, Result<std::string_view>(std::string_view("[{\"a\":\"x")))
                    : Error{.code = ErrorCode::kUnavailable, .message = "disk"};
    }

   private:
    bool first_ = true;
  };
  auto reader = RecordReader::Open(std::make_unique<Failing>(), Format::kAuto,
                                   {.dataset = "d", .source = ""});
  ASSERT_TRUE(reader);

  const auto record = (*reader)->Next();

  ASSERT_FALSE(record);
  EXPECT_EQ(record.error(), (Error{.code = ErrorCode::kUnavailable, .message = "disk"}));
}

TEST(JsonReader, DepthWithinTheBoundIsFine) { EXPECT_EQ(ReadAll(Nested(127)).error, ""); }

}  // namespace
}  // namespace tenantry::load
