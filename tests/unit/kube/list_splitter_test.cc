#include "operator/kube/list_splitter.h"

#include <gtest/gtest.h>

#include <vector>

namespace tenantry::kube {
namespace {

struct Outcome {
  std::vector<std::string> items;
  std::string resource_version;
  std::string continue_token;
  std::string error;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome Feed(const std::vector<std::string_view>& pieces, std::size_t max_item = kMaxObjectBytes) {
  Outcome outcome;
  ListSplitter splitter(max_item);
  const auto keep = [&](std::string_view item) {
    outcome.items.emplace_back(item);
    return true;
  };
  for (const std::string_view piece : pieces) {
    const Result<void> pushed = splitter.Push(piece, keep);
    if (!pushed) {
      outcome.error = pushed.error().message;
      return outcome;
    }
  }
  const Result<ListMetadata> metadata = splitter.Finish();
  if (!metadata) {
    outcome.error = metadata.error().message;
    return outcome;
  }
  outcome.resource_version = metadata->resource_version;
  outcome.continue_token = metadata->continue_token;
  return outcome;
}

constexpr std::string_view kSample =
    R"( {"kind":"TenantList","n":-1.5e3,"b":true,"metadata":{"resourceVersion":"42","continue":"abc"},)"
    R"( "other":[{"items":[1]}], "items" : [ {"a":"}]\"\\","b":[1,{"c":null}]} , {} ,7,"x,]",null]})"
    "\n";

TEST(ListSplitter, EmitsEachItemAndTheMetadata) {
  const Outcome outcome = Feed({kSample});

  EXPECT_EQ(outcome.items, (std::vector<std::string>{R"({"a":"}]\"\\","b":[1,{"c":null}]})", "{}",
                                                     "7", R"("x,]")", "null"}));
  EXPECT_EQ(outcome.resource_version, "42");
  EXPECT_EQ(outcome.continue_token, "abc");
  EXPECT_EQ(outcome.error, "");
}

TEST(ListSplitter, IsIndifferentToWhereTheBodyIsCutInTwo) {
  const Outcome whole = Feed({kSample});
  for (std::size_t i = 0; i <= kSample.size(); ++i) {
    EXPECT_EQ(Feed({kSample.substr(0, i), kSample.substr(i)}), whole) << "cut at byte " << i;
  }
}

TEST(ListSplitter, TakesTheBodyByteByByte) {
  std::vector<std::string_view> bytes;
  for (std::size_t i = 0; i < kSample.size(); ++i) {
    bytes.push_back(kSample.substr(i, 1));
  }
  EXPECT_EQ(Feed(bytes), Feed({kSample}));
}

TEST(ListSplitter, RefusesABodyThatIsCutOffAnywhere) {
  const std::string_view trimmed = kSample.substr(0, kSample.size() - 2);
  for (std::size_t i = 0; i <= trimmed.size(); ++i) {
    EXPECT_NE(Feed({trimmed.substr(0, i)}).error, "") << "cut off at byte " << i;
  }
}

TEST(ListSplitter, TakesListsWithoutItems) {
  EXPECT_EQ(Feed({R"({"items":[],"metadata":{"resourceVersion":"1"}})"}).resource_version, "1");
  EXPECT_EQ(Feed({R"({"items":null,"metadata":{"resourceVersion":"2"}})"}).resource_version, "2");
  EXPECT_EQ(Feed({R"({})"}).error, "");
}

TEST(ListSplitter, RefusesWhatIsNotAList) {
  for (const std::string_view text :
       {"[]", "x", "{1:2}", "{\"a\" 1}", "{\"a\":}", "{\"a\":1,}", "{\"items\":[,]}",
        "{\"items\":[1,]}", "{\"items\":[1 2]}", "{\"items\":[tr{}]}", "{\"items\":]}",
        "{\"metadata\":[]}", "{} {}", "<html>"}) {
    EXPECT_NE(Feed({text}).error, "") << text;
  }
}

TEST(ListSplitter, RefusesAnItemThatIsTooLargeHoweverItArrives) {
  const std::string list = R"({"items":[{"a":")" + std::string(100, 'x') + R"("}]})";

  EXPECT_NE(Feed({list}, 50).error, "");
  EXPECT_NE(Feed({list.substr(0, 40), list.substr(40, 40), list.substr(80)}, 50).error, "");
  EXPECT_EQ(Feed({list}, 110).error, "");
}

TEST(ListSplitter, SkipsLargeValuesThatNobodyAskedFor) {
  const std::string list = R"({"other":")" + std::string(100, 'x') + R"(","items":[{}]})";

  EXPECT_EQ(Feed({list}, 20).items.size(), 1U);
}

TEST(ListSplitter, StopsWhenTheSinkSaysSo) {
  ListSplitter splitter;
  int seen = 0;
  const auto stop_at_two = [&](std::string_view) { return ++seen < 2; };

  ASSERT_TRUE(splitter.Push(R"({"items":[1,2,3,4]})", stop_at_two));

  EXPECT_TRUE(splitter.stopped());
  EXPECT_EQ(seen, 2);
}

std::vector<std::string> Lines(const std::vector<std::string_view>& pieces) {
  std::vector<std::string> lines;
  LineSplitter splitter;
  for (const std::string_view piece : pieces) {
    EXPECT_TRUE(splitter.Push(piece, [&](std::string_view line) {
      lines.emplace_back(line);
      return true;
    }));
  }
  return lines;
}

TEST(LineSplitter, IsIndifferentToWhereTheStreamIsCutInTwo) {
  constexpr std::string_view kStream = "{\"a\":1}\r\n\n{\"b\":2}\n{\"c\"";
  for (std::size_t i = 0; i <= kStream.size(); ++i) {
    EXPECT_EQ(Lines({kStream.substr(0, i), kStream.substr(i)}),
              (std::vector<std::string>{R"({"a":1})", R"({"b":2})"}))
        << "cut at byte " << i;
  }
}

TEST(LineSplitter, KnowsThatItIsInTheMiddleOfALine) {
  LineSplitter splitter;
  const auto take = [](std::string_view) { return true; };

  ASSERT_TRUE(splitter.Push("one\ntw", take));
  EXPECT_TRUE(splitter.in_line());
  ASSERT_TRUE(splitter.Push("o\n", take));
  EXPECT_FALSE(splitter.in_line());
}

TEST(LineSplitter, RefusesALineThatIsTooLong) {
  const auto take = [](std::string_view) { return true; };
  LineSplitter one_piece(8);
  EXPECT_FALSE(one_piece.Push("123456789\n", take));
  LineSplitter two_pieces(8);
  ASSERT_TRUE(two_pieces.Push("12345", take));
  EXPECT_FALSE(two_pieces.Push("6789", take));
  LineSplitter fits(8);
  EXPECT_TRUE(fits.Push("12345678\n12345678\n", take));
}

}  // namespace
}  // namespace tenantry::kube
