#include "operator/reconcile/manifests.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "common/base/base64.h"
#include "operator/plan/binding.h"

namespace tenantry::reconcile {
namespace {

using Json = nlohmann::json;

plan::Ownership OfAcme() { return {api::Name("acme"), api::Uid("uid-acme"), "binding"}; }

plan::SecretObject Binding() {
  return {.ns = api::Namespace("platform"),
          .name = api::Name("acme-connection"),
          .type = "servicebinding.io/postgresql",
          .data = {{"username", Secret("tenant_acme_app")},
                   {"password", Secret(std::string("\0\xff", 2))}},
          .annotations = {{plan::kRotatedAtAnnotation, "2026-01-01T00:00:00Z"},
                          {plan::kPreviousUserAnnotation, "tenant_acme_app_2"}},
          .ownership = OfAcme()};
}

plan::ConfigMapObject Config() {
  return {.ns = api::Namespace("platform"),
          .name = api::Name("acme-config"),
          .data = {{"config.json", "{}"}},
          .ownership = OfAcme()};
}

// What the API server makes of it.
Json Stored(Json manifest) {
  manifest["metadata"]["resourceVersion"] = "42";
  manifest["metadata"]["uid"] = "uid-of-the-object";
  manifest["metadata"]["managedFields"] = Json::array({Json::object()});
  return manifest;
}

TEST(EncodeManifest, CarriesLabelsAndTheOwner) {
  const Json manifest = EncodeManifest(Binding());

  EXPECT_EQ(manifest["apiVersion"], "v1");
  EXPECT_EQ(manifest["kind"], "Secret");
  EXPECT_EQ(manifest["data"]["username"], EncodeBase64("tenant_acme_app"));
  const Json& labels = manifest["metadata"]["labels"];
  EXPECT_EQ(labels[api::kManagedLabel], "true");
  EXPECT_EQ(labels[api::kWatchLabel], "true");
  EXPECT_EQ(labels[api::kTenantLabel], "acme");
  EXPECT_EQ(labels[api::kComponentLabel], "binding");
  EXPECT_EQ(labels["app.kubernetes.io/managed-by"], "tenantry");
  const Json& owner = manifest["metadata"]["ownerReferences"][0];
  EXPECT_EQ(owner["apiVersion"], "tenantry.dev/v1alpha1");
  EXPECT_EQ(owner["kind"], "Tenant");
  EXPECT_EQ(owner["name"], "acme");
  EXPECT_EQ(owner["uid"], "uid-acme");
  EXPECT_EQ(owner["controller"], true);
}

TEST(EncodeManifest, SaysNothingOfAnnotationsWithoutARotation) {
  plan::SecretObject secret = Binding();
  secret.annotations.clear();

  EXPECT_FALSE(EncodeManifest(secret)["metadata"].contains("annotations"));
}

TEST(DecodeSecret, GivesBackWhatWasWritten) {
  const auto decoded = DecodeSecret(Stored(EncodeManifest(Binding())));

  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(decoded->object, Binding());
  EXPECT_EQ(decoded->resource_version, "42");
}

TEST(DecodeConfigMap, GivesBackWhatWasWritten) {
  const auto decoded = DecodeConfigMap(Stored(EncodeManifest(Config())));

  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(decoded->object, Config());
  EXPECT_EQ(decoded->resource_version, "42");
}

TEST(DecodeConfigMap, ReadsBinaryFilesToo) {
  Json object = Stored(EncodeManifest(Config()));
  object["binaryData"] = {{"files.zip", EncodeBase64(std::string("PK\0", 3))}};

  EXPECT_EQ(DecodeConfigMap(object)->object.data.at("files.zip"), std::string("PK\0", 3));
}

TEST(DecodeSecret, TakesAnObjectOfOthersAsOwnedByNobody) {
  struct Case {
    const char* name;
    void (*change)(Json& metadata);
  };
  const Case cases[] = {
      {"no labels", [](Json& metadata) { metadata.erase("labels"); }},
      {"not managed", [](Json& metadata) { metadata["labels"].erase(api::kManagedLabel); }},
      {"managed by a lie", [](Json& metadata) { metadata["labels"][api::kManagedLabel] = "no"; }},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    Json object = Stored(EncodeManifest(Binding()));
    each.change(object["metadata"]);

    EXPECT_EQ(DecodeSecret(object)->object.ownership, plan::Ownership());
  }
}

TEST(DecodeSecret, FindsTheOwningTenantAmongOtherOwners) {
  struct Case {
    const char* name;
    Json owners;
    const char* uid;
  };
  const Json other = {{"kind", "Deployment"}, {"uid", "uid-other"}};
  const Case cases[] = {
      {"second", Json::array({other, {{"kind", "Tenant"}, {"uid", "uid-2"}}}), "uid-2"},
      {"none", Json::array({other}), ""},
      {"no list", "nonsense", ""},
      {"odd entries", Json::array({7, {{"kind", "Tenant"}}, {{"kind", "Tenant"}, {"uid", 7}}}), ""},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    Json object = Stored(EncodeManifest(Binding()));
    object["metadata"]["ownerReferences"] = each.owners;

    EXPECT_EQ(DecodeSecret(object)->object.ownership.tenant_uid.value(), each.uid);
  }
}

TEST(DecodeSecret, RefusesWhatIsNoSecret) {
  struct Case {
    const char* name;
    const char* change;  // a merge patch
    const char* named;
  };
  const Case cases[] = {
      {"data is a list", R"({"data": []})", "data"},
      {"a number for a value", R"({"data": {"password": 7}})", "data.password"},
      {"no base64", R"({"data": {"password": "%%%"}})", "data.password"},
      {"no metadata", R"({"metadata": null})", "metadata"},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    Json object = Stored(EncodeManifest(Binding()));
    object.merge_patch(Json::parse(each.change));

    const auto decoded = DecodeSecret(object);

    ASSERT_FALSE(decoded);
    EXPECT_EQ(decoded.error().code, ErrorCode::kInvalid);
    EXPECT_NE(decoded.error().message.find(each.named), std::string::npos)
        << decoded.error().message;
  }
}

TEST(DecodeConfigMap, RefusesWhatIsNoConfigMap) {
  for (const char* change : {R"({"data": 7})", R"({"data": {"a": null, "b": 7}})",
                             R"({"binaryData": {"a": "%%%"}})", R"({"binaryData": "x"})"}) {
    SCOPED_TRACE(change);
    Json object = Stored(EncodeManifest(Config()));
    object.merge_patch(Json::parse(change));

    EXPECT_FALSE(DecodeConfigMap(object));
  }
}

TEST(DecodeSecret, TakesAnEmptyOne) {
  Json object = Stored(EncodeManifest(Binding()));
  object["data"] = nullptr;
  object["type"] = nullptr;

  const auto decoded = DecodeSecret(object);

  ASSERT_TRUE(decoded);
  EXPECT_TRUE(decoded->object.data.empty());
  EXPECT_EQ(decoded->object.type, "");
}

}  // namespace
}  // namespace tenantry::reconcile
