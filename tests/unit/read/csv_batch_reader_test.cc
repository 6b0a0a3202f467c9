#include "agent/load/read/csv_batch_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/unit/read/csv_reading.h"

namespace tenantry::load {
namespace {

using namespace std::string_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using Words = std::vector<std::string>;

ReadOptions With(CsvHints hints, std::int64_t max_record_bytes = 16 << 20) {
  return {
      .format = api::Format::kCsv, .csv = std::move(hints), .max_record_bytes = max_record_bytes};
}

// Whatever the pieces are.
CsvReading ReadThreeTimes(const std::string& text, const ReadOptions& options) {
  const CsvReading reading = ReadCsv(text, options);
  for (const std::size_t piece : {1, 7}) {
    EXPECT_TRUE(reading.Equals(ReadCsv(text, options, piece))) << "pieces of " << piece;
  }
  return reading;
}

struct RowsCase {
  const char* name;
  std::string text;
  Words rows;
  CsvHints hints = {.delimiter = ",", .header = true};
};

const RowsCase kRows[] = {
    {"plain", "a,b\n1,2\n3,4\n", {"1|2", "3|4"}},
    {"no line end at the end", "a,b\n1,2\n3,4", {"1|2", "3|4"}},
    {"CRLF", "a,b\r\n1,2\r\n3,4\r\n", {"1|2", "3|4"}},
    {"CR", "a,b\r1,2\r3,4", {"1|2", "3|4"}},
    {"mixed line ends", "a,b\r1,2\n3,4\r\n5,6\n\r7,8", {"1|2", "3|4", "5|6", "7|8"}},
    {"blank lines", "\n\na,b\n\n1,2\n\r\n   \n3,4\n\n", {"1|2", "3|4"}},
    {"empty values", "a,b\n,\n,2\n1,\n\"\",\"\"\n", {"NULL|NULL", "NULL|2", "1|NULL", "|"}},
    {"empty last value at the end", "a,b\n1,", {"1|NULL"}},
    {"quoted", "a,b\n\"x,y\",\"p\nq\"\n\"r\r\ns\",2\n", {"x,y|p\nq", "r\r\ns|2"}},
    {"doubled quotes", "a,b\n\"x \"\"y\"\"\",\"\"\"\"\n\"\"\"\"\"\",1\n", {"x \"y\"|\"", "\"\"|1"}},
    {"quotes within a field", "a,b\n5\" pipe,x\"y\"\n", {"5\" pipe|x\"y\""}},
    {"stray quotes", "a,b\n\"a \"b\" c\",1\n\"say \"hi\", ok\",2\n", {"a \"b\" c|1", "rejected"}},
    {"blanks around quotes", "a,b\n \"x,y\" , \"z\"\n\"p\"  ,\t\"q\"\t\n", {"x,y|z", "p|q"}},
    {"blank before a quoted word", "a,b\n \"x\" y,1\n", {" \"x\" y|1"}},
    {"quote at the very end", "a,b\n1,\"x\"", {"1|x"}},
    {"long values",
     "a,b\n\"" + std::string(300, 'x') + "\"\"" + std::string(300, ',') + "\"," +
         std::string(200, 'y') + "\n",
     {std::string(300, 'x') + "\"" + std::string(300, ',') + "|" + std::string(200, 'y')}},
    {"UTF-8", "a,b\nñ,漢字\n\xF0\x9F\x98\x80,é\n", {"ñ|漢字", "\xF0\x9F\x98\x80|é"}},
    {"several characters",
     "a||b|c||d\n1||2|3||4\n||x||\n",
     {"1|2|3|4", "NULL|x|NULL"},
     {.delimiter = "||", .header = true}},
    {"several characters and quotes",
     "a::b\n\"x::y\"::z\n\"p\" ::q:\n",
     {"x::y|z", "p|q:"},
     {.delimiter = "::", .header = true}},
    {"a delimiter beyond ASCII", "a§b\n1§2\n", {"1|2"}, {.delimiter = "§", .header = true}},
    {"blanks as delimiters",
     "a b\n1 2\n\"x y\" z\n",
     {"1|2", "x y|z"},
     {.delimiter = " ", .header = true}},
    {"tabs as delimiters",
     "a\tb\n\"x\"\ty\n\t\n",
     {"x|y", "NULL|NULL"},
     {.delimiter = "\t", .header = true}},
    {"no quotes", "a,b\n\"x,y\"\n", {"\"x|y\""}, {.delimiter = ",", .quote = '\0', .header = true}},
    {"comments",
     "#one\na,b\n#two,three\n1,2\n#four",
     {"1|2"},
     {.delimiter = ",", .comment = '#', .header = true}},
    {"NULL texts",
     "a,b\nNA,\"NA\"\n\\N,x\n",
     {"NULL|NA", "NULL|x"},
     {.delimiter = ",", .header = true, .null_texts = {"NA", "\\N"}}},
    {"no header", "1,2\n3,4\n", {"1|2", "3|4"}, {.delimiter = ",", .header = false}},
    {"one column", "a\nx\n\ny\n\"\"\n", {"x", "y", ""}},
};

TEST(CsvBatchReader, ReadsRowsAsTheyAreMeant) {
  for (const RowsCase& test : kRows) {
    SCOPED_TRACE(test.name);
    const CsvReading reading = ReadThreeTimes(test.text, With(test.hints));
    if (std::string_view(test.name) != "stray quotes") {
      EXPECT_EQ(test.rows, reading.rows);
      EXPECT_THAT(reading.flaws, IsEmpty());
    }
    EXPECT_EQ("", reading.error);
  }
}

TEST(CsvBatchReader, ReadsBackslashesAsTheDialectHasThem) {
  const CsvReading reading =
      ReadThreeTimes("id,say\n1,\"a \\\"b\\\", c\"\n2,\"d \\\\\"\n3,e\\,f\n4,\"\\N\"\n5,\\N\n",
                     With({.null_texts = {"\\N"}}));
  EXPECT_THAT(reading.rows, ElementsAre("1|a \"b\", c", "2|d \\", "3|e,f", "4|N", "5|NULL"));
}

TEST(CsvBatchReader, MendsShortRows) {
  const CsvReading reading = ReadThreeTimes("a,b,c\n1,2\n3\n4,5,6\n", With({}));
  EXPECT_THAT(reading.rows, ElementsAre("1|2|NULL", "3|NULL|NULL", "4|5|6"));
  EXPECT_THAT(
      reading.flaws,
      ElementsAre("mended 1 byte 6: 2 fields instead of 3: the last column was taken as "
                  "empty",
                  "mended 2 byte 10: 1 field instead of 3: the last 2 columns were taken as "
                  "empty"));
}

TEST(CsvBatchReader, LeavesEmptyFieldsTooManyOutAndRejectsOthers) {
  const CsvReading reading =
      ReadThreeTimes("a,b\n1,2\n3,4,\n5,6,,\n7,8,9\n1,2,\"\"\n1,2\n", With({}));
  EXPECT_THAT(reading.rows, ElementsAre("1|2", "3|4", "5|6", "rejected", "1|2", "1|2"));
  EXPECT_THAT(reading.flaws,
              ElementsAre("mended 2 byte 8: 3 fields instead of 2: the last one is empty and was "
                          "left out",
                          "mended 3 byte 13: 4 fields instead of 2: the last 2 are empty and were "
                          "left out",
                          "rejected 4 byte 19: 3 fields instead of 2: put a value that holds the "
                          "delimiter in quotes",
                          "mended 5 byte 25: 3 fields instead of 2: the last one is empty and was "
                          "left out"));
}

TEST(CsvBatchReader, SaysNothingOfADelimiterThatEndsEachRow) {
  const CsvReading reading = ReadThreeTimes("1|a|2.5|\n2|b|3.5|\n3|c|4.5\n", With({}));
  EXPECT_THAT(reading.rows, ElementsAre("1|a|2.5", "2|b|3.5", "3|c|4.5"));
  EXPECT_THAT(reading.flaws, IsEmpty());
}

TEST(CsvBatchReader, RejectsWhatCannotBeStored) {
  const CsvReading reading = ReadThreeTimes(
      "id,a,b\n1,x\0y,z\n2,é,\xC3(\n3,é,é\n4,\"\xFF\",é\n5,x,\xED\xA0\x80\n\xC3\xA9\xC3,,\n"s,
      With({}));
  EXPECT_THAT(reading.rows,
              ElementsAre("rejected", "rejected", "3|é|é", "rejected", "rejected", "rejected"));
  EXPECT_THAT(
      reading.flaws,
      ElementsAre("rejected 1 byte 10 column a: a NUL byte, which PostgreSQL cannot store: remove "
                  "it",
                  "rejected 2 byte 20 column b: byte 0xC3 is not UTF-8: correct the encoding",
                  "rejected 4 byte 34 column a: byte 0xFF is not UTF-8: correct the encoding",
                  "rejected 5 byte 44 column b: byte 0xED is not UTF-8: correct the encoding",
                  "rejected 6 byte 50 column id: byte 0xC3 is not UTF-8: correct the encoding"));
}

TEST(CsvBatchReader, GoesOnAfterTheLineOfAQuoteThatIsNotClosed) {
  const CsvReading reading = ReadThreeTimes("a,b\n1,2\n\"x\ny\",\"zzz\n5,6\n7,8\n",
                                            With({.delimiter = ",", .quote = '"', .header = true}));
  EXPECT_THAT(reading.rows, ElementsAre("1|2", "rejected", "5|6", "7|8"));
  EXPECT_THAT(reading.texts, testing::Contains("\"x\ny\",\"zzz\n"));
  EXPECT_THAT(reading.flaws,
              ElementsAre("rejected 2 byte 14 column b: the quote that opens here is not closed: "
                          "close it, or double it if it belongs to the value"));
  EXPECT_EQ("record 3 line 5 byte 19", reading.places[2]);
}

TEST(CsvBatchReader, DoesNotLetAQuoteSwallowTheFile) {
  std::string text = "a,b\n1,2\n\"open,3\n";
  for (int i = 0; i < 20'000; ++i) {
    text += std::to_string(i) + ",x\n";
  }
  text += "4,\"ok\"\n";
  for (const std::int64_t limit : {64, 1000, 100'000}) {
    const CsvReading reading =
        ReadThreeTimes(text, With({.delimiter = ",", .quote = '"', .header = true}, limit));
    EXPECT_THAT(reading.rows, SizeIs(20'003));
    EXPECT_THAT(reading.flaws, SizeIs(1));
    EXPECT_EQ("0|x", reading.rows[2]);
    EXPECT_EQ("4|ok", reading.rows.back());
  }
}

TEST(CsvBatchReader, ReadsLinesWithAnOpenQuoteEachInTime) {
  std::string text = "a,b\n";
  for (int i = 0; i < 100'000; ++i) {
    text += "\"x" + std::to_string(i) + ",1\n";
  }
  const CsvReading reading = ReadCsv(text, With({.delimiter = ",", .quote = '"', .header = true}));
  EXPECT_THAT(reading.rows, SizeIs(100'000));
  EXPECT_THAT(reading.flaws, SizeIs(100'000));
}

TEST(CsvBatchReader, RejectsALineThatIsTooLongAndKeepsItsBeginning) {
  const std::string line = std::string(3 << 20, 'x') + ",5\r\n";
  const CsvReading reading = ReadCsv("a,b\n1,2\n" + line + "3,4\n", With({}, 1 << 20));
  EXPECT_THAT(reading.rows, ElementsAre("1|2", "rejected", "3|4"));
  EXPECT_THAT(reading.flaws, ElementsAre("rejected 2 byte 8: is longer than 1Mi: shorten it, or "
                                         "raise the limit of a record"));
  EXPECT_EQ(kKeptOfLongLine, reading.texts[1].size());
  EXPECT_EQ("record 3 line 4 byte " + std::to_string(8 + line.size()), reading.places[2]);
}

TEST(CsvBatchReader, CutsAtTheSameLengthWhateverThePieces) {
  for (std::size_t size = 60; size < 70; ++size) {
    const std::string value(size, 'x');
    const std::string text = "a,b\n1," + value + "\r\n2,\"" + value + "\"\r\n3,4\r\n";
    const CsvReading reading = ReadThreeTimes(text, With({.delimiter = ",", .header = true}, 66));
    EXPECT_EQ(size > 64, reading.rows[0] == "rejected") << size;
    EXPECT_EQ(size > 62, reading.rows[1] == "rejected") << size;
    EXPECT_EQ("3|4", reading.rows.back());
  }
}

TEST(CsvBatchReader, TakesLinesAfterTheTableAsNotes) {
  const char* const notes[] = {"Source: Census Bureau\n", "\nprepared by Ann\n", "(2 rows)",
                               "\n\n* estimated\nSee the annex for more.\n", "Total\n"};
  for (const char* note : notes) {
    const CsvReading reading =
        ReadThreeTimes("id,name\n1,Ann\n2,Bob\n" + std::string(note), With({}));
    EXPECT_THAT(reading.rows, ElementsAre("1|Ann", "2|Bob")) << note;
    ASSERT_THAT(reading.flaws, SizeIs(1));
    EXPECT_THAT(reading.flaws[0], testing::StartsWith("mended 2 byte 14: after this row "));
  }
}

TEST(CsvBatchReader, TakesShortRowsAsRows) {
  // More rows follow, or it looks like the first column.
  const char* const texts[] = {"id,name\n1,Ann\nSource: x\n2,Bob\n", "id,name\n1,Ann\n2,Bob\n3",
                               "name,city\nAnn,Rome\nBob,Paris\nEve\n"};
  for (const char* text : texts) {
    const CsvReading reading = ReadThreeTimes(text, With({}));
    EXPECT_THAT(reading.rows, SizeIs(3)) << text;
    EXPECT_THAT(reading.flaws, SizeIs(1));
  }
}

TEST(CsvBatchReader, FindsNotesRightAfterABatch) {
  std::string text = "id,name\n";
  while (text.size() < kBatchBytes + 8) {
    text += "1000000,Annabell\n";
  }
  const CsvReading reading = ReadThreeTimes(text + "Source: Ann\n", With({}));
  EXPECT_THAT(reading.batches, SizeIs(1));
  EXPECT_THAT(reading.flaws, SizeIs(1));
}

TEST(CsvBatchReader, CutsBatchesAtTheFirstRecordThatEndsBehindTheirSize) {
  std::string text = "id,name\n";
  for (int i = 0; i < 60'000; ++i) {
    text += std::to_string(i) + (i % 3 == 0 ? ",\"a \"\"b\"\"\"\n" : ",plain\r\n");
  }
  const CsvReading reading = ReadThreeTimes(text, With({}));
  EXPECT_THAT(reading.rows, SizeIs(60'000));
  EXPECT_EQ("59999|plain", reading.rows.back());
  EXPECT_THAT(reading.batches, SizeIs(4));
  EXPECT_EQ("record 60000 line 60001 byte " + std::to_string(text.size() - 13),
            reading.places.back());
}

TEST(CsvBatchReader, CountsLinesInsideOfRecordsAndBetweenThem) {
  const CsvReading reading = ReadThreeTimes(
      "title\n\nid,name\n1,\"a\r\nb\nc\rd\"\n#x\n\n2,y\n3,z\n", With({.comment = '#'}));
  EXPECT_THAT(reading.places, ElementsAre("record 1 line 4 byte 15", "record 2 line 10 byte 32",
                                          "record 3 line 11 byte 36"));
}

TEST(CsvBatchReader, KeepsBatchesSmallWhenRowsAreShorterThanTheirColumns) {
  std::string text = "c0";
  for (int i = 1; i < 1500; ++i) {
    text += ",c" + std::to_string(i);
  }
  text += "\n";
  for (int i = 0; i < 1000; ++i) {
    text += "1\n";
  }
  text += "1,2\n";
  const CsvReading reading = ReadCsv(text, With({.delimiter = ",", .header = true}));
  EXPECT_THAT(reading.rows, SizeIs(1001));
  EXPECT_THAT(reading.batches, SizeIs(6));
}

TEST(CsvBatchReader, RefusesMoreColumnsThanAnyTableHas) {
  const CsvReading reading = ReadCsv(std::string(kMaxCsvColumns, ',') + "\n", With({}));
  EXPECT_EQ(
      "Dataset albums (file albums.csv): has 16385 columns of delimiter \",\"; at most 16384 "
      "can be read",
      reading.error);
}

TEST(CsvBatchReader, GivesWholeRowsBeforeTheStreamsError) {
  const Error error{.code = ErrorCode::kUnavailable, .message = "connection lost"};
  const CsvReading reading = ReadCsv("a,b\n1,2\n3,4\n5,", With({}), 3, error);
  EXPECT_THAT(reading.rows, ElementsAre("1|2", "3|4"));
  EXPECT_EQ("connection lost", reading.error);
}

TEST(CsvBatchReader, ReadsNothingFromNothing) {
  for (const char* text : {"", "\n\n", "\xEF\xBB\xBF", "a,b\n", "a,b", "#x\n"}) {
    const CsvReading reading = ReadThreeTimes(text, With({}));
    EXPECT_THAT(reading.batches, testing::Each(1u));
    EXPECT_EQ("", reading.error);
  }
  EXPECT_THAT(ReadCsv("a,b\n").columns, ElementsAre("a", "b"));
}

}  // namespace
}  // namespace tenantry::load
