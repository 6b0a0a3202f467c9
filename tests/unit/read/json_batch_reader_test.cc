#include "agent/load/read/json_batch_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/read/json_reading.h"

namespace tenantry::load {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Lines = std::vector<std::string>;

// The same whatever the pieces.
JsonReading ReadInPieces(const std::string& text, JsonSource source = {}) {
  JsonReading whole = ReadJson(text, source);
  for (const std::size_t piece : {1, 7, 1000}) {
    source.piece = piece;
    source.taken = piece == 7 ? 5 : 0;
    EXPECT_EQ(ReadJson(text, source), whole) << "in pieces of " << piece << " bytes: " << text;
  }
  return whole;
}

struct ShapeCase {
  std::string text;
  std::string shape;
  Lines records;
};

TEST(OpenJsonBatches, FindsTheShape) {
  const std::vector<ShapeCase> cases = {
      {R"([{"a":1},{"a":2}])", "array", {"{a=1}", "{a=2}"}},
      {"\n [ \r\n{\"a\" : 1 } ,\n\t{\"a\":2}\n]\n", "array", {"{a=1}", "{a=2}"}},
      {"[]", "array of values", {}},
      {" [ ] ", "array of values", {}},
      {"[{}]", "array", {"{}"}},
      {"{\"a\":1}\n{\"a\":2}\n", "lines", {"{a=1}", "{a=2}"}},
      {"{\"a\":1}\r\n\r\n  \r\n{\"a\":2}", "lines", {"{a=1}", "{a=2}"}},
      {"{\"a\":1}", "one object", {"{a=1}"}},
      {"{\"a\":1}\n\n", "one object", {"{a=1}"}},
      {"{\n\"a\":1\n}\n", "one object", {"{a=1}"}},
      {R"({"a":1}{"a":2} {"a":3})", "objects one after the other", {"{a=1}", "{a=2}", "{a=3}"}},
      {"{\n\"a\":1\n}\n{\n\"a\":2\n}\n", "objects one after the other", {"{a=1}", "{a=2}"}},
      {R"([1,"x",null,true,[2],{"a":3}])",
       "array",
       {"rejected", "rejected", "rejected", "rejected", "rejected", "{a=3}"}},
      {R"([1,"x",null,false])",
       "array of values",
       {"{value=1}", "{value=\"x\"}", "{value=null}", "{value=false}"}},
      {"[[1,2],[3,4,5],[]]",
       "array of arrays",
       {"{column_1=1 column_2=2}", "{column_1=3 column_2=4 column_3=5}", "{}"}},
      {"[1,2]\n[3,4]\n", "lines of arrays", {"{column_1=1 column_2=2}", "{column_1=3 column_2=4}"}},
      {"1\n2\n", "lines of values", {"{value=1}", "{value=2}"}},
      {"42", "one value", {"{value=42}"}},
      {R"({"version":1,"users":[{"a":1},{"a":2}],"meta":{"x":[{"y":1}]}})",
       "array at /users",
       {"{a=1}", "{a=2}"}},
      {R"({"639-3":[{"a":1}]})", "array at /639-3", {"{a=1}"}},
      {R"({"a/b~c":[{"a":1}]})", "array at /a~1b~0c", {"{a=1}"}},
      {R"({"columns":["a","b"],"rows":[ {"a":1}]})", "array at /rows", {"{a=1}"}},
      {R"({"a":[{"x":1}],"b":[{"y":2}]})", "one object", {R"({a=[{"x":1}] b=[{"y":2}]})"}},
      {R"({"a":[],"b":[1]})", "one object", {"{a=[] b=[1]}"}},
      {"{\"id\":1,\"items\":[{\"x\":1}]}\n{\"id\":2,\"items\":[]}\n",
       "lines",
       {R"({id=1 items=[{"x":1}]})", "{id=2 items=[]}"}},
      {"{\"a\":1\n{\"a\":2}\n{\"a\":3}\n", "lines", {"rejected", "{a=2}", "{a=3}"}},
      {"{\"a\":1},\n{\"a\":2}\n", "lines", {"rejected", "{a=2}"}},
      {"nonsense\n{\"a\":2}\n", "lines", {"rejected", "{a=2}"}},
  };
  for (const ShapeCase& example : cases) {
    const JsonReading reading = ReadInPieces(example.text);
    EXPECT_EQ(reading.shape, example.shape) << example.text;
    EXPECT_EQ(reading.records, example.records) << example.text;
    EXPECT_EQ(reading.error, "") << example.text;
  }
}

TEST(OpenJsonBatches, HasNoRecordsInAnEmptyText) {
  for (const std::string text : {"", " ", "\n\n\t\r\n"}) {
    const JsonReading reading = ReadInPieces(text);
    EXPECT_THAT(reading.batches, IsEmpty());
    EXPECT_THAT(reading.columns, IsEmpty());
    EXPECT_EQ(reading.error, "");
  }
}

TEST(OpenJsonBatches, SaysWhetherTheFormatIsLines) {
  EXPECT_EQ(ReadJson("{}\n{}\n").format, api::Format::kNdjson);
  EXPECT_EQ(ReadJson("[{}]").format, api::Format::kJson);
}

TEST(OpenJsonBatches, TakesEachLineAsARecordWhenTheFormatSaysSo) {
  JsonSource source;
  source.options.format = api::Format::kNdjson;
  const JsonReading reading = ReadInPieces("{\"a\":[{\"b\":1}]}\n", source);
  EXPECT_EQ(reading.shape, "lines");
  EXPECT_THAT(reading.records, ElementsAre(R"({a=[{"b":1}]})"));
}

TEST(JsonBatchReader, KeepsValuesExactly) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"("")", R"("")"},
      {R"("text")", R"("text")"},
      {R"("\"\\\/\b\f\n\r\t")", "\"\"\\/\b\f\n\r\t\""},
      {R"("\u0041\u00e9\u20AC\uD83D\uDE00")", "\"Aé€😀\""},
      {"\"é€😀 and more than sixteen bytes\"", "\"é€😀 and more than sixteen bytes\""},
      {"0", "0"},
      {"-0", "-0"},
      {"-0.0e-0", "-0.0e-0"},
      {"123456789012345678901234567890.10", "123456789012345678901234567890.10"},
      {"1E+400", "1E+400"},
      {"true", "true"},
      {"false", "false"},
      {"null", "null"},
      {"[]", "[]"},
      {"{ }", "{}"},
      {"{ \"b\" : [ 1 , 2.50 ] ,\n\"a\" : \" x \\\" \\u00e9 \" }",
       "{\"b\":[1,2.50],\"a\":\" x \\\" \\u00e9 \"}"},
      {R"({"a":1,"a":2})", R"({"a":1,"a":2})"},
  };
  for (const auto& [text, expected] : cases) {
    const JsonReading reading = ReadInPieces("[{\"k\": " + text + " }]");
    EXPECT_THAT(reading.records, ElementsAre("{k=" + expected + "}")) << text;
  }
}

TEST(JsonBatchReader, AddsColumnsAsTheyComeAndLeavesAbsentOnesOut) {
  const JsonReading reading = ReadInPieces(R"([{"a":1,"b":2},{"b":3,"a":4},{},{"c":5},{"a":6}])");
  EXPECT_THAT(reading.columns, ElementsAre("a", "b", "c"));
  EXPECT_THAT(reading.records, ElementsAre("{a=1 b=2}", "{a=4 b=3}", "{}", "{c=5}", "{a=6}"));
}

TEST(JsonBatchReader, KnowsAKeyHoweverItIsEscaped) {
  const JsonReading reading = ReadInPieces(R"([{"a\"b":1},{"a\u0022b":2},{"a\"b":3}])");
  EXPECT_THAT(reading.columns, ElementsAre("a\"b"));
  EXPECT_THAT(reading.records, ElementsAre("{a\"b=1}", "{a\"b=2}", "{a\"b=3}"));
}

TEST(JsonBatchReader, NamesAColumnWithoutAName) {
  const JsonReading reading = ReadInPieces(R"([{"column_2":1,"":2}])");
  EXPECT_THAT(reading.columns, ElementsAre("column_2", "column_2_"));
}

TEST(JsonBatchReader, RejectsARecordAndReadsTheNext) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"a":1,"b":2,"a":3})", "column a: key \"a\" occurs twice in the record. Remove one."},
      {R"({"a":1,})", "found \"}\" where a key is expected."},
      {R"({"a" 1})", "found \"1\" where \":\" is expected."},
      {R"({a:1})", "found \"a\" where a key is expected."},
      {R"({'a':1})", "found \"'\" where a key is expected."},
      {R"({"a":NaN})", "found \"N\" where a value is expected."},
      {R"({"a":01})", "a number begins with 0."},
      {R"({"a":+1})", "found \"+\" where a value is expected."},
      {R"({"a":.5})", "found \".\" where a value is expected."},
      {R"({"a":1.})", "found \"}\" where a digit is expected."},
      {R"({"a":nul})", "found \"}\" where \"null\" is expected."},
      {R"({"a":[1,]})", "found \"]\" where a value is expected."},
      {R"({"a":[1 2]})", "found \"2\" where \",\" or \"]\" is expected."},
      {R"({"a":"\x"})", "found \"x\" where an escape such as \\n is expected."},
      {R"({"a":"\u12g4"})", "found \"g\" where a hexadecimal digit is expected."},
      {R"({"a":"\u0000"})", "it holds \\u0000 (NUL), which PostgreSQL cannot store."},
      {R"({"a":["\u0000"]})", "it holds \\u0000 (NUL), which PostgreSQL cannot store."},
      {R"({"a":"\ud800"})", "it holds half of a \\u surrogate pair."},
      {R"({"a":"\udc00\ud800"})", "it holds half of a \\u surrogate pair."},
      {R"({"a":"\ud800\u0041"})", "it holds half of a \\u surrogate pair."},
      {R"({"a":{"b":"\ud800x"}})", "it holds half of a \\u surrogate pair."},
      {"{\"a\":\"\xff\"}", "the bytes are not valid UTF-8."},
      {"{\"a\":\"\xc0\xaf\"}", "the bytes are not valid UTF-8."},
      {"{\"a\":\"\xed\xa0\x80\"}", "the bytes are not valid UTF-8."},
      {"{\"a\":\"\xe2\x82\"}", "the bytes are not valid UTF-8."},
      {"{\"a\":\"\t\"}", "a string holds a control byte."},
      {std::string("{\"a\":\"\0\"}", 9), "it holds a NUL byte, which PostgreSQL cannot store."},
      {R"({"a":1}/**/)", "found \"/\" where "},
      {"17", "found \"1\" where an object is expected."},
  };
  for (const auto& [text, flaw] : cases) {
    const std::string good = R"({"z":1})";
    const JsonReading array = ReadInPieces("[" + good + "," + text + "," + good + "]");
    EXPECT_THAT(array.records, ElementsAre("{z=1}", "rejected", "{z=1}")) << text;
    EXPECT_THAT(array.flaws, ElementsAre(HasSubstr(flaw))) << text;
    EXPECT_THAT(array.columns, ElementsAre("z")) << text;
    EXPECT_EQ(array.error, "") << text;
    const JsonReading lines = ReadInPieces(good + "\n" + text + "\n" + good + "\n");
    EXPECT_THAT(lines.records, ElementsAre("{z=1}", "rejected", "{z=1}")) << text;
    EXPECT_THAT(lines.flaws, ElementsAre(HasSubstr(flaw))) << text;
  }
}

TEST(JsonBatchReader, RejectsALineThatIsNoWholeRecord) {
  const JsonReading reading =
      ReadInPieces("{\"a\":1}\n{\"a\":\n{\"a\":\"x\n{\"a\":2}\n{\"a\":3} x\n{\"a\":4");
  EXPECT_THAT(reading.records,
              ElementsAre("{a=1}", "rejected", "rejected", "{a=2}", "rejected", "rejected"));
  EXPECT_THAT(
      reading.flaws,
      ElementsAre("record 2 line 2 byte 13: the line ends inside the record. Put one whole "
                  "object into each line.",
                  HasSubstr("record 3 line 3 byte 21 column a: a string holds a control byte."),
                  HasSubstr("record 5 line 5 byte 38: found \"x\" where the end of the line"),
                  HasSubstr("record 6 line 6 byte 46 column a: the data ends")));
}

TEST(JsonBatchReader, FindsTheEndOfAFlawedElementByItsBrackets) {
  const JsonReading reading =
      ReadInPieces("[{\"a\":[1}, {\"a\":\"]},\\\"\" x}, , {\"a\":{\"b\":[}},\n{\"a\":5},]");
  EXPECT_THAT(reading.records,
              ElementsAre("rejected", "rejected", "rejected", "rejected", "{a=5}", "rejected"));
  EXPECT_THAT(reading.texts, ElementsAre("{\"a\":[1}", "{\"a\":\"]},\\\"\" x}", "",
                                         "{\"a\":{\"b\":[}}", "{\"a\":5}", ""));
  EXPECT_EQ(reading.error, "");
}

TEST(JsonBatchReader, EndsWithAnErrorAfterAllCompleteRecords) {
  const std::string at = " (byte 19 of albums.json): line 2: ";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"[{\"a\":1},\n{\"a\":2}",
       "Record 3 of dataset albums (byte 17 of albums.json): line 2: the "
       "data ends where \",\" or \"]\" is expected: it is cut. Complete "
       "it."},
      {"[{\"a\":1},\n{\"a\":2},{\"a", "the data ends inside a string: it is cut. Complete it."},
      {"[{\"a\":1},\n{\"a\":2},{\"a\":\"x}]",
       "the data ends inside a string: it is cut. Complete it."},
      {"[{\"a\":1},\n{\"a\":2}]]", "found \"]\" where the end of the document is expected."},
      {"[{\"a\":1},\n{\"a\":2},{\"a\":\"x\" \" }]", "The end of the record cannot be found."},
      {"{\"a\":1} {\"a\":2}\nx", "found \"x\" where an object is expected."},
      {"{\"a\":1} {\"a\":2}\n{\"a\"", "the data ends where \":\" is expected: it is cut."},
      {"{\"rows\":[{\"a\":1},{\"a\":2}]", "the data ends where \",\" is expected: it is cut."},
      {"{\"rows\":[{\"a\":1},{\"a\":2}],\"x\":tru}", "found \"}\" where \"true\" is expected."},
      {"{\"rows\":[{\"a\":1},{\"a\":2}],\"rows\":[]}", "key \"rows\" occurs twice"},
  };
  for (const auto& [text, error] : cases) {
    const JsonReading reading = ReadInPieces(text);
    EXPECT_THAT(reading.records, ElementsAre("{a=1}", "{a=2}")) << text;
    EXPECT_THAT(reading.error, HasSubstr(error)) << text;
  }
}

TEST(JsonBatchReader, GivesTheStreamsErrorAfterAllCompleteRecords) {
  const std::string error = "the archive is cut";
  JsonSource source;
  source.error = Error{.code = ErrorCode::kInvalid, .message = error};
  for (const std::string text : {"[{\"a\":1},{\"a\":2}", "[{\"a\":1},{\"a\":2},{\"a\":",
                                 "{\"a\":1}\n{\"a\":2}\n{\"a\"", "{\"a\":1}\n{\"a\":2}\n{\"a\":12}",
                                 "{\"a\":1} {\"a\":2} {", "{\"r\":[{\"a\":1},{\"a\":2}]"}) {
    const JsonReading reading = ReadInPieces(text, source);
    EXPECT_THAT(reading.records, ElementsAre("{a=1}", "{a=2}")) << text;
    EXPECT_EQ(reading.error, error) << text;
  }
}

TEST(JsonBatchReader, KnowsWhereEachRecordIs) {
  const JsonReading lines = ReadInPieces("\n{\"a\":1}\r\n\n{\"a\":2}\n  {\"a\":3}");
  EXPECT_THAT(lines.places, ElementsAre("line 2 byte 1", "line 4 byte 11", "line 5 byte 21"));
  EXPECT_THAT(lines.texts, ElementsAre("{\"a\":1}\r\n", "{\"a\":2}\n", "{\"a\":3}"));
  const JsonReading array = ReadInPieces("[\n{\"a\":\n1},\n\n{\"a\":2}]");
  EXPECT_THAT(array.places, ElementsAre("line 2 byte 2", "line 5 byte 13"));
  EXPECT_THAT(array.texts, ElementsAre("{\"a\":\n1}", "{\"a\":2}"));
}

TEST(JsonBatchReader, FollowsAPath) {
  const std::string text =
      R"({"skip":[1,{"x":"\n"}],"data":{"a/b":{"~":[0,[{"id":1},{"id":2}],3]},"user":{"id":7}}})";
  const JsonReading array = ReadInPieces(text, AtPath("/data/a~1b/~0/1"));
  EXPECT_THAT(array.records, ElementsAre("{id=1}", "{id=2}"));
  EXPECT_EQ(array.shape, "array at /data/a~1b/~0/1");
  EXPECT_EQ(array.error, "");
  const JsonReading object = ReadInPieces(text, AtPath("/data/user"));
  EXPECT_THAT(object.records, ElementsAre("{id=7}"));
  EXPECT_EQ(object.shape, "one object at /data/user");
  EXPECT_EQ(object.error, "");
}

TEST(JsonBatchReader, SaysWhatIsWrongWithAPath) {
  const std::string text = R"({"a":1,"b":{"c":[{"x":1}]}})";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"b", "JSON path \"b\" is no JSON pointer. Write it like \"/data/users\" (RFC 6901)."},
      {"/b~2", "JSON path \"/b~2\" is no JSON pointer."},
      {"/x",
       "line 1: the document has the keys \"a\", \"b\", but no \"x\". Correct the JSON path."},
      {"/b/c/1", "\"/b/c\" has no element \"1\"."},
      {"/b/c/01", "\"/b/c\" is an array, so it has no \"01\"."},
      {"/a/x", "\"/a\" is no object or array, so it has no \"x\"."},
      {"/a", "what is at \"/a\" is no array and no object."},
  };
  for (const auto& [path, error] : cases) {
    EXPECT_THAT(ReadInPieces(text, AtPath(path)).error, HasSubstr(error)) << path;
  }
}

}  // namespace
}  // namespace tenantry::load
