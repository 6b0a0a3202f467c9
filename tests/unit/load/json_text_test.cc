#include "agent/load/json_text.h"

#include <gtest/gtest.h>

#include "tests/unit/load/reading.h"

namespace tenantry::load {
namespace {

TEST(AppendJsonString, EscapesWhatJsonWantsEscaped) {
  std::string json = "x";
  AppendJsonString(json, "a\"b\\c\n\r\t\x01\x1F/\xE2\x82\xAC");
  EXPECT_EQ(json, "x\"a\\\"b\\\\c\\n\\r\\t\\u0001\\u001f/\xE2\x82\xAC\"");
}

TEST(ToJson, WritesARecordAsItWasRead) {
  const std::string text =
      "{\"a\":1.50,\"b\":\"x\\\"y\",\"c\":null,\"d\":true,\"e\":[1,{\"f\":null}]}";
  const Reading reading = ReadAll(text);
  ASSERT_EQ(reading.records.size(), 1U);
  EXPECT_EQ(ToJson(reading.records[0], reading.columns), text);
}

TEST(ToJson, ValuesOfCsvAreStrings) {
  const Reading reading = ReadAll("a,b,c\n1,,\"\"\n");
  ASSERT_EQ(reading.records.size(), 1U);
  EXPECT_EQ(ToJson(reading.records[0], reading.columns), "{\"a\":\"1\",\"b\":null,\"c\":\"\"}");
}

TEST(ToArrayLiteral, QuotesStringsAndKeepsTheRest) {
  EXPECT_EQ(ToArrayLiteral("[]", ArrayElements::kPlain), "{}");
  EXPECT_EQ(ToArrayLiteral("[1,-2.5e3,true,null]", ArrayElements::kPlain), "{1,-2.5e3,true,NULL}");
  EXPECT_EQ(ToArrayLiteral("[\"a\",\"NULL\",\"\",\"b,c}\"]", ArrayElements::kPlain),
            "{\"a\",\"NULL\",\"\",\"b,c}\"}");
  EXPECT_EQ(ToArrayLiteral("[\"q\\\"q\",\"b\\\\b\",\"l\\nl\"]", ArrayElements::kPlain),
            "{\"q\\\"q\",\"b\\\\b\",\"l\nl\"}");
  EXPECT_EQ(ToArrayLiteral("[[1,2],[3,4]]", ArrayElements::kPlain), "{{1,2},{3,4}}");
  EXPECT_EQ(ToArrayLiteral("[{\"a\":\"x\\\"]\"},2]", ArrayElements::kPlain),
            "{\"{\\\"a\\\":\\\"x\\\\\\\"]\\\"}\",2}");
}

TEST(ToArrayLiteral, ElementsOfJsonStayJson) {
  EXPECT_EQ(ToArrayLiteral("[1,\"a\",[1,2],null]", ArrayElements::kJson),
            "{\"1\",\"\\\"a\\\"\",\"[1,2]\",NULL}");
}

}  // namespace
}  // namespace tenantry::load
