#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/read/json_reading.h"

namespace tenantry::load {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::SizeIs;

std::string Repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) {
    all += text;
  }
  return all;
}

TEST(JsonBatchReader, CutsTheSameBatchesHoweverTheBytesArrive) {
  std::string lines;
  std::string array = "[";
  for (int i = 0; i < 5'000; ++i) {
    const std::string record = "{\"id\": " + std::to_string(i) + ",\"name\":\"" +
                               std::string(static_cast<std::size_t>(i % 397), 'x') + "\"}";
    lines += record + "\n";
    array += record + (i < 4'999 ? ",\n" : "]");
  }
  for (const std::string& text : {lines, array}) {
    const JsonReading whole = ReadJson(text, {.piece = text.size()});
    EXPECT_THAT(whole.records, SizeIs(5'000));
    EXPECT_THAT(whole.flaws, IsEmpty());
    EXPECT_GT(whole.batches.size(), 2U);
    EXPECT_EQ(whole.places.back().substr(0, 10), "line 5000 ");
    EXPECT_EQ(ReadJson(text, {.piece = 1}), whole);
    EXPECT_EQ(ReadJson(text, {.piece = 4'099, .taken = 1 << 20}), whole);
    EXPECT_EQ(ReadJson(text, {.piece = 65'536, .taken = 1'000}), whole);
  }
}

TEST(JsonBatchReader, ReadsARecordThatIsLongerThanABatch) {
  const std::string text(3 << 20, 'x');
  const JsonReading reading =
      ReadJson("{\"a\":1}\n{\"a\":\"" + text + "\"}\n{\"a\":3}\n", {.piece = 10'000});
  EXPECT_THAT(reading.records, ElementsAre("{a=1}", "{a=\"" + text + "\"}", "{a=3}"));
}

TEST(JsonBatchReader, RejectsARecordThatIsTooLongAndReadsTheNext) {
  const std::string longer = "{\"a\":\"" + Repeated("]},\\\"\\\\ ", 200'000) + "\"}";
  const std::string flaw = "the record is longer than 100000 bytes. Split it.";
  for (const std::string& text :
       {"[{\"a\":1}," + longer + ",{\"a\":3}]", "{\"a\":1}\n" + longer + "\n{\"a\":3}\n",
        "{\"a\":1} {\"a\":2} " + longer + "{\"a\":3}"}) {
    JsonSource source = UpTo(100'000);
    const JsonReading reading = ReadJson(text, source);
    ASSERT_THAT(reading.flaws, ElementsAre(HasSubstr(flaw)));
    EXPECT_EQ(reading.records.front(), "{a=1}");
    EXPECT_EQ(reading.records.back(), "{a=3}");
    EXPECT_THAT(reading.texts, Each(testing::SizeIs(Le(4096U))));
    EXPECT_EQ(reading.error, "");
    source.piece = 777;
    EXPECT_EQ(ReadJson(text, source), reading);
  }
}

TEST(JsonBatchReader, LetsARecordThroughThatIsJustShortEnough) {
  EXPECT_THAT(ReadJson("[{\"a\":12}]", UpTo(8)).records, ElementsAre("{a=12}"));
  EXPECT_THAT(ReadJson("[{\"a\":12}]", UpTo(7)).records, ElementsAre("rejected"));
}

TEST(JsonBatchReader, EndsWithAnErrorWhenARecordThatIsTooLongDoesNotEnd) {
  const std::string text = "[{\"a\":1},{\"a\":\"" + std::string(1 << 20, 'x');
  const JsonReading reading = ReadJson(text, UpTo(1'000));
  EXPECT_THAT(reading.records, ElementsAre("{a=1}", "rejected"));
  EXPECT_THAT(reading.error, HasSubstr("the data ends inside the record before: it is cut."));
}

TEST(JsonBatchReader, BoundsTheDepth) {
  const auto nested = [](std::size_t depth) {
    return "[{\"a\":" + std::string(depth, '[') + std::string(depth, ']') + "},{\"a\":1}]";
  };
  EXPECT_THAT(ReadJson(nested(127)).flaws, IsEmpty());
  for (const std::size_t depth : {128, 5'000, 300'000}) {
    const JsonReading reading = ReadJson(nested(depth));
    EXPECT_THAT(reading.flaws, ElementsAre(HasSubstr("it is nested deeper than 128 levels.")));
    EXPECT_EQ(reading.records.back(), "{a=1}");
  }
  EXPECT_THAT(ReadJson("{\"m\":" + nested(500) + ",\"rows\":[{}]}", AtPath("/rows")).error,
              HasSubstr("it is nested deeper than 128 levels."));
}

TEST(JsonBatchReader, BoundsTheColumns) {
  std::string wide;
  for (int i = 0; i < 1600; ++i) {
    wide += (i == 0 ? "{\"k" : ",\"k") + std::to_string(i) + "\":0";
  }
  const JsonReading reading =
      ReadJson("[{\"more\":1}," + wide + "},{\"k0\":1},{\"more\":2,\"k1\":3}]");
  EXPECT_THAT(reading.records, ElementsAre("{more=1}", "rejected", "{k0=1}", "{more=2 k1=3}"));
  EXPECT_THAT(
      reading.flaws,
      ElementsAre(HasSubstr("key \"k1599\" would be column 1601, and a table holds 1600.")));
  EXPECT_THAT(reading.columns, ElementsAre("more", "k0", "k1"));
  const JsonReading array = ReadJson("[[1],[" + Repeated("0,", 1600) + "0]]");
  EXPECT_THAT(array.records, ElementsAre("{column_1=1}", "rejected"));
  EXPECT_THAT(ReadJson("{\"" + std::string(2000, 'k') + "\":1}\n{}\n").flaws,
              ElementsAre(HasSubstr("a key is longer than 1024 bytes.")));
}

TEST(JsonBatchReader, BoundsTheFieldsOfABatch) {
  std::string text;
  for (int i = 0; i < 1600; ++i) {
    text += (i == 0 ? "{\"k" : ",\"k") + std::to_string(i) + "\":0";
  }
  text += "}\n" + Repeated("{}\n", 300);
  const JsonReading reading = ReadJson(text);
  EXPECT_THAT(reading.records, SizeIs(301));
  EXPECT_THAT(reading.batches, Each(Le(100U)));
}

TEST(JsonBatchReader, BoundsTheFlawsOfABatch) {
  const JsonReading reading = ReadJson(Repeated("x\n", 6'000) + "{}\n");
  EXPECT_THAT(reading.flaws, SizeIs(6'000));
  EXPECT_THAT(reading.batches, Each(Le(4096U)));
}

TEST(JsonBatchReader, PassesOverLongDocumentsAroundTheRecords) {
  const std::string other = "[" + Repeated("{\"x\": [1, \"two\", null]},\n", 12'000) + "0]";
  const std::string text =
      "{\"before\":" + other + ",\"rows\":[{\"a\":1},{\"a\":2}],\"behind\":" + other + "}";
  const JsonReading reading = ReadJson(text, AtPath("/rows"));
  EXPECT_THAT(reading.records, ElementsAre("{a=1}", "{a=2}"));
  EXPECT_EQ(reading.places.front().substr(0, 11), "line 12001 ");
  EXPECT_EQ(reading.error, "");
}

TEST(JsonBatchReader, RefusesAnEnvelopeThatTurnsOutToHoldTwoArraysOfObjects) {
  const std::string row = "{\"a\":\"" + std::string(1'000, 'x') + "\"}";
  const std::string rows = "[" + Repeated(row + ",", 2'000) + row + "]";
  const JsonReading reading = ReadJson("{\"users\":" + rows + ",\"orders\":[ {\"b\":1}]}");
  EXPECT_EQ(reading.shape, "array at /users");
  EXPECT_THAT(reading.records, SizeIs(2'001));
  EXPECT_THAT(reading.error, HasSubstr("\"/users\" and \"/orders\" are both arrays of objects."));
}

}  // namespace
}  // namespace tenantry::load
