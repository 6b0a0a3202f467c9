#include "operator/reconcile/reference_index.h"

#include <gtest/gtest.h>

#include "tests/unit/reconcile/builders.h"

namespace tenantry::reconcile {
namespace {

const api::ObjectKey kBinding = KeyOf("acme-connection");

api::ObjectMeta Version(const std::string& version) {
  api::ObjectMeta meta = MetaOf("acme-connection");
  meta.labels = {{api::kManagedLabel, "true"}, {api::kTenantLabel, "acme"}};
  meta.resource_version = version;
  return meta;
}

TEST(ReferenceIndex, TakesOnlyWhatIsNewer) {
  ReferenceIndex index;
  EXPECT_TRUE(index.Update(Reference::kSecret, Version("9")));
  EXPECT_FALSE(index.Update(Reference::kSecret, Version("9")));
  EXPECT_FALSE(index.Update(Reference::kSecret, Version("8")));
  EXPECT_TRUE(index.Update(Reference::kSecret, Version("10")));
  EXPECT_EQ(index.VersionOf(Reference::kSecret, kBinding), "10");
  EXPECT_EQ(index.VersionOf(Reference::kConfigMap, kBinding), std::nullopt);
}

TEST(ReferenceIndex, KnowsTheEchoOfAnOwnWrite) {
  ReferenceIndex index;
  const auto mark = index.BeforeWrite(Reference::kSecret);
  EXPECT_TRUE(index.Written(Reference::kSecret, Version("5"), mark));
  EXPECT_FALSE(index.Update(Reference::kSecret, Version("5")));
  EXPECT_TRUE(index.Update(Reference::kSecret, Version("7"))) << "somebody wrote after us";
}

TEST(ReferenceIndex, ALateAnswerDoesNotBringAnObjectBack) {
  ReferenceIndex index;
  const auto mark = index.BeforeWrite(Reference::kSecret);
  index.Update(Reference::kSecret, Version("5"));  // the watch is faster than the answer …
  index.Remove(Reference::kSecret, kBinding);      // … and tells of the end, too

  EXPECT_FALSE(index.Written(Reference::kSecret, Version("5"), mark));
  EXPECT_EQ(index.VersionOf(Reference::kSecret, kBinding), std::nullopt);
}

TEST(ReferenceIndex, TellsWhoseAnObjectWas) {
  ReferenceIndex index;
  api::ObjectMeta somebodys = MetaOf("files");
  somebodys.labels = {{api::kTenantLabel, "acme"}};  // but not managed
  index.Update(Reference::kConfigMap, somebodys);
  index.Update(Reference::kSecret, Version("1"));

  EXPECT_EQ(index.Remove(Reference::kSecret, kBinding)->owner, api::Name("acme"));
  EXPECT_EQ(index.Remove(Reference::kConfigMap, KeyOf("files"))->owner, api::Name());
  EXPECT_FALSE(index.Remove(Reference::kConfigMap, KeyOf("files")).has_value());
}

}  // namespace
}  // namespace tenantry::reconcile
