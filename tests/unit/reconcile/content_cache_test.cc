#include "operator/reconcile/content_cache.h"

#include <gtest/gtest.h>

#include <chrono>

#include "tests/unit/reconcile/builders.h"

namespace tenantry::reconcile {
namespace {

using Cache = ContentCache<plan::ConfigMapObject>;
using std::chrono_literals::operator""s;

constexpr MonotonicTime kStart{std::chrono::hours(1)};

Cache::Content Content(const std::string& text, const std::string& version) {
  return {plan::ConfigMapObject{.data = {{"text", text}}}, version};
}

TEST(ContentCache, GivesOutWhatIsFresh) {
  Cache cache;
  cache.Put(KeyOf("a"), Content("hello", "9"), kStart, kStart + 30s);

  EXPECT_EQ(cache.Find(KeyOf("a"), "9", kStart + 29s)->object.data.at("text"), "hello");
  EXPECT_TRUE(cache.Find(KeyOf("a"), std::nullopt, kStart)) << "nobody watches it";
  EXPECT_FALSE(cache.Find(KeyOf("a"), "10", kStart)) << "there is a newer one";
  EXPECT_FALSE(cache.Find(KeyOf("a"), "9", kStart + 30s)) << "its time is over";
  EXPECT_FALSE(cache.Find(KeyOf("b"), "9", kStart));
}

TEST(ContentCache, ForgetsOnDemandAndTakesAnewAfterwards) {
  Cache cache;
  cache.Put(KeyOf("a"), Content("old", "9"), kStart, kStart + 30s);
  cache.Forget(KeyOf("a"));
  EXPECT_FALSE(cache.Find(KeyOf("a"), "9", kStart));

  cache.Put(KeyOf("a"), Content("new", "10"), kStart, kStart + 30s);
  EXPECT_EQ(cache.Find(KeyOf("a"), "10", kStart)->object.data.at("text"), "new");
}

TEST(ContentCache, IsBounded) {
  Cache cache;
  for (int i = 0; i < 5'000; ++i) {
    cache.Put(KeyOf("n" + std::to_string(i)), Content("x", "1"), kStart, kStart + 30s);
  }
  EXPECT_FALSE(cache.Find(KeyOf("n0"), "1", kStart));
  EXPECT_TRUE(cache.Find(KeyOf("n4999"), "1", kStart));
}

}  // namespace
}  // namespace tenantry::reconcile
