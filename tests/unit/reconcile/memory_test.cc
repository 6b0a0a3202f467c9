#include "operator/reconcile/memory.h"

#include <gtest/gtest.h>

#include "operator/reconcile/running_loads.h"
#include "tests/unit/reconcile/builders.h"

namespace tenantry::reconcile {
namespace {

TEST(Memory, RemembersAnObjectFromPassToPass) {
  Memory<int> memory;
  memory.Of(MetaOf("acme")) = 7;
  memory.Of(MetaOf("globex")) = 8;

  EXPECT_EQ(memory.Of(MetaOf("acme")), 7);
}

TEST(Memory, KnowsNothingOfANewObjectOfTheSameName) {
  Memory<int> memory;
  memory.Of(MetaOf("acme")) = 7;
  api::ObjectMeta anew = MetaOf("acme");
  anew.uid = api::Uid("uid-2");

  EXPECT_EQ(memory.Of(anew), 0);
}

TEST(Memory, ForgetsWhatWent) {
  Memory<int> memory;
  memory.Of(MetaOf("acme")) = 7;

  memory.Forget(KeyOf("acme"));
  memory.Forget(KeyOf("never-known"));

  EXPECT_EQ(memory.Of(MetaOf("acme")), 0);
}

TEST(Memory, KeepsEntriesInPlaceWhileOthersComeAndGo) {
  Memory<int> memory;
  int& acme = memory.Of(MetaOf("acme"));
  for (int i = 0; i < 1000; ++i) {
    memory.Of(MetaOf("other-" + std::to_string(i)));
  }
  acme = 7;

  EXPECT_EQ(memory.Of(MetaOf("acme")), 7);
}

TEST(RunningLoads, NamesALoadAsLongAsOneRuns) {
  RunningLoads loads;
  EXPECT_EQ(loads.AnyFor(KeyOf("acme")), "");

  loads.Begin(KeyOf("acme"), api::Name("catalog"));
  loads.Begin(KeyOf("acme"), api::Name("catalog"));
  loads.Begin(KeyOf("acme"), api::Name("users"));
  EXPECT_EQ(loads.AnyFor(KeyOf("acme")), "catalog");
  EXPECT_EQ(loads.AnyFor(KeyOf("globex")), "");

  EXPECT_FALSE(loads.End(KeyOf("acme"), api::Name("catalog"))) << "another one still runs";
  EXPECT_EQ(loads.AnyFor(KeyOf("acme")), "users");
  EXPECT_TRUE(loads.End(KeyOf("acme"), api::Name("users")));
  EXPECT_FALSE(loads.End(KeyOf("acme"), api::Name("users"))) << "it had ended before";
  EXPECT_EQ(loads.AnyFor(KeyOf("acme")), "");
}

}  // namespace
}  // namespace tenantry::reconcile
