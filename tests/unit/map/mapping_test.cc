#include "agent/load/map/mapping.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/map/mapped_reading.h"

namespace tenantry::load {
namespace {

using ::testing::HasSubstr;

TEST(ParseMapping, NamesTheFieldThatIsWrong) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"[]", "mapping: must be an object"},
      {"{", "mapping: is not valid JSON"},
      {R"({"column": []})", "mapping.column: is not known"},
      {R"({"columns": [{"name": "a"}, {"from": "b"}]})", "mapping.columns[1].name: is required"},
      {R"({"columns": [{"name": 5}]})", "mapping.columns[0].name: must be a string"},
      {R"({"columns": [{"name": "a", "from": "b", "constant": "c"}]})",
       "mapping.columns[0]: must have at most one of from, template and constant"},
      {R"({"columns": [{"name": "a"}, {"name": "a", "from": "b"}]})",
       "mapping.columns[1]: \"a\" is made twice"},
      {R"({"rename": {"b": ""}})", "mapping.rename.b: must not be empty"},
      {R"({"columns": [{"name": "a"}], "rename": {"b": "a"}})",
       "mapping.rename.b: \"a\" is made twice"},
      {R"({"columns": [{"name": "a", "constant": "x\u0000"}]})", "mapping: holds a NUL character"},
      {R"({"columns": [{"name": "a", "constant": "x", "default": "y"}]})",
       "mapping.columns[0].default: has no use beside a constant"},
      {R"({"columns": [{"name": "a", "template": "x{"}]})",
       "mapping.columns[0].template: has a { without a column's name and }"},
      {R"({"columns": [{"name": "a", "template": "x}{b}"}]})",
       "mapping.columns[0].template: has a } without {"},
      {R"({"columns": [{"name": "a", "template": "x{}"}]})",
       "mapping.columns[0].template: has a {"},
      {R"({"columns": [{"name": "a", "template": "x"}]})",
       "mapping.columns[0].template: names no column"},
      {R"({"split": [{"from": "a", "by": "", "into": ["b", "c"]}]})",
       "mapping.split[0].by: must not be empty"},
      {R"({"split": [{"from": "a", "by": " ", "into": ["b"]}]})",
       "mapping.split[0].into: must name 2 to 1600 columns"},
      {R"({"split": [{"from": "a", "by": " ", "into": ["b", "b"]}]})",
       "mapping.split[0].into: \"b\" is made twice"},
      {R"({"unknownColumns": "Collect"})", "mapping.collectColumn: is required"},
      {R"({"collectColumn": "x"})", "mapping.collectColumn: is for unknownColumns: Collect only"},
      {R"({"unknownColumns": "Perhaps"})",
       "mapping.unknownColumns: \"Perhaps\" is not one of Error, Ignore, Collect"},
  };
  for (const auto& [json, problem] : cases) {
    EXPECT_THAT(MappingProblem(json), HasSubstr(problem)) << json;
  }
}

TEST(ParseMapping, NamesTheStepThatIsWrong) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({})", ": must have exactly one of trim, case"},
      {R"({"trim": "Both", "case": "Lower"})", ": must have exactly one of trim, case"},
      {R"({"trim": "both"})", ".trim: \"both\" is not one of Both, Start, End"},
      {R"({"replace": {"pattern": "a"}})", ".replace.with: is required"},
      {R"({"replace": {"pattern": "(a", "with": ""}})", ".replace.pattern: missing ): (a"},
      {R"({"replace": {"pattern": "\\C", "with": ""}})", ".replace.pattern: has \\C"},
      {R"({"replace": {"pattern": "((a{100}){100}){100}", "with": ""}})", ".replace.pattern: "},
      {R"({"replace": {"pattern": "a", "with": "\\1"}})", ".replace.with: "},
      {R"({"part": {"by": "", "number": 1}})", ".part.by: must not be empty"},
      {R"({"part": {"by": "a", "number": 0}})", ".part.number: must not be 0"},
      {R"({"cast": {"type": "Money"}})", ".cast.type: \"Money\" is not one of Text, Number"},
      {R"({"cast": {"type": "Number", "format": "%d"}})", ".cast.format: is for dates"},
      {R"({"cast": {"type": "Number", "decimal": ",", "thousands": ","}})",
       ".cast.thousands: must differ from decimal"},
      {R"({"cast": {"type": "Number", "decimal": "5"}})", ".cast.decimal: must be a mark"},
      {R"({"cast": {"type": "Boolean", "trueWords": ["ja"]}})",
       ".cast.falseWords: is required with trueWords"},
      {R"({"cast": {"type": "Date"}})", ".cast.format: is required"},
      {R"({"cast": {"type": "Date", "format": "%d.%m."}})", ".cast.format: names no day"},
      {R"({"cast": {"type": "Date", "format": "%d.%m.%Q"}})", ".cast.format: has %Q"},
      {R"({"cast": {"type": "Date", "format": "%d.%m.%Y%"}})", ".cast.format: ends with a lone %"},
      {R"({"cast": {"type": "Date", "format": "%d.%d.%m.%Y"}})", ".cast.format: has %d twice"},
      {R"({"cast": {"type": "Timestamp", "format": "%s %I"}})", ".cast.format: has one of %I"},
      {R"({"cast": {"type": "Timestamp", "format": "%s%z"}})", ".cast.format: has a zone"},
      {R"({"lookup": {"values": {}}})", ".lookup.values: must not be empty"},
      {R"({"lookup": {"values": {"a": 5}}})", ".lookup.values.a: must be a string"},
      {R"({"lookup": {"values": {"a": "b"}, "default": "c", "otherwise": "Keep"}})",
       ".lookup.default: and otherwise contradict"},
      {R"({"key": {"table": "t", "match": "m"}})", ".key.take: is required"},
      {R"({"upper": true})", ".upper: is not known"},
  };
  for (const auto& [step, problem] : cases) {
    EXPECT_THAT(MappingProblem(R"({"columns": [{"name": "a", "steps": [{"trim": "Both"}, )" + step +
                               "]}]}"),
                HasSubstr("mapping.columns[0].steps[1]" + problem))
        << step;
  }
}

TEST(ParseMapping, FingerprintChangesWithTheMeaningOnly) {
  const auto of = [](const char* json) { return ParseMapping(json, "m").value().fingerprint; };
  EXPECT_EQ(of(R"({"drop": ["a"], "rename": {"b": "c"}})"),
            of(R"({ "rename": {"b":"c"},"drop":["a"]})"));
  EXPECT_NE(of(R"({"drop": ["a"]})"), of(R"({"drop": ["b"]})"));
  EXPECT_EQ(of("{}").size(), 16);
}

TEST(Names, KnowsWhatTheMappingTakes) {
  const Mapping mapping =
      ParseMapping(R"({"columns": [{"name": "x", "from": "US Gross"}, {"name": "y", "template":
                       "{first} {last}"}], "split": [{"from": "z", "by": " ", "into": ["p", "q"]}],
                       "drop": ["d"], "rename": {"old": "new"}})",
                   "m")
          .value();
  for (const char* name : {"US Gross", "us_gross", "first", "LAST", "z", "d", "old"}) {
    EXPECT_TRUE(Names(mapping, name)) << name;
  }
  for (const char* name : {"x", "y", "p", "new", "other"}) {
    EXPECT_FALSE(Names(mapping, name)) << name;
  }
}

}  // namespace
}  // namespace tenantry::load
