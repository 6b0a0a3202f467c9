#include "operator/reconcile/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <set>

namespace tenantry::reconcile {
namespace {

TEST(RandomPassword, IsLongAndNeedsNoQuoting) {
  std::set<std::string> passwords;
  std::set<char> letters;
  for (int i = 0; i < 200; ++i) {
    const std::string password = RandomPassword().reveal();
    EXPECT_EQ(password.size(), 32U);
    letters.insert(password.begin(), password.end());
    passwords.insert(password);
  }

  EXPECT_EQ(passwords.size(), 200U);
  EXPECT_EQ(letters.size(), 62U) << "every letter and digit comes up";
  EXPECT_TRUE(std::all_of(letters.begin(), letters.end(),
                          [](unsigned char c) { return std::isalnum(c) != 0; }));
}

TEST(RandomCredentials, HaveTwoDifferentPasswords) {
  const plan::Credentials credentials = RandomCredentials();

  EXPECT_NE(credentials.password, credentials.cache_password);
  EXPECT_EQ(credentials.username, "");
}

TEST(RandomToken, IsFitForATaskId) {
  const std::string token = RandomToken();

  EXPECT_EQ(token.size(), 8U);
  EXPECT_EQ(token.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_NE(token, RandomToken());
}

TEST(RandomFraction, IsSpreadOverTheUnitInterval) {
  int low = 0;
  for (int i = 0; i < 1000; ++i) {
    const double fraction = RandomFraction();
    ASSERT_GE(fraction, 0.0);
    ASSERT_LT(fraction, 1.0);
    low += fraction < 0.5 ? 1 : 0;
  }

  EXPECT_GT(low, 300);
  EXPECT_LT(low, 700);
}

}  // namespace
}  // namespace tenantry::reconcile
