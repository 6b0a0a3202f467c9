#include "common/api/codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/unit/api/yaml_json.h"

namespace tenantry::api {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

json MinimalDataStore() {
  return json::parse(R"({
    "metadata": {"name": "main", "namespace": "platform"},
    "spec": {"postgres": {"host": "db", "adminSecretRef": {"name": "admin"}}}})");
}

json MinimalTenant() {
  return json::parse(R"({
    "metadata": {"name": "acme", "namespace": "platform"},
    "spec": {"dataStoreRef": {"name": "main"}}})");
}

json MinimalFixtureSet() {
  return json::parse(R"({
    "metadata": {"name": "users", "namespace": "platform"},
    "spec": {"tenantRef": {"name": "acme"},
             "datasets": [{"name": "d", "source": {"inline": "[]"}, "target": {"table": "t"}}]}})");
}

// ---- samples ----

TEST(DecodeDataStore, ReadsTheSample) {
  const Result<DataStore> store = DecodeDataStore(ReadYaml("docs/samples/datastore.yaml"));

  ASSERT_TRUE(store) << store.error().message;
  DataStoreSpec expected;
  expected.postgres = {.host = "postgres.db.svc",
                       .port = 5432,
                       .database = "postgres",
                       .ssl_mode = SslMode::kVerifyFull,
                       .admin_secret = "main-admin",
                       .ca_secret = "main-ca"};
  expected.redis =
      RedisEndpoint{.host = "redis.db.svc", .port = 6379, .admin_secret = "main-redis-admin"};
  expected.agent_endpoints = {"https://agent.db.example:8443"};
  expected.allowed_from = AllowedNamespaces::kSelector;
  expected.allowed_labels = {{"tenantry.dev/tenants", "allowed"}};
  EXPECT_EQ(store->spec, expected);
  EXPECT_EQ(store->meta.name.value(), "main");
}

TEST(DecodeTenant, ReadsTheSample) {
  const Result<Tenant> tenant = DecodeTenant(ReadYaml("docs/samples/tenant.yaml"));

  ASSERT_TRUE(tenant) << tenant.error().message;
  TenantSpec expected;
  expected.display_name = "Acme Music";
  expected.tenant_id = TenantId("acme");
  expected.tier = "Enterprise";
  expected.admin_email = "admin@acme.example";
  expected.data_store = Name("main");
  expected.isolation = Isolation::kSchema;
  expected.schema.template_name = "Music";
  expected.config_json = R"({"locale":"fr-FR","player":{"crossfadeSeconds":4}})";
  expected.features = {"beta-player"};
  expected.limits = {.api_calls = 20000, .storage = "200Gi", .connections = 20};
  EXPECT_EQ(tenant->spec, expected);
  EXPECT_EQ(tenant->meta.labels.at("stage"), "production");
}

TEST(DecodeTenant, ReadsTheSampleOfEachIsolation) {
  const Result<Tenant> schema = DecodeTenant(ReadYaml("docs/samples/tenant-schema.yaml"));
  const Result<Tenant> database = DecodeTenant(ReadYaml("docs/samples/tenant-database.yaml"));
  const Result<Tenant> rows = DecodeTenant(ReadYaml("docs/samples/tenant-row-level.yaml"));

  ASSERT_TRUE(schema && database && rows);
  EXPECT_EQ(schema->spec.isolation, Isolation::kSchema);
  EXPECT_EQ(schema->spec.tier, "Standard");
  EXPECT_EQ(EffectiveTenantId(*schema).value(), "globex");
  EXPECT_EQ(database->spec.isolation, Isolation::kDatabase);
  EXPECT_EQ(database->spec.data_store_namespace.value(), "platform");
  EXPECT_EQ(database->spec.schema, (SchemaSource{.config_map = "initech-schema", .version = 2}));
  EXPECT_EQ(database->spec.deletion_policy, DeletionPolicy::kDelete);
  EXPECT_EQ(rows->spec.isolation, Isolation::kRowLevel);
  EXPECT_EQ(EffectiveTenantId(*rows).value(), "hooli_eu");
}

TEST(DecodeFixtureSet, ReadsTheSample) {
  const Result<FixtureSet> set = DecodeFixtureSet(ReadYaml("docs/samples/fixtureset.yaml"));

  ASSERT_TRUE(set) << set.error().message;
  EXPECT_EQ(set->spec.tenant_labels->at("stage"), "production");
  EXPECT_THAT(set->spec.tenant, IsEmpty());
  EXPECT_EQ(set->spec.deletion_policy, UnloadPolicy::kUnload);
  ASSERT_EQ(set->spec.datasets.size(), 3U);
  const Dataset& artists = set->spec.datasets[0];
  EXPECT_THAT(*artists.source.inline_text, StartsWith(R"([{"artist_id")"));
  EXPECT_EQ(artists.format, Format::kJson);
  EXPECT_EQ(artists.target.table, "artists");
  EXPECT_THAT(artists.key, ElementsAre("artist_id"));
  EXPECT_EQ(artists.conflict, Conflict::kUpdate);
  EXPECT_EQ(set->spec.datasets[1].source,
            (DatasetSource{.config_map = "acme-files", .config_map_key = "albums.csv"}));
  EXPECT_EQ(set->spec.datasets[2].source, (DatasetSource{.volume_path = "acme/sessions.ndjson"}));
  EXPECT_EQ(*set->spec.datasets[2].target.redis,
            (RedisTargetSpec{.key_template = "session:{session_id}",
                             .type = RedisType::kHash,
                             .ttl = std::chrono::minutes(90)}));
}

TEST(DecodeFixtureSet, ReadsTheSampleForOneTenant) {
  const Result<FixtureSet> set =
      DecodeFixtureSet(ReadYaml("docs/samples/fixtureset-one-tenant.yaml"));

  ASSERT_TRUE(set) << set.error().message;
  EXPECT_EQ(set->spec.tenant, "acme");
  EXPECT_FALSE(set->spec.tenant_labels.has_value());
}

// ---- defaults ----

TEST(DecodeDataStore, TakesTheDefaultsOfAbsentFields) {
  const Result<DataStore> store = DecodeDataStore(MinimalDataStore());

  ASSERT_TRUE(store) << store.error().message;
  DataStore expected;
  expected.meta.name = Name("main");
  expected.meta.ns = Namespace("platform");
  expected.spec.postgres.host = "db";
  expected.spec.postgres.admin_secret = "admin";
  EXPECT_EQ(*store, expected);
}

TEST(DecodeTenant, TakesTheDefaultsOfAbsentFields) {
  const Result<Tenant> tenant = DecodeTenant(MinimalTenant());

  ASSERT_TRUE(tenant) << tenant.error().message;
  EXPECT_EQ(tenant->spec.tier, "Standard");
  EXPECT_EQ(tenant->spec.isolation, Isolation::kSchema);
  EXPECT_EQ(tenant->spec.limits, Limits{});
  EXPECT_TRUE(tenant->spec.config_json.empty());
  EXPECT_EQ(tenant->status.observed_generation, -1);
}

TEST(DecodeTenant, TakesNullAsAbsent) {
  json object = MinimalTenant();
  object["spec"]["tier"] = nullptr;
  object["spec"]["limits"] = nullptr;
  object["status"] = nullptr;

  const Result<Tenant> tenant = DecodeTenant(object);

  ASSERT_TRUE(tenant) << tenant.error().message;
  EXPECT_EQ(tenant->spec.tier, "Standard");
}

TEST(DecodeTenant, IgnoresFieldsOfANewerServer) {
  json object = MinimalTenant();
  object["spec"]["backup"] = {{"schedule", "0 2 * * *"}};
  object["status"]["phase"] = 3;

  EXPECT_TRUE(DecodeTenant(object));
}

TEST(DecodeFixtureSet, TakesAnEmptySelectorAsAllTenants) {
  json object = MinimalFixtureSet();
  object["spec"].erase("tenantRef");
  object["spec"]["tenantSelector"] = json::object();

  const Result<FixtureSet> set = DecodeFixtureSet(object);

  ASSERT_TRUE(set) << set.error().message;
  ASSERT_TRUE(set->spec.tenant_labels.has_value());
  EXPECT_THAT(*set->spec.tenant_labels, IsEmpty());
}

TEST(DecodeFixtureSet, KeepsAnEmptyInlineSource) {
  json object = MinimalFixtureSet();
  object["spec"]["datasets"][0]["source"]["inline"] = "";

  const Result<FixtureSet> set = DecodeFixtureSet(object);

  ASSERT_TRUE(set) << set.error().message;
  EXPECT_EQ(set->spec.datasets[0].source.inline_text, "");
}

TEST(DecodeObjectMeta, ReadsWhatWeUse) {
  const json object = json::parse(R"({"kind": "Secret", "metadata": {
    "name": "s", "namespace": "n", "uid": "u-1", "resourceVersion": "17", "generation": 4,
    "creationTimestamp": "2026-11-21T12:00:00Z", "deletionTimestamp": "2026-11-21T13:00:00Z",
    "labels": {"a": "b"}, "annotations": {"tenantry.dev/adopt": "true"},
    "finalizers": ["tenantry.dev/release-tenant"], "managedFields": [{"manager": "x"}]}})");

  const Result<ObjectMeta> meta = DecodeObjectMeta(object);

  ASSERT_TRUE(meta) << meta.error().message;
  EXPECT_EQ(ToString(meta->key()), "n/s");
  EXPECT_EQ(meta->uid.value(), "u-1");
  EXPECT_EQ(meta->resource_version, "17");
  EXPECT_EQ(meta->generation, 4);
  EXPECT_TRUE(meta->deleting());
  EXPECT_TRUE(meta->HasFinalizer(kTenantFinalizer));
  EXPECT_FALSE(meta->HasFinalizer(kFixtureSetFinalizer));
  EXPECT_EQ(meta->Annotation(kAdoptAnnotation), "true");
  EXPECT_EQ(meta->Annotation(kRotateAnnotation), "");
}

// ---- errors ----

struct BadField {
  const char* pointer;  // RFC 6901
  json value;           // null: the field is removed
  const char* message;
};

void SetOrErase(json& object, const BadField& bad) {
  const json::json_pointer pointer(bad.pointer);
  if (bad.value.is_null()) {
    object[pointer.parent_pointer()].erase(pointer.back());
  } else {
    object[pointer] = bad.value;
  }
}

template <class T>
void ExpectRefused(json object, const BadField& bad, Result<T> (*decode)(const json&)) {
  SetOrErase(object, bad);
  const Result<T> decoded = decode(object);
  ASSERT_FALSE(decoded) << bad.pointer;
  EXPECT_EQ(decoded.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(decoded.error().reason, "InvalidSpec");
  EXPECT_THAT(decoded.error().message, StartsWith(bad.message));
}

TEST(DecodeDataStore, NamesThePathOfWhatIsWrong) {
  const std::vector<BadField> table = {
      {"/metadata", nullptr, "metadata: is required"},
      {"/metadata/name", nullptr, "metadata.name: is required"},
      {"/spec", nullptr, "spec: is required"},
      {"/spec", "text", "spec: must be an object"},
      {"/spec/postgres", nullptr, "spec.postgres: is required"},
      {"/spec/postgres/host", nullptr, "spec.postgres.host: is required"},
      {"/spec/postgres/host", 5, "spec.postgres.host: must be a string"},
      {"/spec/postgres/port", "5432", "spec.postgres.port: must be a whole number"},
      {"/spec/postgres/port", 5432.5, "spec.postgres.port: must be a whole number"},
      {"/spec/postgres/port", 0, "spec.postgres.port: must be between 1 and 65535"},
      {"/spec/postgres/port", 70000, "spec.postgres.port: must be between 1 and 65535"},
      {"/spec/postgres/port", 1ULL << 40, "spec.postgres.port: is too large"},
      {"/spec/postgres/port", ~0ULL, "spec.postgres.port: is too large"},
      {"/spec/postgres/sslMode", "require",
       "spec.postgres.sslMode: \"require\" is not one of Disable, Prefer, Require, VerifyCA, "
       "VerifyFull"},
      {"/spec/postgres/adminSecretRef", nullptr, "spec.postgres.adminSecretRef.name: is required"},
      {"/spec/postgres/adminSecretRef", "admin", "spec.postgres.adminSecretRef: must be an object"},
      {"/spec/redis", json::object(), "spec.redis.host: is required"},
      {"/spec/agents", json::array(), "spec.agents: must be an object"},
      {"/spec/agents", {{"endpoints", "https://a:1"}}, "spec.agents.endpoints: must be a list"},
      {"/spec/agents",
       {{"endpoints", {"https://a:1", 7}}},
       "spec.agents.endpoints[1]: must be a string"},
      {"/spec/allowedNamespaces",
       {{"from", "Some"}},
       "spec.allowedNamespaces.from: \"Some\" is not one of Same, All, Selector"},
      {"/spec/allowedNamespaces",
       {{"selector", {{"matchLabels", {{"a", 1}}}}}},
       "spec.allowedNamespaces.selector.matchLabels.a: must be a string"},
  };
  for (const BadField& bad : table) {
    ExpectRefused(MinimalDataStore(), bad, &DecodeDataStore);
  }
}

TEST(DecodeTenant, NamesThePathOfWhatIsWrong) {
  const std::vector<BadField> table = {
      {"/metadata/labels", {{"a", true}}, "metadata.labels.a: must be a string"},
      {"/metadata/generation", "1", "metadata.generation: must be a whole number"},
      {"/spec/dataStoreRef/name", nullptr, "spec.dataStoreRef.name: is required"},
      {"/spec/isolation", "Shared", "spec.isolation: \"Shared\" is not one of Schema, Database, "},
      {"/spec/suspend", "yes", "spec.suspend: must be true or false"},
      {"/spec/config", "text", "spec.config: must be an object"},
      {"/spec/features", {1}, "spec.features[0]: must be a string"},
      {"/spec/limits", {{"apiCalls", -1}}, "spec.limits.apiCalls: must not be negative"},
      {"/spec/limits", {{"storage", "much"}}, "spec.limits.storage: is not a size"},
      {"/spec/limits", {{"connections", 0}}, "spec.limits.connections: must be at least 1"},
      {"/spec/limits", {{"connections", 1LL << 33}}, "spec.limits.connections: is too large"},
      {"/spec/schema",
       {{"template", "Music"}, {"configMapRef", {{"name", "x"}}}},
       "spec.schema: has both template and configMapRef"},
      {"/status",
       {{"conditions", {{{"type", "Ready"}}}}},
       "status.conditions[0].status: is required"},
      {"/status", {{"usage", {{"rows", "many"}}}}, "status.usage.rows: must be a whole number"},
  };
  for (const BadField& bad : table) {
    ExpectRefused(MinimalTenant(), bad, &DecodeTenant);
  }
}

TEST(DecodeFixtureSet, NamesThePathOfWhatIsWrong) {
  const std::vector<BadField> table = {
      {"/spec/tenantRef", nullptr, "spec: needs exactly one of tenantRef, tenantSelector"},
      {"/spec/tenantSelector", json::object(),
       "spec: needs exactly one of tenantRef, tenantSelector"},
      {"/spec/tenantSelector", "all", "spec.tenantSelector: must be an object"},
      {"/spec/datasets", nullptr, "spec.datasets: is required"},
      {"/spec/datasets/0", "d", "spec.datasets[0]: must be an object"},
      {"/spec/datasets/0/name", nullptr, "spec.datasets[0].name: is required"},
      {"/spec/datasets/0/source/inline", nullptr,
       "spec.datasets[0].source: needs exactly one of inline, configMapRef, volume"},
      {"/spec/datasets/0/source/volume",
       {{"path", "x"}},
       "spec.datasets[0].source: needs exactly one of inline, configMapRef, volume"},
      {"/spec/datasets/0/source",
       {{"configMapRef", {{"name", "x"}}}},
       "spec.datasets[0].source: needs both name and key in configMapRef"},
      {"/spec/datasets/0/format", "XML",
       "spec.datasets[0].format: \"XML\" is not one of Auto, JSON, NDJSON, CSV"},
      {"/spec/datasets/0/conflict", "Overwrite",
       "spec.datasets[0].conflict: \"Overwrite\" is not one"},
      {"/spec/datasets/0/target/table", nullptr,
       "spec.datasets[0].target: needs exactly one of table, redis"},
      {"/spec/datasets/0/target/redis",
       {{"key", "k"}},
       "spec.datasets[0].target: needs exactly one of table, redis"},
      {"/spec/datasets/0/target",
       {{"redis", json::object()}},
       "spec.datasets[0].target.redis.key: is required"},
      {"/spec/datasets/0/target",
       {{"redis", {{"key", "k"}, {"ttl", "soon"}}}},
       "spec.datasets[0].target.redis.ttl: \"soon\" is not a duration"},
      {"/spec/datasets/0/target",
       {{"redis", {{"key", "k"}, {"ttl", "1500ms"}}}},
       "spec.datasets[0].target.redis.ttl: \"1500ms\" is not a whole number of seconds"},
      {"/spec/deletionPolicy", "Delete",
       "spec.deletionPolicy: \"Delete\" is not one of Retain, Unload"},
  };
  for (const BadField& bad : table) {
    ExpectRefused(MinimalFixtureSet(), bad, &DecodeFixtureSet);
  }
}

TEST(DecodeTenant, RefusesWhatIsNoObject) {
  for (const char* text : {"null", "[]", "7", "\"tenant\""}) {
    const Result<Tenant> tenant = DecodeTenant(json::parse(text));
    ASSERT_FALSE(tenant) << text;
    EXPECT_EQ(tenant.error().message, "the document: must be an object");
  }
}

TEST(DecodeTenant, RefusesAConfigThatNestsTooDeeply) {
  json config = json::object();
  for (int i = 0; i < 5000; ++i) {
    json outer;
    outer["a"] = std::move(config);
    config = std::move(outer);
  }
  json object = MinimalTenant();
  object["spec"]["config"] = std::move(config);

  const Result<Tenant> tenant = DecodeTenant(object);

  ASSERT_FALSE(tenant);
  EXPECT_EQ(tenant.error().message, "spec.config: nests deeper than 64 levels");
}

TEST(DecodeTenant, ShortensAndEscapesWhatItQuotes) {
  json object = MinimalTenant();
  object["spec"]["isolation"] = std::string(100'000, 'x') + "\n";

  const Result<Tenant> tenant = DecodeTenant(object);

  ASSERT_FALSE(tenant);
  EXPECT_LT(tenant.error().message.size(), 200U);
  EXPECT_THAT(tenant.error().message, AllOf(HasSubstr("…"), HasSubstr("spec.isolation")));
}

}  // namespace
}  // namespace tenantry::api
