#include "operator/reconcile/object_cache.h"

#include <gtest/gtest.h>

#include "common/api/tenant.h"

namespace tenantry::reconcile {
namespace {

using Cache = ObjectCache<api::Tenant>;

api::Tenant Tenant(const std::string& name, const std::string& version) {
  api::Tenant tenant;
  tenant.meta = {
      .ns = api::Namespace("platform"), .name = api::Name(name), .resource_version = version};
  return tenant;
}

const api::ObjectKey kAcme{api::Namespace("platform"), api::Name("acme")};

TEST(IsOlder, ComparesVersionsAsNumbers) {
  EXPECT_TRUE(IsOlder("9", "10"));
  EXPECT_TRUE(IsOlder("199", "200"));
  EXPECT_TRUE(IsOlder("", "1"));
  EXPECT_FALSE(IsOlder("10", "9"));
  EXPECT_FALSE(IsOlder("10", "10"));
}

TEST(ObjectCache, TellsWhatBecameOfAnObject) {
  Cache cache;

  const Cache::Change added = cache.Upsert(Tenant("acme", "1"));
  EXPECT_EQ(added.before, nullptr);
  EXPECT_EQ(*added.after, Tenant("acme", "1"));

  const Cache::Change changed = cache.Upsert(Tenant("acme", "2"));
  EXPECT_EQ(changed.before, added.after);
  EXPECT_EQ(cache.Get(kAcme), changed.after);

  const Cache::Change removed = cache.Remove(kAcme);
  EXPECT_EQ(removed.before, changed.after);
  EXPECT_EQ(removed.after, nullptr);
  EXPECT_EQ(cache.Get(kAcme), nullptr);
  EXPECT_EQ(cache.size(), 0U);
}

TEST(ObjectCache, NeverGoesBackToAnOlderState) {
  Cache cache;
  cache.Upsert(Tenant("acme", "10"));  // the answer to our own write

  EXPECT_FALSE(cache.Upsert(Tenant("acme", "9")).any());   // the watch is behind
  EXPECT_FALSE(cache.Upsert(Tenant("acme", "10")).any());  // and arrives there

  EXPECT_EQ(cache.Get(kAcme)->meta.resource_version, "10");
}

TEST(ObjectCache, TakesNoAnswerToAWriteForAnObjectThatIsGone) {
  Cache cache;
  cache.Upsert(Tenant("acme", "1"));
  cache.Remove(kAcme);  // the watch was faster than the answer

  EXPECT_FALSE(cache.Upsert(Tenant("acme", "2"), IfUnknown::kIgnore).any());

  EXPECT_EQ(cache.size(), 0U);
}

TEST(ObjectCache, ChangesNothingWhenAnUnknownObjectGoes) {
  EXPECT_FALSE(Cache().Remove(kAcme).any());
}

TEST(ObjectCache, KeepsASnapshotForWhoeverReadIt) {
  Cache cache;
  cache.Upsert(Tenant("acme", "1"));
  const Cache::Pointer read = cache.Get(kAcme);

  cache.Upsert(Tenant("acme", "2"));
  cache.Remove(kAcme);

  EXPECT_EQ(read->meta.resource_version, "1");
}

TEST(ObjectCache, SelectsInTheOrderOfKeys) {
  Cache cache;
  for (const char* name : {"c", "a", "b"}) {
    cache.Upsert(Tenant(name, "1"));
  }

  const auto selected =
      cache.Select([](const api::Tenant& tenant) { return tenant.meta.name.value() != "b"; });

  ASSERT_EQ(selected.size(), 2U);
  EXPECT_EQ(selected[0]->meta.name.value(), "a");
  EXPECT_EQ(selected[1]->meta.name.value(), "c");
  EXPECT_EQ(cache.Keys().size(), 3U);
}

}  // namespace
}  // namespace tenantry::reconcile
