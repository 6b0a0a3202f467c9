#include "common/base/secret.h"

#include <gtest/gtest.h>

#include <ostream>
#include <type_traits>

#include "common/base/strong_id.h"

namespace tenantry {
namespace {

template <class T>
concept Printable = requires(std::ostream& out, const T& value) {
  out << value;
};

TEST(Secret, CannotBePrintedOrConverted) {
  EXPECT_FALSE(Printable<Secret>);
  EXPECT_FALSE((std::is_convertible_v<Secret, std::string>));
  EXPECT_FALSE((std::is_convertible_v<std::string, Secret>));
}

TEST(Secret, RevealsWhatItWasGiven) {
  const Secret secret("hunter2");
  EXPECT_EQ(secret.reveal(), "hunter2");
  EXPECT_FALSE(secret.empty());
  EXPECT_TRUE(Secret().empty());
}

TEST(Secret, IsCopiedMovedAndCompared) {
  Secret first("a");
  Secret second = first;
  EXPECT_TRUE(first == second);
  second = Secret("b");
  EXPECT_FALSE(first == second);
  first = second;
  EXPECT_EQ(first.reveal(), "b");
  first = *&first;
  EXPECT_EQ(first.reveal(), "b");
  const Secret third = std::move(second);
  EXPECT_EQ(third.reveal(), "b");
}

struct AppleTag {};
struct PearTag {};

TEST(StrongId, CannotBeMistakenForAnother) {
  using Apple = StrongId<AppleTag>;
  using Pear = StrongId<PearTag>;
  EXPECT_FALSE((std::is_convertible_v<Apple, Pear>));
  EXPECT_FALSE((std::is_convertible_v<Apple, std::string>));
  EXPECT_FALSE((std::is_convertible_v<std::string, Apple>));
  EXPECT_LT(Apple("a"), Apple("b"));
  EXPECT_EQ(std::hash<Apple>()(Apple("a")), std::hash<std::string>()("a"));
}

}  // namespace
}  // namespace tenantry
