#include "agent/load/read/csv_dialect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace tenantry::load {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// "delimiter , quote " doubled header titles 0: id name"
std::string Words(const CsvDialect& dialect) {
  std::string words = "delimiter " + dialect.delimiter;
  words += dialect.quote == '\0' ? " no quote" : std::string(" quote ") + dialect.quote;
  words += dialect.escape == CsvDialect::Escape::kBackslash ? " backslash" : "";
  words += dialect.comment == '\0' ? "" : std::string(" comment ") + dialect.comment;
  words += dialect.trailing_delimiter ? " trailing" : "";
  words += dialect.title_lines == 0 ? "" : " titles " + std::to_string(dialect.title_lines);
  words += dialect.header ? " header:" : " no header:";
  for (const std::string& column : dialect.columns) {
    words += " " + column;
  }
  return words;
}

struct DialectCase {
  const char* name;
  std::string_view text;
  std::string_view found;
};

constexpr DialectCase kCases[] = {
    {"comma", "id,name\n1,Ann\n2,Bob\n", "delimiter , quote \" header: id name"},
    {"tab", "id\tname\n1\tDoe, Ann\n2\tRoe, Bob\n", "delimiter \t quote \" header: id name"},
    {"semicolon and decimal commas", "name;price\nfoo;1,5\nbar;2,5\n",
     "delimiter ; quote \" header: name price"},
    {"pipe", "id|at\n1|2020-01-01 10:20:30\n2|2020-01-02 10:20:31\n",
     "delimiter | quote \" header: id at"},
    {"passwd", "root:x:0:0:root:/root:/bin/bash\nann:x:1000:1000:Ann, A.:/home/ann:/bin/sh\n",
     "delimiter : quote \" no header: column_1 column_2 column_3 column_4 column_5 column_6 "
     "column_7"},
    {"caret", "id^name\n1^a\n2^b\n", "delimiter ^ quote \" header: id name"},
    {"tilde", "id~name\n1~a\n2~b\n", "delimiter ~ quote \" header: id name"},
    {"blank", "x y z\n1 2 3\n4 5 6\n", "delimiter   quote \" header: x y z"},
    {"control character", "id\x01name\n1\x01x\n2\x01y\n",
     "delimiter \x01 quote \" header: id name"},
    {"exclamation mark", "id!name\n1!a\n2!b\n3!c\n", "delimiter ! quote \" header: id name"},
    {"slash under names", "id/name\n1/a\n2/b\n3/c\n", "delimiter / quote \" header: id name"},
    {"broken bar", "id¦name\n1¦a\n2¦b\n", "delimiter ¦ quote \" header: id name"},
    {"line ends of old Macs", "id,name\r1,a\r2,b\r", "delimiter , quote \" header: id name"},
    {"CRLF", "id,name\r\n1,a\r\n2,b\r\n", "delimiter , quote \" header: id name"},
    {"single quotes", "id;'full name'\n1;'a;b'\n2;'c;d'\n",
     "delimiter ; quote ' header: id full name"},
    {"apostrophes", "id,say\n1,it's\n2,don't\n", "delimiter , quote \" header: id say"},
    {"inches", "id,size\n1,\"5 wide\n2,\"7 wide\n3,\"9 wide\n",
     "delimiter , no quote header: id size"},
    {"backslashes", "id,say\n1,\"a \\\"b\\\", c\"\n2,\"d \\\"e\\\", f\"\n",
     "delimiter , quote \" backslash header: id say"},
    {"paths", "id,path\n1,\"C:\\dir\\\"\n2,\"D:\\\"\n", "delimiter , quote \" header: id path"},
    {"titles", "Sales report 2020\n\nid,name,total\n1,a,5\n2,b,6\n",
     "delimiter , quote \" titles 1 header: id name total"},
    {"two titles", "Report\nprinted by Ann\nid;name;x\n1;a;5\n2;b;6\n",
     "delimiter ; quote \" titles 2 header: id name x"},
    {"comments", "# made by x\n# on, some, day\nid,name\n1,a\n2,b\n",
     "delimiter , quote \" comment # header: id name"},
    {"names behind a hash", "#chrom\tstart\tend\nchr1\t5\t6\nchr2\t7\t8\n",
     "delimiter \t quote \" header: #chrom start end"},
    {"colours", "#ff0000,5\n#00ff00,6\n#0000ff,7\n",
     "delimiter , quote \" no header: column_1 column_2"},
    {"a row taken out", "id,n\n1,a\n2,b\n3,c\n4,d\n5,e\n6,f\n7,g\n8,h\n#9,i\n10,j\n",
     "delimiter , quote \" comment # header: id n"},
    {"no header", "1,Ann\n2,Bob\n", "delimiter , quote \" no header: column_1 column_2"},
    {"all text", "name,city\nAnn,Paris\nBob,Rome\n", "delimiter , quote \" header: name city"},
    {"first row recurs", "red,big\nblue,small\nred,big\n",
     "delimiter , quote \" no header: column_1 column_2"},
    {"years", "country,1990,1991\nFrance,1.5,2.5\nSpain,3.5,4.5\n",
     "delimiter , quote \" header: country 1990 1991"},
    {"one row of numbers", "1,2,3\n", "delimiter , quote \" no header: column_1 column_2 column_3"},
    {"header only", "id,name\n", "delimiter , quote \" header: id name"},
    {"header only, no line end", "id,name", "delimiter , quote \" header: id name"},
    {"one column", "name\nAnn\nBob\n", "delimiter , quote \" header: name"},
    {"one column of numbers", "1\n2\n3\n", "delimiter , quote \" no header: column_1"},
    {"one column of names", "name\nJohn Smith\nAnn Roe\nBob Doe\n",
     "delimiter , quote \" header: name"},
    {"one column of times", "12:30\n12:31\n12:32\n", "delimiter , quote \" no header: column_1"},
    {"one column of mailboxes", "mail\na@x.org\nb@y.org\n", "delimiter , quote \" header: mail"},
    {"empty names and equal ones", "id,,name, name ,\n1,2,a,b,c\n3,4,c,d,e\n",
     "delimiter , quote \" header: id column_2 name name_2 column_5"},
    {"a made-up name that is there", "a,a,a_2\n1,2,3\n", "delimiter , quote \" header: a a_3 a_2"},
    {"rows end with a delimiter", "1|a|2.5|\n2|b|3.5|\n",
     "delimiter | quote \" trailing no header: column_1 column_2 column_3"},
    {"header with a row name too few", "a,b,c\nr1,1,2,3\nr2,4,5,6\n",
     "delimiter , quote \" header: a b c column_4"},
    {"ragged", "a,b,c\n1,2,3\n4,5\n6\n7,8,9\n", "delimiter , quote \" header: a b c"},
    {"quoted line ends", "id,text\n1,\"a\nb\"\n2,\"c\r\nd\"\n",
     "delimiter , quote \" header: id text"},
    {"blanks", "   \n\n", "delimiter , quote \" no header:"},
    {"empty", "", "delimiter , quote \" no header:"},
};

class EachDialect : public testing::TestWithParam<DialectCase> {};

TEST_P(EachDialect, IsFound) {
  EXPECT_EQ(GetParam().found, Words(DetectDialect(GetParam().text, true, {})));
}

INSTANTIATE_TEST_SUITE_P(DetectDialect, EachDialect, testing::ValuesIn(kCases),
                         [](const testing::TestParamInfo<DialectCase>& test) {
                           std::string name;
                           for (const char byte : std::string_view(test.param.name)) {
                             name += std::isalnum(static_cast<unsigned char>(byte)) ? byte : '_';
                           }
                           return name;
                         });

TEST(DetectDialect, TakesWhatIsKnown) {
  const std::string_view text = "a||b\n1||2\n%x\n3||4\n";
  const CsvDialect dialect = DetectDialect(
      text, true, {.delimiter = "||", .quote = '\0', .comment = '%', .header = false});
  EXPECT_EQ("||", dialect.delimiter);
  EXPECT_EQ('\0', dialect.quote);
  EXPECT_EQ('%', dialect.comment);
  EXPECT_FALSE(dialect.header);
  EXPECT_THAT(dialect.columns, ElementsAre("column_1", "column_2"));
}

TEST(DetectDialect, TakesNumbersAsNamesWhenToldSo) {
  const CsvDialect dialect = DetectDialect("1,2\n3,4\n", true, {.header = true});
  EXPECT_THAT(dialect.columns, ElementsAre("1", "2"));
}

TEST(DetectDialect, LeavesTheCutOffLastRowOut) {
  std::string text = "id,name\n";
  for (int i = 0; i < 100; ++i) {
    text += std::to_string(i) + ",x\n";
  }
  EXPECT_EQ("delimiter , quote \" header: id name",
            Words(DetectDialect(text + "5,\"a;b;", false, {})));
}

TEST(DetectDialect, NamesOneColumnOfALineThatDoesNotEnd) {
  EXPECT_THAT(DetectDialect(std::string(1000, 'x'), false, {}).columns, ElementsAre(testing::_));
  EXPECT_THAT(DetectDialect("", false, {}).columns, testing::SizeIs(1));
  EXPECT_THAT(DetectDialect("", true, {}).columns, IsEmpty());
}

TEST(DetectDialect, NamesThousandsOfEqualColumnsInTime) {
  std::string header = "a";
  std::string row = "1";
  for (int i = 1; i < 10'000; ++i) {
    header += ",a";
    row += ",1";
  }
  const CsvDialect dialect = DetectDialect(header + "\n" + row + "\n", true, {});
  ASSERT_EQ(10'000u, dialect.columns.size());
  EXPECT_EQ("a_10000", dialect.columns.back());
}

}  // namespace
}  // namespace tenantry::load
