#include "common/base/strings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tenantry {
namespace {

using testing::ElementsAre;

TEST(Split, KeepsEmptyParts) {
  EXPECT_THAT(Split("a,,b,", ','), ElementsAre("a", "", "b", ""));
  EXPECT_THAT(Split("", ','), ElementsAre(""));
}

TEST(Trim, RemovesBlanksOnBothSides) {
  EXPECT_EQ(Trim(" \t a b \r\n"), "a b");
  EXPECT_EQ(Trim(" \n"), "");
  EXPECT_EQ(Trim(""), "");
}

TEST(Join, PutsSeparatorsBetween) {
  EXPECT_EQ(Join({}, ", "), "");
  EXPECT_EQ(Join({"a"}, ", "), "a");
  EXPECT_EQ(Join({"a", "", "c"}, ", "), "a, , c");
}

TEST(Shorten, KeepsShortText) {
  EXPECT_EQ(Shorten("Ünïcode ✓"), "Ünïcode ✓");
  EXPECT_EQ(Shorten(""), "");
}

TEST(Shorten, CutsAtACharacter) {
  EXPECT_EQ(Shorten("aé✓b", 1), "a…");
  EXPECT_EQ(Shorten("aé✓b", 2), "aé…");
  EXPECT_EQ(Shorten("aé✓b", 7), "aé✓b");
}

TEST(Shorten, EscapesControlBytesAndInvalidUtf8) {
  EXPECT_EQ(Shorten("a\nb\x7F"), "a\\x0Ab\\x7F");
  EXPECT_EQ(Shorten(std::string("\0", 1)), "\\x00");
  EXPECT_EQ(Shorten("\xFF\xC3"), "\\xFF\\xC3");
  EXPECT_EQ(Shorten("\xC0\x80"), "\\xC0\\x80");
}

TEST(Shorten, GivesValidUtf8ForEveryPairOfBytes) {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string text = {static_cast<char>(first), static_cast<char>(second)};
      ASSERT_TRUE(IsValidUtf8(Shorten(text, 1))) << first << " " << second;
    }
  }
}

TEST(IsValidUtf8, KnowsTheEdgesOfEachLength) {
  for (const char* text : {"", "a", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF",
                           "\xEE\x80\x80", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(IsValidUtf8(text)) << Shorten(text);
  }
}

TEST(IsValidUtf8, RefusesOverlongSurrogateTooLargeAndCutSequences) {
  for (const char* text :
       {"\x80", "\xC0\xAF", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE2\x82", "\xF0\x9F\x98", "a\xFF"}) {
    EXPECT_FALSE(IsValidUtf8(text)) << Shorten(text);
  }
}

}  // namespace
}  // namespace tenantry
