#include "common/base/packed_text.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace tenantry {
namespace {

std::string RandomBytes(std::size_t count) {
  std::minstd_rand random(7);
  std::string bytes;
  while (bytes.size() < count) {
    bytes += static_cast<char>(random() >> 8);
  }
  return bytes;
}

TEST(PackedText, GivesBackWhatItWasMadeOf) {
  const std::string repeated(100'000, 'x');
  for (const std::string& text :
       {std::string(), std::string("{}"), std::string(255, 'x'), std::string(256, 'x'), repeated,
        RandomBytes(256), RandomBytes(70'000), repeated + RandomBytes(1000) + repeated}) {
    const PackedText packed(text);
    EXPECT_EQ(packed.str(), text);
    EXPECT_EQ(packed.empty(), text.empty());
    EXPECT_LE(packed.packed_size(), text.size());
  }
  EXPECT_LT(PackedText(repeated).packed_size(), 2'000u);
}

TEST(PackedText, IsEqualWhenTheTextsAre) {
  const std::string text(1000, 'x');
  EXPECT_EQ(PackedText(text), PackedText(text));
  EXPECT_EQ(PackedText(), PackedText(""));
  EXPECT_NE(PackedText(text), PackedText());
  EXPECT_NE(PackedText(text), PackedText(text + "y"));
  EXPECT_NE(PackedText(text), PackedText(std::string(1000, 'y')));
}

}  // namespace
}  // namespace tenantry
