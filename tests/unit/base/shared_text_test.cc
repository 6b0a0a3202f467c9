#include "common/base/shared_text.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace tenantry {
namespace {

TEST(SharedText, SharesOneCopyOfEqualTexts) {
  const SharedText one("Schema, roles and grants are as the spec says.");
  const SharedText other(std::string("Schema, roles and grants are as the spec says."));
  EXPECT_EQ(one, other);
  EXPECT_EQ(one.str().data(), other.str().data());
  EXPECT_NE(one, SharedText("Schema"));
}

TEST(SharedText, ReadsAsAString) {
  const SharedText text = "Ready";
  const std::string& string = text;
  EXPECT_EQ(string, "Ready");
  EXPECT_EQ(text, std::string("Ready"));
  EXPECT_EQ(text, "Ready");
  EXPECT_TRUE(SharedText().empty());
  EXPECT_EQ(SharedText(""), SharedText());
  EXPECT_EQ(SharedText().str(), "");
}

TEST(SharedText, OutlivesItsFellows) {
  SharedText text = "short-lived";
  {
    const SharedText fellow = "short-lived";
    text = SharedText();
    EXPECT_EQ(fellow, "short-lived");
  }
  EXPECT_EQ(SharedText("short-lived"), "short-lived");
}

TEST(SharedText, IsMadeAndDroppedByManyThreads) {
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([] {
      for (int i = 0; i < 5'000; ++i) {
        const std::string text = "text-" + std::to_string(i % 7);
        EXPECT_EQ(SharedText(text).str(), text);
      }
    });
  }
}

}  // namespace
}  // namespace tenantry
