#include "agent/load/load_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tenantry::load {
namespace {

using ::testing::ElementsAre;

TEST(ParentsFirst, KeepsTheOrderThatIsGivenWhereItMay) {
  EXPECT_THAT(ParentsFirst(3, {}), ElementsAre(0, 1, 2));
  EXPECT_THAT(ParentsFirst(3, {{2, 0}}), ElementsAre(0, 1, 2));
  EXPECT_THAT(ParentsFirst(0, {}), ElementsAre());
}

TEST(ParentsFirst, PutsParentsBeforeTheirChildren) {
  EXPECT_THAT(ParentsFirst(3, {{0, 2}}), ElementsAre(1, 2, 0));
  EXPECT_THAT(ParentsFirst(4, {{0, 1}, {1, 2}, {2, 3}}), ElementsAre(3, 2, 1, 0));
}

TEST(ParentsFirst, BreaksACycleAtItsFirstOne) {
  EXPECT_THAT(ParentsFirst(3, {{0, 1}, {1, 0}, {2, 1}}), ElementsAre(0, 1, 2));
  EXPECT_THAT(ParentsFirst(2, {{0, 0}, {1, 1}}), ElementsAre(0, 1)) << "itself is no reference";
}

}  // namespace
}  // namespace tenantry::load
