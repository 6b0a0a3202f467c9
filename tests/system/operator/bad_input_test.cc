// Each mistake gives a condition that names object, field and the next step, an event once, and
// leaves nothing half-applied; mending it needs no restart.

#include <gtest/gtest.h>

#include <fstream>

#include "tests/system/harness/harness.h"

namespace tenantry::testing {
namespace {

using std::chrono::seconds;

constexpr char kMusic[] = "  schema: {template: Music}\n";

// ---- what the API server itself refuses, with a message of ours ----

struct Refusal {
  const char* name;
  std::string yaml;
  std::vector<std::string> mentions;
};

std::string RefusalName(const ::testing::TestParamInfo<Refusal>& info) { return info.param.name; }

class ApiServer : public ::testing::TestWithParam<Refusal> {};

std::string Tenant(const std::string& spec, const std::string& name = "bad") {
  return "apiVersion: tenantry.dev/v1alpha1\nkind: Tenant\nmetadata: {name: " + name +
         "}\nspec: {dataStoreRef: {name: main}, " + spec + "}\n";
}

std::string Fixtures(const std::string& source, const std::string& more = "") {
  return "apiVersion: tenantry.dev/v1alpha1\nkind: FixtureSet\nmetadata: {name: bad}\nspec:\n"
         "  tenantRef: {name: acme}\n  datasets:\n    - name: artists\n      target: {table: "
         "artists}\n"
         "      source: " +
         source + "\n" + more;
}

INSTANTIATE_TEST_SUITE_P(
    Refuses, ApiServer,
    ::testing::Values(
        Refusal{"WrongFieldType", Tenant("suspend: [1]"), {"spec.suspend"}},
        Refusal{"UnknownEnum", Tenant("isolation: Galaxy"), {"spec.isolation", "Galaxy"}},
        Refusal{"TenantIdWithQuotes", Tenant(R"(tenantID: 'a";DROP')"), {"tenantID"}},
        Refusal{"NegativeLimit", Tenant("limits: {connections: -1}"), {"limits.connections"}},
        Refusal{"BothSchemaSources",
                Tenant("schema: {template: Music, configMapRef: {name: x}}"),
                {"schema"}},
        Refusal{"BothSources", Fixtures("{inline: '[]', volume: {path: a}}"), {"source"}},
        Refusal{"NeitherSource", Fixtures("{}"), {"source"}},
        Refusal{"PathOutOfTheVolume", Fixtures("{volume: {path: ../etc/passwd}}"), {"path"}},
        Refusal{"PlainHttpAgent",
                "apiVersion: tenantry.dev/v1alpha1\nkind: DataStore\nmetadata: {name: bad}\nspec:\n"
                "  postgres: {host: x, adminSecretRef: {name: admin}}\n"
                "  agents: {endpoints: ['http://x:1']}\n",
                {"endpoints"}}),
    RefusalName);

TEST_P(ApiServer, TheManifest) {
  const TenantTest test("refused");
  const Result<std::string> applied = test.TryApply(GetParam().yaml);
  ASSERT_FALSE(applied);
  for (const std::string& mention : GetParam().mentions) {
    EXPECT_NE(applied.error().message.find(mention), std::string::npos) << applied.error().message;
  }
}

TEST(ApiServer, RefusesToChangeWhatIsImmutable) {
  const TenantTest test("immutable");
  test.Apply(test.TenantYaml("acme", "Schema"));
  for (const char* patch :
       {R"({"spec":{"tenantID":"other"}})", R"({"spec":{"isolation":"RowLevel"}})",
        R"({"spec":{"dataStoreRef":{"name":"other"}}})"}) {
    const auto patched =
        test.Kubectl({"patch", "tenant", "acme", "--type=merge", "--patch", patch});
    ASSERT_FALSE(patched) << patch;
    EXPECT_NE(patched.error().message.find("cannot be changed"), std::string::npos)
        << patched.error().message;
  }
}

// ---- what only the operator and the agent can see ----

void ExpectMentions(const std::string& message, const std::vector<std::string>& mentions) {
  for (const std::string& mention : mentions) {
    EXPECT_NE(message.find(mention), std::string::npos) << message << "\nlacks: " << mention;
  }
}

void ExpectOneEvent(const TenantTest& test, const std::string& kind, const std::string& name,
                    const std::string& reason) {
  const bool seen = WaitUntil(seconds(15), [&] {
    int events = 0;
    for (const Json& event : test.Events(kind, name)) {
      events += event["reason"] == reason && event["type"] == "Warning" ? 1 : 0;
    }
    return events == 1;
  });
  EXPECT_TRUE(seen) << Json(test.Events(kind, name)).dump(2);
}

TEST(BadTenant, WithATierThatDoesNotExistIsStalledAndMendedBySpec) {
  const TenantTest test("tier");
  test.Apply(test.TenantYaml("acme", "Schema", "  tier: Gold\n"));
  ExpectMentions(test.BecomesUnready("tenant", "acme", "InvalidSpec"), {"Gold", "Enterprise"});
  EXPECT_EQ(test.Condition("tenant", "acme", "Stalled").status, "True");
  ExpectOneEvent(test, "Tenant", "acme", "InvalidSpec");
  EXPECT_TRUE(test.Get("secret", "acme-connection").is_null());
  test.Judge();
  test.Apply(test.TenantYaml("acme", "Schema", "  tier: Premium\n"));
  EXPECT_TRUE(test.BecomesReady("tenant", "acme"));
}

TEST(BadTenant, WhoseIdIsAnSqlKeywordIsAnOrdinaryTenant) {
  const TenantTest test("keyword");
  for (const char* isolation : {"Schema", "RowLevel"}) {
    const std::string name = isolation == std::string("Schema") ? "select" : "table";
    test.Apply("apiVersion: tenantry.dev/v1alpha1\nkind: Tenant\nmetadata: {name: " + name +
               "}\nspec: {dataStoreRef: {name: main}, deletionPolicy: Delete, isolation: " +
               isolation + ", schema: {template: Music}}\n");
    ASSERT_TRUE(test.BecomesReady("tenant", name));
    EXPECT_TRUE(test.QueryAsTenant(name, "SELECT count(*) FROM artists").ok());
    ASSERT_TRUE(test.Kubectl({"delete", "tenant", name, "--wait=false"}));
    EXPECT_TRUE(test.Disappears("tenant", name));
  }
}

TEST(BadTenant, WithoutItsDataStoreWaitsForIt) {
  const TenantTest test("nostore");
  std::string yaml = test.TenantYaml("acme", "Schema");
  yaml.replace(yaml.find("{name: main}"), 12, "{name: late}");
  test.Apply(yaml);
  ExpectMentions(test.BecomesUnready("tenant", "acme", "DependencyNotReady"),
                 {"late", "dataStoreRef"});
  EXPECT_EQ(test.Condition("tenant", "acme", "Reconciling").status, "True");
  test.Judge();
  test.Apply(test.DataStoreYaml("late"));
  EXPECT_TRUE(test.BecomesReady("tenant", "acme"));
}

TEST(BadTenant, WithoutItsSchemaConfigMapWaitsForIt) {
  const TenantTest test("nosql");
  test.Apply(test.TenantYaml("acme", "Schema", "  schema: {configMapRef: {name: sql}}\n"));
  ExpectMentions(test.BecomesUnready("tenant", "acme", "ConfigMapNotFound"),
                 {"sql", "configMapRef"});
  test.MakeConfigMap("sql", {{"V1__things.sql", "CREATE TABLE things (id int PRIMARY KEY)"}});
  ASSERT_TRUE(test.BecomesReady("tenant", "acme"));
  EXPECT_TRUE(test.QueryAsTenant("acme", "SELECT * FROM things").ok());
}

TEST(BadTenant, WhoseMigrationFailsNamesFileAndLine) {
  const TenantTest test("badsql");
  test.MakeConfigMap("sql", {{"V1__one.sql", "CREATE TABLE one (id int);\nCREATE TABEL two ();"}});
  test.Apply(test.TenantYaml("acme", "Schema", "  schema: {configMapRef: {name: sql}}\n"));
  ExpectMentions(test.BecomesUnready("tenant", "acme", "MigrationFailed"),
                 {"V1__one.sql", "line 2", "TABEL"});
  EXPECT_FALSE(
      TenantTest::QueryAsAdmin("SELECT * FROM tenant_" + test.Unique("acme") + ".one").ok())
      << "nothing of a failed migration stays";
  test.MakeConfigMap("sql", {{"V1__one.sql", "CREATE TABLE one (id int);"}});
  EXPECT_TRUE(test.BecomesReady("tenant", "acme"));
}

TEST(BadDataStore, WithoutItsSecretOrAKeyOfItNamesThem) {
  const TenantTest test("nosecret");
  std::string yaml = test.DataStoreYaml("second");
  yaml.replace(yaml.find("main-admin"), 10, "late-admin");
  test.Apply(yaml);
  ExpectMentions(test.BecomesUnready("datastore", "second", "SecretNotFound"), {"late-admin"});
  EXPECT_EQ(test.Condition("datastore", "second", "Stalled").status, "True");
  ExpectOneEvent(test, "DataStore", "second", "SecretNotFound");
  test.MakeSecret("late-admin", {{"username", "tenantry_admin"}});
  ExpectMentions(test.BecomesUnready("datastore", "second", "InvalidSecret"),
                 {"late-admin", "password"});
  test.MakeSecret("late-admin", test.SecretData("main-admin"));
  EXPECT_TRUE(test.BecomesReady("datastore", "second"));
}

TEST(BadDataStore, WithAWrongPasswordSaysWhoRefusedItAndIsMendedByTheSecret) {
  const TenantTest test("password");
  ASSERT_TRUE(test.BecomesReady("datastore", "main"));
  const auto right = test.SecretData("main-admin");
  test.MakeSecret("main-admin",
                  {{"username", right.at("username")}, {"password", "wrong-password"}});
  const std::string message = test.BecomesUnready("datastore", "main", "CredentialsRefused");
  ExpectMentions(message, {right.at("username"), "refused"});
  EXPECT_EQ(message.find("wrong-password"), std::string::npos);
  test.MakeSecret("main-admin", right);
  EXPECT_TRUE(test.BecomesReady("datastore", "main"));
}

TEST(BadDataStore, WithADatabaseThatDoesNotExistNamesIt) {
  const TenantTest test("nodb");
  std::string yaml = test.DataStoreYaml("second");
  const std::string database = Programs::Instance().cluster().postgres.database;
  yaml.replace(yaml.find("database: " + database), 10 + database.size(), "database: nowhere");
  test.Apply(yaml);
  ExpectMentions(test.BecomesUnready("datastore", "second", "DatabaseNotFound"), {"nowhere"});
}

TEST(BadDataStore, WhoseRedisOrPostgresDoesNotAnswerIsTriedAgain) {
  const TenantTest test("deaf");
  const ClusterEnvironment& cluster = Programs::Instance().cluster();
  std::string yaml = test.DataStoreYaml("redis");
  const std::string redis_port = "port: " + std::to_string(cluster.redis.port);
  yaml.replace(yaml.find(redis_port), redis_port.size(), "port: 1");
  test.Apply(yaml);
  ExpectMentions(test.BecomesUnready("datastore", "redis", "RedisUnreachable"), {"1"});
  EXPECT_EQ(test.Condition("datastore", "redis", "Reconciling").status, "True");
  EXPECT_EQ(test.Condition("datastore", "redis", "DatabaseReady").status, "True");
  yaml = test.DataStoreYaml("postgres");
  const std::string port = "port: " + std::to_string(cluster.postgres.port);
  yaml.replace(yaml.find(port), port.size(), "port: 1");
  test.Apply(yaml);
  ExpectMentions(test.BecomesUnready("datastore", "postgres", "DatabaseUnreachable"), {"1"});
  EXPECT_EQ(test.Condition("datastore", "postgres", "CacheReady").status, "True");
}

TEST(BadDataStore, WithoutAnAgentThatAnswersIsTriedAgain) {
  const TenantTest test("noagent");
  std::string yaml = test.DataStoreYaml("second");
  const std::string endpoint = Programs::Instance().links().agent_endpoint;
  yaml.replace(yaml.find(endpoint), endpoint.size(), "https://127.0.0.1:1");
  test.Apply(yaml);
  ExpectMentions(test.BecomesUnready("datastore", "second", "AgentUnreachable"), {"127.0.0.1:1"});
  EXPECT_EQ(test.Condition("datastore", "second", "AgentReachable").status, "False");
}

// ---- fixture files ----

struct BadFile {
  const char* name;
  std::string content;  // of key data.csv / data.json
  std::string key;
  std::vector<std::string> mentions;
};

std::string BadFileName(const ::testing::TestParamInfo<BadFile>& info) { return info.param.name; }

class BadFixture : public ::testing::TestWithParam<BadFile> {};

INSTANTIATE_TEST_SUITE_P(
    File, BadFixture,
    ::testing::Values(
        BadFile{"Empty", "", "data.json", {"empty"}},
        BadFile{"CutInTheMiddle", R"([{"artist_id": "a1", "name": "Al)", "data.json", {"Record 1"}},
        BadFile{"WrongFormat", "PK\x03\x04", "data.json", {"artists"}},
        BadFile{"UnknownColumn",
                R"([{"artist_id": "a1", "name": "A", "nmae": "B"}])",
                "data.json",
                {"nmae"}},
        BadFile{"KeyViolation",
                R"([{"artist_id": "a1", "name": "A"}, {"artist_id": "a1", "name": "B"}])",
                "data.json",
                {"a1", "Record 2"}},
        BadFile{"CheckViolation",
                R"([{"artist_id": "a1", "name": "A", "monthly_listeners": -5}])",
                "data.json",
                {"monthly_listeners", "Record 1"}},
        BadFile{"NotANumber",
                "artist_id,name,monthly_listeners\na1,A,1\na2,B,many\n",
                "data.csv",
                {"monthly_listeners", "record 2", "many", "byte"}}),
    BadFileName);

TEST_P(BadFixture, IsNamedInTheConditionAndMendedByTheConfigMap) {
  const BadFile& file = GetParam();
  const TenantTest test("file");
  test.Apply(test.TenantYaml("acme", "Schema", kMusic));
  test.MakeConfigMap("files", {{file.key, file.content}});
  test.Apply(Fixtures("{configMapRef: {name: files, key: " + file.key + "}}"));
  ASSERT_TRUE(test.BecomesReady("tenant", "acme"));
  const std::string message = test.BecomesUnready("fixtureset", "bad", "InvalidData");
  ExpectMentions(message, file.mentions);
  ExpectMentions(message, {file.key, "files"});
  EXPECT_EQ(test.Condition("fixtureset", "bad", "Stalled").status, "True");
  ExpectOneEvent(test, "FixtureSet", "bad", "InvalidData");
  test.Judge();
  EXPECT_EQ(test.QueryAsTenant("acme", "SELECT count(*) FROM artists").first(), "0");

  const std::string good =
      file.key == "data.csv" ? "artist_id,name\na1,A\n" : R"([{"artist_id": "a1", "name": "A"}])";
  test.MakeConfigMap("files", {{file.key, good}});
  ASSERT_TRUE(test.BecomesReady("fixtureset", "bad"));
  EXPECT_EQ(test.QueryAsTenant("acme", "SELECT count(*) FROM artists").first(), "1");
}

TEST(BadFixtureSet, WithoutItsConfigMapOrKeyOrFileNamesThem) {
  const TenantTest test("nofile");
  test.Apply(test.TenantYaml("acme", "Schema", kMusic));
  ASSERT_TRUE(test.BecomesReady("tenant", "acme"));
  test.Apply(Fixtures("{configMapRef: {name: files, key: a.json}}"));
  ExpectMentions(test.BecomesUnready("fixtureset", "bad", "ConfigMapNotFound"), {"files"});
  test.MakeConfigMap("files", {{"b.json", "[]"}});
  ExpectMentions(test.BecomesUnready("fixtureset", "bad", "SourceNotFound"), {"files", "a.json"});
  const std::string file = test.Unique("late") + ".json";
  test.Apply(Fixtures("{volume: {path: " + file + "}}"));
  ExpectMentions(test.BecomesUnready("fixtureset", "bad", "SourceNotFound"), {file});
  std::ofstream(Programs::Instance().fixtures_dir() / file) << R"([{"artist_id":"a","name":"A"}])";
  EXPECT_TRUE(test.BecomesReady("fixtureset", "bad"));
}

TEST(FixtureFiles, OfOtherEncodingsAndCompressedAreReadAsWhatTheyAre) {
  const TenantTest test("utf8");
  test.Apply(test.TenantYaml("acme", "Schema", kMusic));
  const std::string file = test.Unique("latin") + ".csv";
  std::ofstream(Programs::Instance().fixtures_dir() / file) << "artist_id;name\na1;L\xe9onie\n";
  test.Apply(Fixtures("{volume: {path: " + file + "}}"));
  ASSERT_TRUE(test.BecomesReady("fixtureset", "bad"));
  EXPECT_EQ(test.QueryAsTenant("acme", "SELECT name FROM artists").first(), "L\xC3\xA9onie");
}

// What is wrong with some records does not keep the others away, if the user says so.
TEST(FixtureFiles, MayHaveRecordsThatAreRefusedUpToALimit) {
  const TenantTest test("rejects");
  test.Apply(test.TenantYaml("acme", "Schema", kMusic));
  const std::string set = R"(apiVersion: tenantry.dev/v1alpha1
kind: FixtureSet
metadata: {name: some}
spec:
  tenantRef: {name: acme}
  datasets:
    - name: artists
      target: {table: artists}
      unknownColumns: Ignore
      maxRejects: 1
      csv: {nulls: [NA]}
      source:
        inline: "artist_id,name,country,monthly_listeners,odd\na1,A,NA,5,x\na2,B,FR,many,x\n"
)";
  test.Apply(set);
  ASSERT_TRUE(test.BecomesReady("fixtureset", "some"));
  const Json status = test.Get("fixtureset", "some")["status"];
  EXPECT_EQ(status["datasets"][0]["inserted"], 1);
  EXPECT_EQ(status["rejected"], 1);
  EXPECT_NE(status["tenants"][0]["datasets"][0]["rejects"].dump().find("monthly_listeners"),
            std::string::npos);
}

TEST(BadFixtureSet, WithALinkOutOfTheVolumeIsRefused) {
  const TenantTest test("link");
  test.Apply(test.TenantYaml("acme", "Schema", kMusic));
  const std::string link = test.Unique("link") + ".json";
  std::filesystem::create_symlink("/etc/passwd", Programs::Instance().fixtures_dir() / link);
  test.Apply(Fixtures("{volume: {path: " + link + "}}"));
  EXPECT_TRUE(WaitUntil(seconds(30), [&] {
    return test.Condition("fixtureset", "bad", "Stalled").status == "True";
  }));
  ExpectMentions(test.Condition("fixtureset", "bad", "Ready").message, {link});
}

TEST(BadFixtureSet, ForATenantThatDoesNotExistWaitsForIt) {
  const TenantTest test("notenant");
  test.Apply(Fixtures(R"({inline: '[{"artist_id": "a", "name": "A"}]'})"));
  ExpectMentions(test.BecomesUnready("fixtureset", "bad", "DependencyNotReady"), {"acme"});
  test.Apply(test.TenantYaml("acme", "Schema", kMusic));
  EXPECT_TRUE(test.BecomesReady("fixtureset", "bad"));
}

TEST(BadFixtureSet, WithAGibibyteInlineIsRefusedByTheApiServer) {
  const TenantTest test("huge");
  // The API server's limit for a request is far below; the tail does not change its answer.
  const std::string value(8U << 20U, 'x');
  const Result<std::string> applied = test.TryApply(Fixtures("{inline: '" + value + "'}"));
  EXPECT_FALSE(applied);
}

}  // namespace
}  // namespace tenantry::testing
