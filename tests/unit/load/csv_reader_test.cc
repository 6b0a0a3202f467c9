#include "agent/load/csv_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/load/reading.h"

namespace tenantry::load {
namespace {

using api::Format;
using ::testing::HasSubstr;
using ::testing::StartsWith;

Reading ReadCsv(const std::string& text, std::size_t piece = 1 << 16) {
  return ReadAll(text, Format::kCsv, piece);
}

// The cases of https://github.com/maxogden/csv-spectrum, with its meaning of each.
struct Good {
  const char* name;
  std::string text;
  std::string shown;
};

const Good kGood[] = {
    {"comma in quotes", "first,last,address\nJohn,Doe,\"120 any st., apt 3\"\n",
     "first=uJohn last=uDoe address=u120 any st., apt 3\n"},
    {"empty", "a,b,c\n1,\"\",\"\"\n2,3,4\n", "a=u1 b=u c=u\na=u2 b=u3 c=u4\n"},
    {"empty without quotes", "a,b,c\n1,,\n", "a=u1 b=n c=n\n"},
    {"empty with CRLF", "a,b\r\n1,\"\"\r\n", "a=u1 b=u\n"},
    {"escaped quotes", "a,b\n1,\"ha \"\"ha\"\" ha\"\n", "a=u1 b=uha \"ha\" ha\n"},
    {"only quotes", "a\n\"\"\"\"\n", "a=u\"\n"},
    {"json", "key,val\n1,\"{\"\"type\"\": \"\"Point\"\", \"\"c\"\": [1, 2]}\"\n",
     "key=u1 val=u{\"type\": \"Point\", \"c\": [1, 2]}\n"},
    {"line ends in quotes", "a,b\n\"Once\nupon\",5\n\"x\r\ny\",7\n",
     "a=uOnce\nupon b=u5\na=ux\r\ny b=u7\n"},
    {"quotes and line ends", "a,b\n1,\"ha \n\"\"ha\"\" \nha\"\n", "a=u1 b=uha \n\"ha\" \nha\n"},
    {"simple", "a,b,c\n1,2,3\n", "a=u1 b=u2 c=u3\n"},
    {"simple with CRLF", "a,b\r\n1,2\r\n3,4", "a=u1 b=u2\na=u3 b=u4\n"},
    {"utf8", "a,b\n1,\xCA\xA4\n", "a=u1 b=u\xCA\xA4\n"},
    {"byte order mark",
     "\xEF\xBB\xBF"
     "a,b\n1,2\n",
     "a=u1 b=u2\n"},
    {"quoted header", "\"a,1\",\"b\"\"\"\nx,y\n", "a,1=ux b\"=uy\n"},
    {"blank lines", "\n\r\na\n\n1\n\r\n2\n\n", "a=u1\na=u2\n"},
    {"blanks belong to the value", "a,b\n x , y \n", "a=u x  b=u y \n"},
    {"header only", "a,b\n", ""},
    {"quoted last value at the end", "a\n\"1\"", "a=u1\n"},
};

TEST(CsvReader, ReadsTheSpectrum) {
  for (const Good& good : kGood) {
    EXPECT_EQ(Show(ReadCsv(good.text)), good.shown) << good.name;
  }
}

TEST(CsvReader, DoesNotSeeHowTheSourceIsCut) {
  for (const Good& good : kGood) {
    const Reading whole = ReadCsv(good.text);
    for (std::size_t piece = 1; piece <= good.text.size(); ++piece) {
      EXPECT_EQ(ReadCsv(good.text, piece), whole) << good.name << " by " << piece;
    }
  }
}

TEST(CsvReader, KnowsTheColumnsOfAHeaderWithoutRecords) {
  EXPECT_EQ(ReadCsv("a,b\n").columns, (std::vector<std::string>{"a", "b"}));
}

TEST(CsvReader, KnowsWhereRecordsAndValuesBegin) {
  const Reading reading = ReadCsv("a,b\r\n1,2\r\n\r\n\"3\",4\r\n");

  ASSERT_EQ(reading.records.size(), 2U);
  EXPECT_EQ(reading.records[1].number, 2);
  EXPECT_EQ(reading.records[1].byte, 12);
  EXPECT_EQ(reading.records[1].cells[1].value.byte, 16);
}

TEST(CsvReader, ACutInsideQuotesIsAnError) {
  const std::string sample = "a,b\n1,\"x\xE2\x82\xAC\"\"y\"\n";
  const std::size_t open = sample.find('"');
  for (std::size_t size = open + 1; size < sample.size() - 2; ++size) {
    if (sample.substr(0, size).ends_with("\"") && size > open + 1) {
      continue;  // looks closed
    }
    EXPECT_THAT(ReadCsv(sample.substr(0, size)).error,
                HasSubstr("the data ends inside a quoted value: it is cut"))
        << size;
  }
}

struct Bad {
  const char* why;
  std::string text;
  std::string place;
  std::string what;
};

class CsvReaderRefuses : public ::testing::TestWithParam<Bad> {};

TEST_P(CsvReaderRefuses, WithPlaceAndReason) {
  const Bad& bad = GetParam();
  const Reading reading = ReadCsv(bad.text);
  EXPECT_THAT(reading.error, StartsWith(bad.place)) << bad.why;
  EXPECT_THAT(reading.error, HasSubstr(bad.what)) << bad.why;
}

std::string ManyColumns() {
  std::string text = "c0";
  for (int i = 1; i <= 1600; ++i) {
    text += ",c" + std::to_string(i);
  }
  return text + "\n";
}

const std::string kOf = " of key s in ConfigMap c): ";

INSTANTIATE_TEST_SUITE_P(
    Rows, CsvReaderRefuses,
    ::testing::Values(
        Bad{"too few values", "a,b,c\n1,2,3\n1,2\n", "Record 2 of dataset songs (byte 12" + kOf,
            "it has 2 values, the header has 3 columns"},
        Bad{"too many values", "a,b\n1,2,3\n", "Record 1 of dataset songs (byte 4" + kOf,
            "it has 3 values, the header has 2 columns"},
        Bad{"a cut in the last line", "a,b\n1,2\n3", "Record 2 of dataset songs (byte 8" + kOf,
            "it has 1 values"},
        Bad{"a quote inside", "a,b\n1,x\"y\"\n",
            "Column \"b\" of dataset songs, record 1 (byte 7" + kOf, "inside an unquoted value"},
        Bad{"more after a quote", "a,b\n\"1\"x,2\n",
            "Column \"a\" of dataset songs, record 1 (byte 7" + kOf, "after the closing quote"},
        Bad{"a CR alone", "a,b\n1\r2\n", "Column \"a\" of dataset songs, record 1 (byte 5" + kOf,
            "a CR stands without LF"},
        Bad{"a column without a name", "a,,c\n", "Dataset songs (byte 2" + kOf, "has no name"},
        Bad{"a comma at the header's end", "a,b,\n", "Dataset songs (byte 4" + kOf, "has no name"},
        Bad{"a column twice", "a,b,a\n", "Dataset songs (byte 4" + kOf, "column \"a\" twice"},
        Bad{"too many columns", ManyColumns(), "Dataset songs (byte 0" + kOf,
            "more than 1600 values"},
        Bad{"a record that is too long", "a\n\"" + std::string((16 << 20) + 1, 'x') + "\"\n",
            "Column \"a\" of dataset songs, record 1 (byte 2" + kOf, "longer than 16 MiB"}));

INSTANTIATE_TEST_SUITE_P(
    Bytes, CsvReaderRefuses,
    ::testing::Values(
        Bad{"a NUL", std::string("a,b\n1,x\0\n", 9),
            "Column \"b\" of dataset songs, record 1 (byte 7" + kOf, "a NUL byte"},
        Bad{"a NUL in quotes", std::string("a,b\n1,\"x\0\"\n", 11),
            "Column \"b\" of dataset songs, record 1 (byte 8" + kOf, "a NUL byte"},
        Bad{"Latin-1", "a,b\n1,caf\xE9\n", "Column \"b\" of dataset songs, record 1 (byte 9" + kOf,
            "not valid UTF-8"},
        Bad{"Latin-1 before a comma", "a,b\ncaf\xE9,1\n",
            "Column \"a\" of dataset songs, record 1 (byte 7" + kOf, "not valid UTF-8"},
        Bad{"Latin-1 before a closing quote", "a,b\n1,\"caf\xE9\"\n",
            "Column \"b\" of dataset songs, record 1 (byte 10" + kOf, "not valid UTF-8"},
        Bad{"half a character before a quote", "a,b\n1,\xE2\x82\"\n",
            "Column \"b\" of dataset songs, record 1 (byte", "."},
        Bad{"half a character at the end", "a,b\n1,\xE2\x82",
            "Column \"b\" of dataset songs, record 1 (byte 6" + kOf, "UTF-8"},
        Bad{"bad UTF-8 in the header", "a,\xFF\n1,2\n", "Dataset songs (byte 2" + kOf,
            "not valid UTF-8"}));

}  // namespace
}  // namespace tenantry::load
