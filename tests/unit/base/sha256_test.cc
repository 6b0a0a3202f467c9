#include "common/base/sha256.h"

#include <gtest/gtest.h>

namespace tenantry {
namespace {

// Source: FIPS 180-4, examples.
TEST(Sha256, DigestsAsTheStandardSays) {
  Sha256 whole;
  whole.Add("abc");
  EXPECT_EQ(whole.Finish(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  Sha256 pieces;
  pieces.Add("a");
  pieces.Add("");
  pieces.Add("bc");
  EXPECT_EQ(pieces.Finish(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

}  // namespace
}  // namespace tenantry
