#include "agent/load/read/profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/read/batches.h"

namespace tenantry::load {
namespace {

using ::testing::ElementsAre;

ColumnProfile Profile(const std::vector<std::string>& texts, FieldKind kind = FieldKind::kUntyped) {
  TestBatch batch(1);
  batch.Column(texts, kind);
  Profiler profiler(Profiler::Detail::kEverything);
  profiler.Add(batch.batch());
  return profiler.Finish({"value"}).front();
}

std::string TypeOf(const std::vector<std::string>& texts, FieldKind kind = FieldKind::kUntyped) {
  return ToString(Profile(texts, kind).type);
}

std::vector<std::string> Repeated(const std::string& text, std::size_t count) {
  return std::vector<std::string>(count, text);
}

TEST(Profiler, FindsTheNarrowestTypeThatAllValuesFit) {
  const struct {
    std::vector<std::string> texts;
    const char* type;
  } kCases[] = {
      {{"true", "FALSE", "t", "no", "Y", "off"}, "boolean"},
      {{"1", "0", "1"}, "integer"},
      {{"true", "1"}, "text"},
      {{"1", "-2147483648", " 2147483647 "}, "integer"},
      {{"1", "2147483648"}, "bigint"},
      {{"-9223372036854775808"}, "bigint"},
      {{"9223372036854775808"}, "numeric"},
      {{"12345678901234567890123"}, "numeric"},
      {{"1", "2.5", "1e-3", ".5", "5."}, "numeric"},
      {{"1", "NaN"}, "numeric"},
      {{"NaN", "nan"}, "text"},
      {{"inf"}, "text"},
      {{"1", "1e99999"}, "text"},
      {{"1,000"}, "text"},
      {{"0x10"}, "text"},
      {{"2024-02-29", "1999-12-31"}, "date"},
      {{"2024-02-29", "1999-12-31 10:11"}, "timestamp"},
      {{"2024-02-29T01:02:03Z", "1999-12-31 10:11:00+02"}, "timestamp with time zone"},
      {{"2024-02-29 01:02:03", "1999-12-31 10:11:00+02"}, "timestamp with time zone"},
      {{"Jun 12 1998", "1998-06-12"}, "date"},
      {{"2024-02-30"}, "text"},
      {{"10:11", "12:00"}, "text"},
      {{"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}, "uuid"},
      {{"a0eebc999c0b4ef8bb6d6bb9bd380a11"}, "text"},
      {{R"({"a": 1})", "[1, 2]"}, "jsonb"},
      {{R"({"a": 1})", "[1, 2"}, "text"},
      {{"hello"}, "text"},
      {{"NULL", ""}, "text"},
      {{"NULL", "5", ""}, "integer"},
  };
  for (const auto& [texts, type] : kCases) {
    EXPECT_EQ(TypeOf(texts), type) << texts.front();
  }
}

TEST(Profiler, KeepsCodesThatOnlyLookLikeNumbersAsText) {
  for (const char* code : {"007", "+4930123", "-01", "00.5", "000000000000000000000"}) {
    EXPECT_EQ(TypeOf({"1", code, "2"}), "text") << code;
    EXPECT_FALSE(Profile({"1", code}).misfit) << code;
  }
  EXPECT_EQ(TypeOf({"0", "-0", "0.5"}), "numeric");
}

TEST(Profiler, KeepsVersionsAndTelephoneNumbersAsText) {
  for (const char* text : {"1.2.3", "10.4.7", "555-12-11", "555 12 11", "1-2-3", "12 11 10"}) {
    EXPECT_EQ(TypeOf({text}), "text") << text;
  }
}

TEST(Profiler, FindsOneOrderOfDatesForTheWholeColumn) {
  const ColumnProfile german = Profile({"01.02.2003", "31.12.1999"});
  EXPECT_EQ(german.type, ValueType::kDate);
  EXPECT_EQ(german.order, DateOrder::kDayMonthYear);
  EXPECT_TRUE(german.order_proven);
  EXPECT_EQ(german.format, "DD.MM.YYYY");

  const ColumnProfile american = Profile({"01/02/03", "12/31/99"});
  EXPECT_EQ(american.order, DateOrder::kMonthDayYear);
  EXPECT_TRUE(american.order_proven);
  EXPECT_EQ(american.format, "MM/DD/YY");

  EXPECT_EQ(TypeOf({"31.12.1999", "12.31.1999"}), "text") << "no order fits both";
}

TEST(Profiler, SaysWhenTheOrderOfDatesIsAGuess) {
  const ColumnProfile dots = Profile({"01.02.2003", "05.06.2007"});
  EXPECT_EQ(dots.order, DateOrder::kDayMonthYear);
  EXPECT_FALSE(dots.order_proven);
  const ColumnProfile slashes = Profile({"01/02/2003"});
  EXPECT_EQ(slashes.order, DateOrder::kMonthDayYear);
  EXPECT_FALSE(slashes.order_proven);
  EXPECT_TRUE(Profile({"05.05.2005"}).order_proven) << "any order gives the same day";
  EXPECT_TRUE(Profile({"Jun 12 1998", "12-Jun-1998"}).order_proven);
}

TEST(Profiler, NamesFormatsOfDates) {
  EXPECT_EQ(Profile({"2020-01-02"}).format, "");
  EXPECT_EQ(Profile({"2020/01/02"}).format, "YYYY/MM/DD");
  EXPECT_EQ(Profile({"Jun 12 1998"}).format, "Mon DD YYYY");
  EXPECT_EQ(Profile({"12-Jun-98"}).format, "DD-Mon-YY");
  EXPECT_EQ(Profile({"31.12.1999 10:11"}).format, "DD.MM.YYYY");
}

TEST(Profiler, TakesTheKindsOfJson) {
  EXPECT_EQ(TypeOf({"1", "2"}, FieldKind::kNumber), "integer");
  EXPECT_EQ(TypeOf({"true"}, FieldKind::kBoolean), "boolean");
  EXPECT_EQ(TypeOf({"{}", "[]"}, FieldKind::kNested), "jsonb");
  EXPECT_EQ(TypeOf({"5", "6"}, FieldKind::kString), "text");
  EXPECT_EQ(TypeOf({"true"}, FieldKind::kString), "text");
  EXPECT_EQ(TypeOf({"{}"}, FieldKind::kString), "text");
  EXPECT_EQ(TypeOf({"2020-01-02"}, FieldKind::kString), "date");
  EXPECT_EQ(TypeOf({"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}, FieldKind::kString), "uuid");
}

TEST(Profiler, TakesMixedJsonAsTextUnlessSomeIsNested) {
  TestBatch scalars(1);
  scalars.Row({{FieldKind::kNumber, "1"}}).Row({{FieldKind::kString, "one"}});
  Profiler profiler(Profiler::Detail::kTypesOnly);
  profiler.Add(scalars.batch());
  EXPECT_EQ(profiler.Finish({"value"}).front().type, ValueType::kText);
  TestBatch nested(1);
  nested.Row({{FieldKind::kNested, "{}"}});
  profiler.Add(nested.batch());
  EXPECT_EQ(profiler.Finish({"value"}).front().type, ValueType::kJsonb);
}

TEST(Profiler, ProvesATypeOverAllBatches) {
  TestBatch integers(1);
  integers.Column(Repeated("5", 10'000));
  TestBatch last(1);
  last.Column({"5.5"});
  Profiler profiler(Profiler::Detail::kTypesOnly);
  profiler.Add(integers.batch());
  profiler.Add(integers.batch());
  EXPECT_EQ(profiler.Finish({"value"}).front().type, ValueType::kInteger);
  profiler.Add(last.batch());
  EXPECT_EQ(profiler.Finish({"value"}).front().type, ValueType::kNumeric);
}

TEST(Profiler, NamesTheFewValuesThatKeepAColumnFromANarrowerType) {
  std::vector<std::string> texts = Repeated("17", 299);
  texts[7] = "1.0e";
  texts.emplace_back("N/A");
  const ColumnProfile profile = Profile(texts);
  EXPECT_EQ(profile.type, ValueType::kText);
  ASSERT_TRUE(profile.misfit);
  EXPECT_EQ(profile.misfit->type, ValueType::kInteger);
  EXPECT_EQ(profile.misfit->count, 2);
  ASSERT_EQ(profile.misfit->examples.size(), 2U);
  EXPECT_EQ(profile.misfit->examples[0].text, "1.0e");
  EXPECT_EQ(profile.misfit->examples[0].record, 8);
  EXPECT_EQ(profile.misfit->examples[0].line, 8);
  EXPECT_EQ(profile.misfit->examples[1].record, 300);
}

TEST(Profiler, FindsNoMisfitsAmongFewValuesOrWhenTheyAreMany) {
  std::vector<std::string> few = Repeated("17", 18);
  few.emplace_back("x");
  EXPECT_FALSE(Profile(few).misfit);
  std::vector<std::string> many = Repeated("17", 98);
  many.insert(many.end(), {"x", "y"});
  EXPECT_FALSE(Profile(many).misfit);
}

TEST(Profiler, GivesUpATypeThatManyValuesDoNotFit) {
  std::vector<std::string> texts = Repeated("word", 1000);
  texts.emplace_back("5");
  EXPECT_EQ(TypeOf(texts), "text");
  EXPECT_FALSE(Profile(texts).misfit);
}

TEST(Profiler, CountsValuesNullsAndLengths) {
  TestBatch batch(2);
  batch.Row({{FieldKind::kUntyped, "abc"}, {FieldKind::kNull, ""}})
      .Row({{FieldKind::kUntyped, ""}, {FieldKind::kAbsent, ""}})
      .Rejected()
      .Row({{FieldKind::kUntyped, "äöü"}, {FieldKind::kUntyped, "1"}});
  Profiler profiler(Profiler::Detail::kEverything);
  profiler.Add(batch.batch());
  const auto profiles = profiler.Finish({"name", "count", "never"});
  ASSERT_EQ(profiles.size(), 3U);
  EXPECT_EQ(profiles[0].values, 2);
  EXPECT_EQ(profiles[0].empty, 1);
  EXPECT_EQ(profiles[0].nulls, 0);
  EXPECT_EQ(profiles[0].longest, 6U);
  EXPECT_EQ(profiles[1].values, 1);
  EXPECT_EQ(profiles[1].nulls, 2);
  EXPECT_EQ(profiles[2].name, "never");
  EXPECT_EQ(profiles[2].empty, 3);
  EXPECT_EQ(profiles[2].type, ValueType::kText);
}

TEST(Profiler, CountsAColumnThatCameLaterAsEmptyBefore) {
  TestBatch narrow(1);
  narrow.Column({"1", "2"});
  TestBatch wide(2);
  wide.Row({{FieldKind::kNumber, "1"}, {FieldKind::kNumber, "2"}});
  Profiler profiler(Profiler::Detail::kEverything);
  profiler.Add(narrow.batch());
  profiler.Add(wide.batch());
  EXPECT_EQ(profiler.Finish({"a", "b"})[1].nulls, 2);
}

TEST(Profiler, ShowsThreeDifferentShortExamples) {
  EXPECT_THAT(Profile({"a", "a", "b", "c", "d"}).examples, ElementsAre("a", "b", "c"));
  EXPECT_LT(Profile({std::string(1000, 'x')}).examples.front().size(), 50U);
}

TEST(Profiler, CountsDifferentValuesExactlyThenNearly) {
  Profiler profiler(Profiler::Detail::kEverything);
  const auto add = [&](int from, int to) {
    TestBatch batch(1);
    for (int i = from; i < to; ++i) {
      batch.Row({{FieldKind::kUntyped, "value number " + std::to_string(i)}});
    }
    profiler.Add(batch.batch());
  };
  add(0, 100'000);
  add(0, 1'000);
  EXPECT_EQ(profiler.Finish({"a"}).front().distinct, 100'000);
  EXPECT_TRUE(profiler.Finish({"a"}).front().distinct_exact);
  add(100'000, 300'000);
  EXPECT_FALSE(profiler.Finish({"a"}).front().distinct_exact);
  EXPECT_NEAR(static_cast<double>(profiler.Finish({"a"}).front().distinct), 300'000, 9'000);
}

TEST(Profiler, KnowsNothingOfNothing) {
  const Profiler profiler(Profiler::Detail::kEverything);
  EXPECT_TRUE(profiler.Finish({}).empty());
  EXPECT_EQ(profiler.Finish({"a"}).front().values, 0);
}

}  // namespace
}  // namespace tenantry::load
