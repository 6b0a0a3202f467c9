#include "agent/load/map/mapped_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/map/mapped_reading.h"

namespace tenantry::load {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kPeople[] = "id,Nach Name,first\n1,Berg,Anna\n2,,Bo\n";

TEST(MappedReader, RenamesInPlaceAndPassesTheRestOn) {
  const CsvReading reading = ReadMapped(kPeople, R"({"rename": {"nach_name": "last"}})");
  EXPECT_THAT(reading.columns, ElementsAre("id", "last", "first"));
  EXPECT_THAT(reading.rows, ElementsAre("1|Berg|Anna", "2|NULL|Bo"));
}

TEST(MappedReader, DropsColumns) {
  EXPECT_THAT(ReadMapped(kPeople, R"({"drop": ["first", "never there"]})").columns,
              ElementsAre("id", "Nach Name"));
  const CsvReading chosen =
      ReadMapped(kPeople, R"({"otherColumns": "Drop", "columns": [{"name": "first"}]})");
  EXPECT_THAT(chosen.rows, ElementsAre("Anna", "Bo"));
}

TEST(MappedReader, FillsTemplatesAndConstantsAndDefaults) {
  const CsvReading reading = ReadMapped(kPeople, R"({"otherColumns": "Drop", "columns": [
      {"name": "full", "template": "{{{first}}} {Nach Name}", "steps": [{"case": "Upper"}]},
      {"name": "origin", "constant": "crm"},
      {"name": "last", "from": "Nach Name", "default": "?"}]})");
  EXPECT_THAT(reading.columns, ElementsAre("last", "full", "origin"));
  EXPECT_THAT(reading.rows, ElementsAre("Berg|{ANNA} BERG|crm", "?|{BO} |crm"));
}

TEST(MappedReader, ATemplateOfNothingIsNull) {
  const CsvReading reading = ReadMapped(
      "a,b\n1,\n", R"({"columns": [{"name": "c", "template": "x{b}", "default": "none"}]})");
  EXPECT_THAT(reading.rows, ElementsAre("1|NULL|none"));
  EXPECT_THAT(ReadMapped("a,b\n1,\n", R"({"columns": [{"name": "c", "template": "x{b}"}]})").rows,
              ElementsAre("1|NULL|NULL"));
}

TEST(MappedReader, SplitsAColumnIntoSeveral) {
  const CsvReading reading =
      ReadMapped("id,name,z\n1,Anna Maria Berg,\n2,Bo,\n3,,\n",
                 R"({"split": [{"from": "name", "by": " ", "into": ["first", "last"]}],
                     "columns": [{"name": "family", "from": "last", "default": "-"}]})");
  EXPECT_THAT(reading.columns, ElementsAre("id", "first", "family", "z"));
  EXPECT_THAT(reading.rows, ElementsAre("1|Anna|Maria Berg|NULL", "2|Bo|-|NULL", "3|NULL|-|NULL"));
}

TEST(MappedReader, KeepsPlacesAndTextOfTheSource) {
  const std::string text = "id,n\n1,5\n2,x\n3,7\n4\n";
  const CsvReading plain = ReadMapped(text, "{}");
  const CsvReading mapped =
      ReadMapped(text, R"({"columns": [{"name": "n", "steps": [{"cast": {"type": "Number"}}]}]})");
  EXPECT_EQ(mapped.places, plain.places);
  EXPECT_EQ(mapped.texts, plain.texts);
  EXPECT_THAT(mapped.rows, ElementsAre("1|5", "rejected", "3|7", "4|NULL"));
  EXPECT_EQ(mapped.flaws[0],
            "rejected 2 byte 11 column n: n is no number with decimal mark \".\". The value is "
            "\"x\": correct it, or the mapping.");
  EXPECT_THAT(mapped.flaws[1], HasSubstr("mended 4"));
}

TEST(MappedReader, DoesNotLookAtRecordsThatAreRejected) {
  const CsvReading reading =
      ReadMapped("id,n\n1,5\n2,\xFFx\n", R"({"columns": [{"name": "n", "steps": [{"cast":
          {"type": "Number"}}]}]})",
                 nullptr, {.format = api::Format::kCsv});
  EXPECT_EQ(reading.flaws.size(), reading.rows.at(1) == "rejected" ? 1 : 0);
}

TEST(MappedReader, RefusesAColumnThatTheDataLacks) {
  EXPECT_EQ(ReadMapped(kPeople, R"({"columns": [{"name": "x", "from": "Preis"}]})").error,
            "mapping.columns[0].from: dataset albums has no column \"Preis\", or several that look "
            "like it. It has id, Nach Name, first. Correct the name.");
  EXPECT_THAT(ReadMapped(kPeople, R"({"columns": [{"name": "x", "template": "{id}{no}"}]})").error,
              HasSubstr("mapping.columns[0].template: dataset albums has no column \"no\""));
  EXPECT_THAT(
      ReadMapped(kPeople, R"({"split": [{"from": "z", "by": " ", "into": ["p", "q"]}]})").error,
      HasSubstr("mapping.split[0].from: dataset albums has no column \"z\""));
  EXPECT_THAT(ReadMapped("A b,a_b\n1,2\n", R"({"rename": {"a-B": "x"}})").error,
              HasSubstr("or several that look like it"));
}

TEST(MappedReader, RefusesTwoColumnsOfOneName) {
  EXPECT_THAT(
      ReadMapped(kPeople, R"({"columns": [{"name": "first", "from": "id"}]})").error,
      HasSubstr("mapping.columns[0]: dataset albums has a column \"first\" of its own, too"));
  EXPECT_THAT(
      ReadMapped(kPeople, R"({"split": [{"from": "id", "by": " ", "into": ["first", "q"]}]})")
          .error,
      HasSubstr("mapping.split[0]: dataset albums has a column \"first\" of its own, too"));
}

TEST(MappedReader, TakesColumnsThatJsonBringsLater) {
  std::string text = "{\"a\": 1}\n";
  for (int i = 0; i < 30'000; ++i) {
    text += "{\"a\": 1, \"b\": [1]}\n";
  }
  text += "{\"z\": true, \"Late One\": \"x\"}\n";
  const CsvReading reading = ReadMapped(text, R"({"rename": {"late_one": "late"}, "columns": [
      {"name": "k", "constant": "c"}, {"name": "t", "template": "{a}-{late_one}"}]})");
  EXPECT_EQ(reading.error, "");
  EXPECT_THAT(reading.columns, ElementsAre("a", "b", "k", "t", "late", "z"));
  EXPECT_EQ(reading.rows.front().substr(0, 1), "1");
  EXPECT_EQ(reading.rows.back(), "-|-|c|-x|x|true");
}

TEST(MappedReader, RefusesStepsOnObjectsAndLists) {
  const CsvReading reading = ReadMapped("{\"a\": [1]}\n{\"a\": 5}\n{\"a\": null}\n{}\n",
                                        R"({"columns": [{"name": "a", "steps": [
      {"case": "Lower"}], "default": "0"}]})");
  EXPECT_THAT(reading.rows, ElementsAre("rejected", "5", "0", "0"));
  EXPECT_THAT(reading.flaws[0], HasSubstr("a is an object or a list, and no single value"));
}

TEST(MappedReader, AnEmptySourceHasNoColumns) {
  EXPECT_TRUE(ReadMapped("", R"({"columns": [{"name": "x"}]})").columns.empty());
}

}  // namespace
}  // namespace tenantry::load
