#include "agent/load/read/batch_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/read/csv_reading.h"

namespace tenantry::load {
namespace {

using namespace std::string_literals;
using testing::ElementsAre;
using testing::IsEmpty;

// The files of csv-spectrum (https://github.com/maxogden/csv-spectrum, BSD-2-Clause).
struct SpectrumCase {
  const char* name;
  std::string text;
  std::vector<std::string> columns;
  std::vector<std::string> rows;
};
const SpectrumCase kSpectrum[] = {
    {"comma_in_quotes",
     "first,last,address,city,zip\nJohn,Doe,120 any st.,\"Anytown, WW\",08123",
     {"first", "last", "address", "city", "zip"},
     {"John|Doe|120 any st.|Anytown, WW|08123"}},
    {"empty", "a,b,c\n1,\"\",\"\"\n2,3,4", {"a", "b", "c"}, {"1||", "2|3|4"}},
    {"empty_crlf", "a,b,c\r\n1,\"\",\"\"\r\n2,3,4", {"a", "b", "c"}, {"1||", "2|3|4"}},
    {"escaped_quotes", "a,b\n1,\"ha \"\"ha\"\" ha\"\n3,4\n", {"a", "b"}, {"1|ha \"ha\" ha", "3|4"}},
    {"json",
     "key,val\n1,\"{\"\"type\"\": \"\"Point\"\", \"\"coordinates\"\": [102.0, 0.5]}\"\n",
     {"key", "val"},
     {"1|{\"type\": \"Point\", \"coordinates\": [102.0, 0.5]}"}},
    {"location_coordinates",
     "Contact Phone Number,Location "
     "Coordinates,Cities,Counties\n2095257564,37\357\277\27536'37.8\"N "
     "121\357\277\2752'17.9\"W,Modesto,Stanislaus",
     {"Contact Phone Number", "Location Coordinates", "Cities", "Counties"},
     {"2095257564|37\357\277\27536'37.8\"N 121\357\277\2752'17.9\"W|Modesto|Stanislaus"}},
    {"newlines",
     "a,b,c\n1,2,3\n\"Once upon \na time\",5,6\n7,8,9\n",
     {"a", "b", "c"},
     {"1|2|3", "Once upon \na time|5|6", "7|8|9"}},
    {"newlines_crlf",
     "a,b,c\r\n1,2,3\r\n\"Once upon \r\na time\",5,6\r\n7,8,9\r\n",
     {"a", "b", "c"},
     {"1|2|3", "Once upon \r\na time|5|6", "7|8|9"}},
    {"quotes_and_newlines",
     "a,b\n1,\"ha \n\"\"ha\"\" \nha\"\n3,4\n",
     {"a", "b"},
     {"1|ha \n\"ha\" \nha", "3|4"}},
    {"simple", "a,b,c\n1,2,3\n", {"a", "b", "c"}, {"1|2|3"}},
    {"simple_crlf", "a,b,c\r\n1,2,3\r\n", {"a", "b", "c"}, {"1|2|3"}},
    {"utf8", "a,b,c\n1,2,3\n4,5,\312\244", {"a", "b", "c"}, {"1|2|3", "4|5|\312\244"}},
};

TEST(BatchReader, ReadsTheFilesOfCsvSpectrum) {
  for (const SpectrumCase& test : kSpectrum) {
    for (const std::size_t piece : {1, 7, 65536}) {
      const CsvReading reading = ReadCsv(test.text, ReadOptions{}, piece);
      EXPECT_EQ(test.columns, reading.columns) << test.name;
      EXPECT_EQ(test.rows, reading.rows) << test.name;
      EXPECT_THAT(reading.flaws, IsEmpty()) << test.name;
    }
  }
}

TEST(BatchReader, FindsTheFormat) {
  struct Case {
    std::string text;
    api::Format asked;
    api::Format found;
  };
  const Case cases[] = {
      {"a,b\n1,2\n", api::Format::kAuto, api::Format::kCsv},
      {"", api::Format::kAuto, api::Format::kCsv},
      {" \n [{\"a\": 1}]", api::Format::kAuto, api::Format::kJson},
      {"{\"a\": 1}\n{\"a\": 2}\n", api::Format::kAuto, api::Format::kNdjson},
      {"[x],y\n1,2\n", api::Format::kCsv, api::Format::kCsv},
  };
  for (const Case& test : cases) {
    const CsvReading reading = ReadCsv(test.text, {.format = test.asked}, 7);
    EXPECT_EQ(test.found, reading.finding.format) << test.text;
    EXPECT_EQ("", reading.error) << test.text;
  }
}

TEST(BatchReader, SaysWhatTheSourceIs) {
  const CsvReading reading =
      ReadCsv("\xFF\xFE"s + "a\0;\0b\0\n\0001\0;\0002\0\n\0"s, ReadOptions{});
  EXPECT_EQ(Encoding::kUtf16Le, reading.finding.encoding);
  EXPECT_EQ(Compression::kNone, reading.finding.compression);
  EXPECT_EQ(";", reading.finding.csv->delimiter);
  EXPECT_THAT(reading.rows, ElementsAre("1|2"));
}

TEST(BatchReader, ReturnsTheErrorOfAStreamWithoutBytes) {
  const Error error{.code = ErrorCode::kUnavailable, .message = "connection refused"};
  EXPECT_EQ("connection refused", ReadCsv("", ReadOptions{}, 7, error).error);
}

}  // namespace
}  // namespace tenantry::load
