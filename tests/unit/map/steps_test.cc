#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/map/mapped_reading.h"

namespace tenantry::load {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Case {
  std::string steps;
  std::string value;
  std::string result;
};

void ExpectAll(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    EXPECT_EQ(Through(c.steps, c.value), c.result) << c.steps << " of " << c.value;
  }
}

void ExpectRefused(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    const std::string refusal = Through(c.steps, c.value);
    EXPECT_THAT(refusal, StartsWith("rejected 1 byte")) << c.steps << " of " << c.value;
    EXPECT_THAT(refusal, HasSubstr("column v: v " + c.result)) << c.steps << " of " << c.value;
  }
}

TEST(TrimStep, TakesBlanksOffTheSidesThatItNames) {
  ExpectAll({{R"([{"trim": "Both"}])", " \t a b \xC2\xA0", "a b"},
             {R"([{"trim": "Start"}])", "  a ", "a "},
             {R"([{"trim": "End"}])", "  a ", "  a"},
             {R"([{"trim": "Both"}])", " \xC2\xA0 ", ""},
             {R"([{"trim": "Both"}])", "\xC3\xA0", "\xC3\xA0"}});
}

TEST(CaseStep, ChangesLettersOfSeveralScripts) {
  ExpectAll({{R"([{"case": "Upper"}])", "straße ÿ ж ћ ω ς ά ԥ é", "STRAßE Ÿ Ж Ћ Ω Σ Ά Ԥ É"},
             {R"([{"case": "Lower"}])", "ÄÖ ŁÓDŹ ЖЋ ΩΆ ẞ 中 😀 ×", "äö łódź жћ ωά ẞ 中 😀 ×"},
             {R"([{"case": "Lower"}])", "Ÿ İ", "ÿ İ"},
             {R"([{"case": "Upper"}])", "÷ø", "÷Ø"}});
}

TEST(ReplaceStep, ReplacesMatchesWithGroups) {
  ExpectAll(
      {{R"([{"replace": {"pattern": "[^0-9]", "with": ""}}])", "+49 (30) 1", "49301"},
       {R"j([{"replace": {"pattern": "(\\w+) (\\w+)", "with": "\\2, \\1"}}])j", "Al Bo", "Bo, Al"},
       {R"([{"replace": {"pattern": "a", "with": "b", "occurrences": "First"}}])", "aaa", "baa"},
       {R"([{"replace": {"pattern": "x?", "with": "-"}}])", "äb", "-ä-b-"},
       {R"([{"replace": {"pattern": "x*", "with": "-"}}])", "axb", "-a-b-"},
       {R"([{"replace": {"pattern": "^a", "with": ""}}])", "aaa", "aa"},
       {R"([{"replace": {"pattern": "z", "with": "y"}}])", "abc", "abc"}});
}

TEST(ReplaceStep, RefusesAValueThatGrowsWithoutEnd) {
  const std::string many(20'000, 'a');
  EXPECT_THAT(
      Through(R"([{"replace": {"pattern": "a", "with": ")" + std::string(2000, 'b') + R"("}}])",
              many),
      HasSubstr("v becomes longer than 16 MiB"));
}

TEST(ReplaceStep, IsLinearForPatternsThatBacktrackElsewhere) {
  const std::string many(50'000, 'a');
  EXPECT_EQ(Through(R"([{"replace": {"pattern": "(a*)*b", "with": ""}}])", many), many);
}

TEST(PartStep, TakesTheNthPartFromEitherEnd) {
  ExpectAll({{R"([{"part": {"by": ", ", "number": 1}}])", "a, b, c", "a"},
             {R"([{"part": {"by": ", ", "number": 3}}])", "a, b, c", "c"},
             {R"([{"part": {"by": ", ", "number": 4}}])", "a, b, c", "NULL"},
             {R"([{"part": {"by": ", ", "number": -1}}])", "a, b, c", "c"},
             {R"([{"part": {"by": ", ", "number": -3}}])", "a, b, c", "a"},
             {R"([{"part": {"by": ", ", "number": -2147483648}}])", "a, b, c", "NULL"},
             {R"([{"part": {"by": "/", "number": 2}}])", "a//c", ""},
             {R"([{"part": {"by": "/", "number": 1}}])", "", ""}});
}

TEST(NullIfStep, MakesNullOfItsTexts) {
  ExpectAll({{R"([{"nullIf": ["n/a", "-"]}])", "-", "NULL"},
             {R"([{"nullIf": ["n/a", "-"]}])", "N/A", "N/A"},
             {R"([{"nullIf": ["-"]}, {"lookup": {"values": {"a": "b"}}}])", "-", "NULL"}});
}

TEST(NumberCast, TakesMarksOfOtherLanguages) {
  const std::string german = R"([{"cast": {"type": "Number", "decimal": ",", "thousands": "."}}])";
  const std::string french = R"([{"cast": {"type": "Number", "decimal": ",", "thousands": " "}}])";
  const std::string indian = R"([{"cast": {"type": "Number", "thousands": ","}}])";
  ExpectAll({{german, "1.234.567,89", "1234567.89"},
             {german, " -1.234 ", "-1234"},
             {german, "+0,5", "0.5"},
             {german, ",5", "0.5"},
             {german, "5,", "5"},
             {german, "007,50", "7.50"},
             {german, "1234,5", "1234.5"},
             {german, "1,5e3", "1.5e3"},
             {french, "12 345,6", "12345.6"},
             {indian, "12,34,567.5", "1234567.5"},
             {german, "", ""}});
  ExpectRefused({{german, "1.5", "is no number with decimal mark \",\" and thousands mark \".\""},
                 {german, "1.2345", "is no number"},
                 {german, "1.234.56", "is no number"},
                 {german, "1,234,567", "is no number"},
                 {german, ".123", "is no number"},
                 {german, "-", "is no number"},
                 {german, "--1", "is no number"},
                 {german, "1e", "is no number"},
                 {german, "12 €", "is no number"},
                 {german, "NaN", "is no number"},
                 {indian, "1,23", "is no number"}});
}

TEST(BooleanCast, TakesListsOfWordsInAnyCase) {
  const std::string german =
      R"([{"cast": {"type": "Boolean", "trueWords": ["ja", "J"], "falseWords": ["nein"]}}])";
  ExpectAll({{german, "Ja", "true"},
             {german, " j", "true"},
             {german, "NEIN", "false"},
             {german, "", ""},
             {R"([{"cast": {"type": "Boolean"}}])", "off", "false"}});
  ExpectRefused({{german, "yes", "is none of ja, J and nein. The value is \"yes\""},
                 {R"([{"cast": {"type": "Boolean"}}])", "ja", "is no boolean"}});
}

std::string Date(const std::string& type, const std::string& format) {
  return R"([{"cast": {"type": ")" + type + R"(", "format": ")" + format + R"("}}])";
}

TEST(DateCast, ReadsItsFormat) {
  ExpectAll({{Date("Date", "%d.%m.%Y"), "3.1.2026", "2026-01-03"},
             {Date("Date", "%d.%m.%Y"), " 29.02.2024 ", "2024-02-29"},
             {Date("Date", "%m/%d/%y"), "12/31/69", "2069-12-31"},
             {Date("Date", "%m/%d/%y"), "12/31/70", "1970-12-31"},
             {Date("Date", "%Y%m%d"), "20260131", "2026-01-31"},
             {Date("Date", "%A, %B %e %Y"), "Friday, JUNE  7 2024", "2024-06-07"},
             {Date("Date", "%d-%b-%y"), "07-Sept-24", "2024-09-07"},
             {Date("Date", "%Y-%j"), "2024-366", "2024-12-31"},
             {Date("Date", "%s"), "-1", "1969-12-31"},
             {Date("Date", "%d.%m.%Y"), "", ""},
             {Date("Timestamp", "%d.%m.%Y %H:%M"), "1.2.2026 7:05", "2026-02-01 07:05:00"},
             {Date("Timestamp", "%Y-%m-%dT%H:%M:%S.%f"), "2026-02-01T07:05:09.25",
              "2026-02-01 07:05:09.25"},
             {Date("Timestamp", "%m/%d/%Y %I:%M %p"), "2/1/2026 12:30 am", "2026-02-01 00:30:00"},
             {Date("Timestamp", "%m/%d/%Y %I:%M%p"), "2/1/2026 1:30PM", "2026-02-01 13:30:00"},
             {Date("TimestampTz", "%Y-%m-%d %H:%M%z"), "2026-02-01 07:05-0330",
              "2026-02-01 07:05:00-03:30"},
             {Date("TimestampTz", "%Y-%m-%d %H:%M %z"), "2026-02-01 07:05 Z",
              "2026-02-01 07:05:00+00:00"},
             {Date("TimestampTz", "%s"), "1700000000", "2023-11-14 22:13:20+00:00"},
             {Date("Date", "100%% %d.%m.%Y"), "100% 1.1.2000", "2000-01-01"}});
}

TEST(DateCast, RefusesWhatIsNotOfTheFormat) {
  const std::string no_date = "is no date in the format";
  ExpectRefused({{Date("Date", "%d.%m.%Y"), "29.02.2023", no_date},
                 {Date("Date", "%d.%m.%Y"), "31.04.2023", no_date},
                 {Date("Date", "%d.%m.%Y"), "1.13.2023", no_date},
                 {Date("Date", "%d.%m.%Y"), "1.1.23", no_date},
                 {Date("Date", "%d.%m.%Y"), "1.1.2023x", no_date},
                 {Date("Date", "%d.%m.%Y"), "1.1", no_date},
                 {Date("Date", "%d.%m.%Y"), "0.1.2023", no_date},
                 {Date("Date", "%Y-%j"), "2023-366", no_date},
                 {Date("Date", "%d %b %Y"), "1 Mai 2023", no_date},
                 {Date("Date", "%s"), "999999999999", no_date},
                 {Date("Timestamp", "%Y-%m-%d %H"), "2023-01-01 24", "is no timestamp"},
                 {Date("Timestamp", "%Y-%m-%d %I %p"), "2023-01-01 13 PM", "is no timestamp"},
                 {Date("TimestampTz", "%Y-%m-%d%z"), "2023-01-01+1", "is no timestamp"}});
}

TEST(LookUpStep, PutsValuesInThePlaceOfOthers) {
  ExpectAll({{R"([{"lookup": {"values": {"R": "Rock"}}}])", "R", "Rock"},
             {R"([{"lookup": {"values": {"R": "Rock"}, "default": "Other"}}])", "r", "Other"},
             {R"([{"lookup": {"values": {"R": "Rock"}, "otherwise": "Keep"}}])", "Jazz", "Jazz"},
             {R"([{"lookup": {"values": {"R": "Rock"}, "otherwise": "Null"}}])", "Jazz", "NULL"},
             {R"([{"lookup": {"values": {"": "none"}}}])", "", "none"}});
  ExpectRefused({{R"([{"lookup": {"values": {"R": "Rock"}}}])", "Jazz",
                  "is none of the look-up's 1 values. The value is \"Jazz\""}});
}

class ArtistKeys final : public KeyLookup {
 public:
  Key Find(std::size_t reference, std::string_view natural) const override {
    if (reference != 0 || natural == "Nobody") {
      return {};
    }
    return natural == "Twins" ? Key{.answer = Answer::kSeveral}
                              : Key{.answer = Answer::kFound, .text = "17"};
  }
};

constexpr char kArtistKey[] = R"({"columns": [{"name": "artist_id", "from": "artist", "steps": [
    {"key": {"table": "artists", "match": "name", "take": "id"}}]}]})";

TEST(KeyStep, TakesTheKeyOfTheRowWithThatNaturalKey) {
  const ArtistKeys keys;
  const CsvReading reading = ReadMapped("artist,n\nAbba,1\nNobody,2\nTwins,3\n", kArtistKey, &keys);
  EXPECT_THAT(reading.rows, ::testing::ElementsAre("17|1", "rejected", "rejected"));
  EXPECT_THAT(reading.flaws[0], HasSubstr("artist_id is no name of table artists. The value is "
                                          "\"Nobody\": correct it, or the mapping."));
  EXPECT_THAT(reading.flaws[1], HasSubstr("is the name of several rows of table artists"));
}

TEST(KeyStep, LeavesTheValueWithoutADatabase) {
  EXPECT_THAT(ReadMapped("artist,n\nAbba,1\n", kArtistKey).rows, ::testing::ElementsAre("Abba|1"));
}

}  // namespace
}  // namespace tenantry::load
