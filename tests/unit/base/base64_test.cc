#include "common/base/base64.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace tenantry {
namespace {

TEST(EncodeBase64, FollowsTheExamplesOfRfc4648) {
  const std::vector<std::pair<const char*, const char*>> table = {
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
  };
  for (const auto& [bytes, text] : table) {
    EXPECT_EQ(EncodeBase64(bytes), text);
    EXPECT_EQ(DecodeBase64(text), bytes);
  }
}

TEST(DecodeBase64, ReadsBackEveryByte) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) {
    bytes += static_cast<char>(i);
    EXPECT_EQ(DecodeBase64(EncodeBase64(bytes)), bytes);
  }
}

TEST(DecodeBase64, RefusesEverythingElse) {
  for (const char* text : {"Z", "Zg", "Zg=", "Zg==Zg==", "====", "=", "Z===", "Zm8*", "Zm 8",
                           "Zm-_", "Zm9v\n", "Zg==\n"}) {
    EXPECT_FALSE(DecodeBase64(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace tenantry
