#include <atomic>
#include <set>
#include <thread>
#include <vector>

#include "common/api/codec.h"
#include "operator/kube/decode.h"
#include "tests/system/kube/kube_test.h"

namespace tenantry::kube {
namespace {

using ClientSystemTest = KubeTest;

std::string ValueOf(const Json& config_map) { return StringAt(config_map, {"data", "key"}); }

std::string VersionOf(const Json& object) {
  return StringAt(object, {"metadata", "resourceVersion"});
}

TEST_F(ClientSystemTest, AppliesAndRefusesFieldsOfAnotherManager) {
  const api::Name name("applied");
  const Json first = ConfigMap(name.value(), "first");
  const Json second = ConfigMap(name.value(), "second");
  ASSERT_TRUE(client_->Apply(kConfigMaps, ns_, first, "one", false));

  const Result<Json> refused = client_->Apply(kConfigMaps, ns_, second, "two", false);

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
  EXPECT_EQ(ValueOf(client_->Get(kConfigMaps, ns_, name).value()), "first");
  EXPECT_TRUE(client_->Apply(kConfigMaps, ns_, second, "two", true));
  EXPECT_EQ(ValueOf(client_->Get(kConfigMaps, ns_, name).value()), "second");
}

TEST_F(ClientSystemTest, AppliesTheSameAgainWithoutAChange) {
  const Json object = ConfigMap("idempotent", "1");
  const Result<Json> first = client_->Apply(kConfigMaps, ns_, object, "one", true);
  const Result<Json> again = client_->Apply(kConfigMaps, ns_, object, "one", true);
  ASSERT_TRUE(first && again);
  EXPECT_EQ(VersionOf(*first), VersionOf(*again));
}

TEST_F(ClientSystemTest, TellsThatAnObjectExistsAlready) {
  MakeConfigMap("twice");
  const Result<Json> again = client_->Create(kConfigMaps, ns_, ConfigMap("twice", "2"));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kConflict);
  EXPECT_EQ(again.error().reason, "AlreadyExists");
}

TEST_F(ClientSystemTest, MakesAFailedTestOfAJsonPatchAConflict) {
  const Json object = MakeConfigMap("patched");
  const api::Name name("patched");
  const auto patch = [](const std::string& version) {
    return Json::array({{{"op", "test"}, {"path", "/metadata/resourceVersion"}, {"value", version}},
                        {{"op", "replace"}, {"path", "/data/key"}, {"value", "2"}}});
  };

  const Result<Json> refused = client_->JsonPatch(kConfigMaps, ns_, name, patch("1"));

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict) << refused.error().message;
  EXPECT_EQ(ValueOf(client_->Get(kConfigMaps, ns_, name).value()), "1");
  EXPECT_TRUE(client_->JsonPatch(kConfigMaps, ns_, name, patch(VersionOf(object))));
  EXPECT_EQ(ValueOf(client_->Get(kConfigMaps, ns_, name).value()), "2");
}

TEST_F(ClientSystemTest, RefusesABrokenJsonPatch) {
  MakeConfigMap("broken-patch");
  const Result<Json> refused = client_->JsonPatch(
      kConfigMaps, ns_, api::Name("broken-patch"),
      Json::array({{{"op", "replace"}, {"path", "/absent/key"}, {"value", "2"}}}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
}

TEST_F(ClientSystemTest, PatchesTheStatusAndNothingElse) {
  const Resource quotas{"", "v1", "resourcequotas"};
  ASSERT_TRUE(client_->Create(quotas, ns_,
                              {{"apiVersion", "v1"},
                               {"kind", "ResourceQuota"},
                               {"metadata", {{"name", "quota"}}},
                               {"spec", {{"hard", {{"pods", "3"}}}}}}));

  const Result<Json> patched = client_->PatchStatus(
      quotas, ns_, api::Name("quota"),
      Json::array({{{"op", "add"}, {"path", "/status/used"}, {"value", {{"pods", "2"}}}},
                   {{"op", "replace"}, {"path", "/spec/hard/pods"}, {"value", "9"}}}));

  ASSERT_TRUE(patched) << patched.error().message;
  EXPECT_EQ(StringAt(*patched, {"status", "used", "pods"}), "2");
  EXPECT_EQ(StringAt(*patched, {"spec", "hard", "pods"}), "3");
}

TEST_F(ClientSystemTest, PatchesNoStatusOfAnotherObjectOfTheSameName) {
  const api::Name name("reborn");
  const Json tenant = {{"apiVersion", "tenantry.dev/v1alpha1"},
                       {"kind", "Tenant"},
                       {"metadata", {{"name", name.value()}}},
                       {"spec", {{"dataStoreRef", {{"name", "none"}}}, {"suspend", true}}}};
  const auto patch_of = [](const Json& object) {
    return api::MakeStatusPatch(api::Uid(StringAt(object, {"metadata", "uid"})), Json::object(),
                                {{"observedGeneration", 7}});
  };
  const Result<Json> first = client_->Create(kTenants, ns_, tenant);
  ASSERT_TRUE(first) << first.error().message;
  ASSERT_TRUE(client_->Delete(kTenants, ns_, name));
  const Result<Json> second = client_->Create(kTenants, ns_, tenant);
  ASSERT_TRUE(second) << second.error().message;

  const Result<Json> refused = client_->PatchStatus(kTenants, ns_, name, patch_of(*first));

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict) << refused.error().message;
  EXPECT_TRUE(client_->PatchStatus(kTenants, ns_, name, patch_of(*second)));
}

TEST_F(ClientSystemTest, ReplacesOnlyWhatItSaw) {
  const Json seen = MakeConfigMap("replaced");
  Json changed = seen;
  changed["data"]["key"] = "2";
  ASSERT_TRUE(client_->Replace(kConfigMaps, ns_, changed));
  const Result<Json> stale = client_->Replace(kConfigMaps, ns_, changed);
  ASSERT_FALSE(stale);
  EXPECT_EQ(stale.error().code, ErrorCode::kConflict);
}

TEST_F(ClientSystemTest, DeletesOnlyTheObjectThatIsMeant) {
  const Json object = MakeConfigMap("deleted");
  const api::Name name("deleted");

  const Result<void> refused =
      client_->Delete(kConfigMaps, ns_, name, {.uid = "11111111-1111-1111-1111-111111111111"});

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
  EXPECT_TRUE(client_->Delete(
      kConfigMaps, ns_, name,
      {.uid = StringAt(object, {"metadata", "uid"}), .resource_version = VersionOf(object)}));
  const Result<void> gone = client_->Delete(kConfigMaps, ns_, name);
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, ErrorCode::kNotFound);
}

TEST_F(ClientSystemTest, TellsThatCredentialsAreRefused) {
  Config config = config_;
  config.token = Secret("wrong");
  config.token_file.clear();
  config.certificate_pem.clear();
  config.key_pem = Secret();
  const auto client = Client::Make(config, *metrics_);
  ASSERT_TRUE(client);
  const Result<Json> refused = (*client)->Get(kNamespaces, {}, api::Name("default"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(refused.error().reason, "Unauthorized");
}

TEST_F(ClientSystemTest, TellsThatAKindDoesNotExist) {
  const Result<Json> missing =
      client_->Get({"example.com", "v1", "widgets"}, ns_, api::Name("one"));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
}

constexpr int kMany = 1'200;

TEST_F(ClientSystemTest, ListsThousandsOfObjectsPageByPage) {
  std::atomic<int> next = 0;
  std::atomic<int> failed = 0;
  {
    std::vector<std::jthread> writers;
    for (int i = 0; i < 4; ++i) {
      writers.emplace_back([&] {
        for (int number = next++; number < kMany; number = next++) {
          Json object = ConfigMap("many-" + std::to_string(number), "1");
          object["metadata"]["labels"] = {{"set", "many"}};
          failed += client_->Create(kConfigMaps, ns_, object) ? 0 : 1;
        }
      });
    }
  }
  ASSERT_EQ(failed, 0);
  std::set<std::string> names;

  const Result<std::string> version =
      client_->List(kConfigMaps, {.ns = ns_, .label_selector = "set=many", .page_size = 500},
                    [&](const Json& object) {
                      EXPECT_EQ(ValueOf(object), "1");
                      names.insert(KeyOf(object).name.value());
                      return true;
                    });

  ASSERT_TRUE(version) << version.error().message;
  EXPECT_FALSE(version->empty());
  EXPECT_EQ(names.size(), static_cast<std::size_t>(kMany));
}

TEST_F(ClientSystemTest, ListsMetadataOnly) {
  MakeConfigMap("metadata-only");
  int seen = 0;
  ASSERT_TRUE(client_->List(
      kConfigMaps,
      {.ns = ns_, .field_selector = "metadata.name=metadata-only", .metadata_only = true},
      [&](const Json& object) {
        ++seen;
        EXPECT_FALSE(object.contains("data"));
        EXPECT_EQ(KeyOf(object).name.value(), "metadata-only");
        return true;
      }));
  EXPECT_EQ(seen, 1);
}

// The next `count` changes after a version.
std::vector<std::pair<WatchEventType, std::string>> Follow(Client& client, const api::Namespace& ns,
                                                           const std::string& after,
                                                           std::size_t count) {
  std::vector<std::pair<WatchEventType, std::string>> seen;
  const Result<void> watched = client.Watch(
      kConfigMaps, {.list = {.ns = ns}, .resource_version = after}, {}, [&](WatchEvent event) {
        if (event.type != WatchEventType::kBookmark) {
          seen.emplace_back(event.type, KeyOf(event.object).name.value());
        }
        return seen.size() < count;
      });
  EXPECT_TRUE(watched) << watched.error().message;
  return seen;
}

TEST_F(ClientSystemTest, ResumesAWatchWithoutALossOrARepetition) {
  const Json first = MakeConfigMap("watched-a");
  const Json second = MakeConfigMap("watched-b");
  ASSERT_TRUE(client_->Apply(kConfigMaps, ns_, ConfigMap("watched-a", "2"), "one", true));
  ASSERT_TRUE(client_->Delete(kConfigMaps, ns_, api::Name("watched-b")));

  using Changes = std::vector<std::pair<WatchEventType, std::string>>;
  EXPECT_EQ(Follow(*client_, ns_, VersionOf(first), 3),
            (Changes{{WatchEventType::kAdded, "watched-b"},
                     {WatchEventType::kModified, "watched-a"},
                     {WatchEventType::kDeleted, "watched-b"}}));
  EXPECT_EQ(
      Follow(*client_, ns_, VersionOf(second), 2),
      (Changes{{WatchEventType::kModified, "watched-a"}, {WatchEventType::kDeleted, "watched-b"}}));
}

}  // namespace
}  // namespace tenantry::kube
