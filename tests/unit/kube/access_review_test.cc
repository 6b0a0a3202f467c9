#include "operator/kube/access_review.h"

#include <gtest/gtest.h>

#include "common/base/sha256.h"
#include "operator/kube/access_cache.h"

namespace tenantry::kube {
namespace {

using std::chrono::seconds;

TEST(BearerToken, FindsTheTokenOfTheAuthorizationHeader) {
  struct Case {
    net::Headers headers;
    std::string token;
  };
  const Case cases[] = {
      {{{"accept", "*/*"}, {"authorization", "Bearer abc.def"}}, "abc.def"},
      {{{"authorization", "bEaReR   abc "}}, "abc"},
      {{{"authorization", "Bearer"}}, ""},
      {{{"authorization", "Bearer "}}, ""},
      {{{"authorization", "Bearerabc"}}, ""},
      {{{"authorization", "Basic dXNlcjpwYXNz"}}, ""},
      {{{"authorization", ""}}, ""},
      {{}, ""},
  };
  for (const Case& test : cases) {
    EXPECT_EQ(BearerToken(test.headers).reveal(), test.token);
  }
}

TEST(DecodeTokenReview, TellsWhoseTokenItIs) {
  const auto user = DecodeTokenReview(
      Json::parse(R"({"status":{"authenticated":true,"user":{"username":"scraper","uid":"7",
                      "groups":["a","b"],"extra":{"pod":["p-0"]}}}})"));

  ASSERT_TRUE(user && user->has_value());
  const Json review = MakeAccessReview(**user, "/metrics", "get");
  EXPECT_EQ(review["apiVersion"], "authorization.k8s.io/v1");
  EXPECT_EQ(review["spec"], Json::parse(R"({"user":"scraper","uid":"7","groups":["a","b"],
      "extra":{"pod":["p-0"]},"nonResourceAttributes":{"path":"/metrics","verb":"get"}})"));
}

TEST(DecodeTokenReview, TellsThatTheTokenIsNobodys) {
  for (const char* text : {R"({"status":{"authenticated":false}})",
                           R"({"status":{"error":"invalid bearer token"}})", R"({"status":{}})"}) {
    const auto user = DecodeTokenReview(Json::parse(text));
    ASSERT_TRUE(user) << text;
    EXPECT_FALSE(user->has_value()) << text;
  }
}

TEST(DecodeTokenReview, TakesNothingElseForAnAnswer) {
  for (const char* text :
       {"{}", "[]", "null", R"({"status":[]})", R"({"status":{"authenticated":"true"}})",
        R"({"status":{"authenticated":true}})", R"({"status":{"authenticated":true,"user":[]}})",
        R"({"status":{"authenticated":true,"user":{"username":""}}})"}) {
    EXPECT_FALSE(DecodeTokenReview(Json::parse(text))) << text;
  }
}

TEST(DecodeAccessReview, AllowsOnlyWhatIsAllowedAndNotDenied) {
  const auto decode = [](const char* text) { return DecodeAccessReview(Json::parse(text)); };
  EXPECT_TRUE(decode(R"({"status":{"allowed":true}})").value());
  EXPECT_FALSE(decode(R"({"status":{"allowed":true,"denied":true}})").value());
  EXPECT_FALSE(decode(R"({"status":{"allowed":false,"reason":"no"}})").value());
  EXPECT_FALSE(decode(R"({"status":{}})").value());
  for (const char* text : {"{}", "7", R"({"status":{"allowed":1}})", R"({"status":null})"}) {
    EXPECT_FALSE(decode(text)) << text;
  }
}

constexpr MonotonicTime kStart{std::chrono::hours(1)};

AccessCache::Question Ask(std::string_view token) {
  return {.token = Sha256Hex(token), .path = "/metrics", .verb = "get"};
}

TEST(AccessCache, RemembersAllowancesLongerThanRefusals) {
  AccessCache cache;
  cache.Remember(Ask("good"), Access::kAllowed, kStart);
  cache.Remember(Ask("bad"), Access::kUnauthenticated, kStart);
  cache.Remember(Ask("weak"), Access::kForbidden, kStart);

  EXPECT_EQ(cache.Find(Ask("bad"), kStart + seconds(4)), Access::kUnauthenticated);
  EXPECT_EQ(cache.Find(Ask("bad"), kStart + seconds(5)), std::nullopt);
  EXPECT_EQ(cache.Find(Ask("weak"), kStart + seconds(5)), std::nullopt);
  EXPECT_EQ(cache.Find(Ask("good"), kStart + seconds(59)), Access::kAllowed);
  EXPECT_EQ(cache.Find(Ask("good"), kStart + seconds(60)), std::nullopt);
}

TEST(AccessCache, TellsTokensAndPathsApart) {
  AccessCache cache;
  cache.Remember(Ask("good"), Access::kAllowed, kStart);
  AccessCache::Question elsewhere = Ask("good");
  elsewhere.path = "/debug";

  EXPECT_EQ(cache.Find(Ask("gooD"), kStart), std::nullopt);
  EXPECT_EQ(cache.Find(elsewhere, kStart), std::nullopt);
}

TEST(AccessCache, StaysSmallAndKeepsAllowancesInAFloodOfWrongTokens) {
  AccessCache cache;
  cache.Remember(Ask("good"), Access::kAllowed, kStart);
  for (std::size_t i = 0; i < 2 * AccessCache::kMaxRemembered; ++i) {
    cache.Remember(Ask("wrong-" + std::to_string(i)), Access::kUnauthenticated, kStart);
  }

  EXPECT_EQ(cache.size(), AccessCache::kMaxRemembered);
  EXPECT_EQ(cache.Find(Ask("good"), kStart), Access::kAllowed);
}

}  // namespace
}  // namespace tenantry::kube
