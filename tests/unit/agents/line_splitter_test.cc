#include "operator/agents/line_splitter.h"

#include <gtest/gtest.h>

namespace tenantry::agents {
namespace {

using Lines = std::vector<std::string>;

TEST(LineSplitter, JoinsPiecesAndSplitsLines) {
  LineSplitter splitter(100);

  EXPECT_EQ(splitter.Feed("one").value(), Lines{});
  EXPECT_EQ(splitter.Feed(" and\ntwo\n\nthr").value(), (Lines{"one and", "two", ""}));
  EXPECT_EQ(splitter.Feed("").value(), Lines{});
  EXPECT_EQ(splitter.Feed("ee\n").value(), Lines{"three"});
}

TEST(LineSplitter, TakesALineOfTheGreatestLength) {
  LineSplitter splitter(5);

  EXPECT_EQ(splitter.Feed("12345\n67890\n").value(), (Lines{"12345", "67890"}));
}

TEST(LineSplitter, RefusesALongerLineHoweverItComes) {
  EXPECT_FALSE(LineSplitter(5).Feed("123456\n"));
  EXPECT_FALSE(LineSplitter(5).Feed("123456"));
  LineSplitter splitter(5);
  ASSERT_TRUE(splitter.Feed("123"));
  EXPECT_FALSE(splitter.Feed("456"));
}

}  // namespace
}  // namespace tenantry::agents
