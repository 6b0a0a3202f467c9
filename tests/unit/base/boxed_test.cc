#include "common/base/boxed.h"

#include <gtest/gtest.h>

#include <string>

namespace tenantry {
namespace {

TEST(Boxed, HasAValueOfItsOwn) {
  Boxed<std::string> box;
  EXPECT_FALSE(box);
  box = std::string("first");
  Boxed<std::string> copy = box;
  *copy += " and second";
  EXPECT_EQ(*box, "first");
  EXPECT_EQ(copy->size(), 16u);
  box.reset();
  EXPECT_FALSE(box);
  EXPECT_TRUE(copy);
}

}  // namespace
}  // namespace tenantry
