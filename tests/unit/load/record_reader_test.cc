#include "agent/load/record_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/load/reading.h"

namespace tenantry::load {
namespace {

using api::Format;
using ::testing::HasSubstr;

TEST(OpenRecordReader, TellsTheFormatByItsFirstByte) {
  EXPECT_EQ(Show(ReadAll("\n  [{\"a\":1}]")), "a=d1\n");
  EXPECT_EQ(Show(ReadAll("\t{\"a\":1}\n{\"a\":2}")), "a=d1\na=d2\n");
  EXPECT_EQ(Show(ReadAll("a\n1")), "a=u1\n");
  EXPECT_EQ(Show(ReadAll("\"a\"\n1")), "a=u1\n");
}

TEST(OpenRecordReader, EmptySourceIsAnErrorInEveryFormat) {
  for (const Format format : {Format::kAuto, Format::kJson, Format::kNdjson, Format::kCsv}) {
    for (const char* text : {"", " \n\t\r\n", "\xEF\xBB\xBF", "\xEF\xBB\xBF\n"}) {
      EXPECT_EQ(ReadAll(text, format).error,
                "Dataset songs (key s in ConfigMap c): it is empty. Give it records, or [] for "
                "none.");
    }
  }
}

TEST(OpenRecordReader, WrongFormatIsNamed) {
  EXPECT_THAT(ReadAll("a,b\n1,2\n", Format::kJson).error,
              HasSubstr("(byte 0 of key s in ConfigMap c): it begins with \"a\", and JSON with"));
  EXPECT_THAT(ReadAll("[{\"a\":1}]", Format::kNdjson).error, HasSubstr("and NDJSON with \"{\""));
  EXPECT_THAT(ReadAll("[{\"a\":1}]", Format::kCsv).error, HasSubstr("it looks like JSON"));
  EXPECT_THAT(ReadAll("{\"a\":1}", Format::kCsv).error, HasSubstr("it looks like JSON"));
  EXPECT_THAT(ReadAll("17", Format::kJson).error, HasSubstr("it begins with \"1\""));
}

TEST(OpenRecordReader, Utf16IsNamed) {
  EXPECT_THAT(ReadAll(std::string("\xFF\xFE[\0", 4)).error, HasSubstr("the bytes are UTF-16"));
  EXPECT_THAT(ReadAll(std::string("\xFE\xFF\0[", 4)).error, HasSubstr("the bytes are UTF-16"));
}

TEST(OpenRecordReader, FullWidthLettersAreNoByteOrderMark) {
  EXPECT_EQ(Show(ReadAll("\xEF\xBC\xA1\n1")), "\xEF\xBC\xA1=u1\n");
}

TEST(OpenRecordReader, EndlessBlanksAreNotLookedThrough) {
  EXPECT_EQ(ReadAll(std::string(100'000, ' ')).columns.size(), 1U);
}

}  // namespace
}  // namespace tenantry::load
