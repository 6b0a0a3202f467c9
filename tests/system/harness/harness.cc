#include "tests/system/harness/harness.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "common/base/base64.h"

namespace tenantry::testing {
namespace {

using std::chrono::seconds;

// The operator has looked at the object as it is now.
bool IsObserved(const Json& object) {
  return object.is_object() &&
         object.value("status", Json::object()).value("observedGeneration", -1) ==
             object["metadata"]["generation"];
}

TenantTest::ConditionView ConditionOf(const Json& object, const std::string& type) {
  const Json::json_pointer path("/status/conditions");
  if (object.is_object() && object.contains(path)) {
    for (const Json& condition : object[path]) {
      if (condition["type"] == type) {
        return {condition["status"], condition["reason"], condition["message"]};
      }
    }
  }
  return {};
}

std::string Replace(std::string text, const std::string& what, const std::string& with) {
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
  return text;
}

}  // namespace

TenantTest::TenantTest(const std::string& name) {
  static int number = 0;
  suffix_ = "_" + std::to_string(getpid() % 10000) + "_" + std::to_string(++number);
  ns_ = "t" + Replace(suffix_, "_", "-") + "-" + name;
  const Programs& programs = Programs::Instance();
  EXPECT_TRUE(testing::Kubectl({"create", "namespace", ns_}));
  const ClusterEnvironment& cluster = programs.cluster();
  MakeSecret("main-admin", {{"username", cluster.postgres.user},
                            {"password", cluster.postgres.password.reveal()}});
  MakeSecret("main-ca", {{"ca.crt", cluster.postgres.ca_pem}});
  MakeSecret("main-redis",
             {{"username", cluster.redis.user}, {"password", cluster.redis.password.reveal()}});
  Apply(DataStoreYaml("main"));
}

TenantTest::~TenantTest() {
  // Before the first pass an object has no Ready yet: that is not for the judges.
  EXPECT_TRUE(WaitUntil(seconds(30), [&] { return AllObserved(); }));
  Judge();
  // Tenants that stay behind must not claim anything that later tests use; the data may stay.
  (void)Kubectl({"annotate", "--all", "--overwrite", "fixturesets,tenants,datastores",
                 "tenantry.dev/force-finalize=true"});
  (void)Kubectl({"delete", "--all", "--wait=false", "fixturesets,tenants,datastores"});
  (void)testing::Kubectl({"delete", "namespace", ns_, "--wait=false"});
}

void TenantTest::Apply(const std::string& yaml) const {
  const Result<std::string> applied = TryApply(yaml);
  EXPECT_TRUE(applied) << (applied ? "" : applied.error().message) << "\n" << yaml;
}

Result<std::string> TenantTest::TryApply(const std::string& yaml) const {
  return testing::Kubectl({"apply", "--server-side", "--namespace", ns_, "--filename", "-"},
                          Replace(yaml, "${NS}", ns_));
}

Result<std::string> TenantTest::Kubectl(std::vector<std::string> arguments) const {
  arguments.insert(arguments.end(), {"--namespace", ns_});
  return testing::Kubectl(std::move(arguments));
}

void TenantTest::Annotate(const std::string& object, const std::string& annotation) const {
  EXPECT_TRUE(Kubectl({"annotate", "--overwrite", object, annotation}));
}

void TenantTest::MakeSecret(const std::string& name,
                            const std::map<std::string, std::string>& data) const {
  Json encoded = Json::object();
  for (const auto& [key, value] : data) {
    encoded[key] = EncodeBase64(value);
  }
  const Json secret = {{"apiVersion", "v1"},
                       {"kind", "Secret"},
                       {"metadata", {{"name", name}, {"labels", {{"tenantry.dev/watch", "true"}}}}},
                       {"data", encoded}};
  Apply(secret.dump());
}

void TenantTest::MakeConfigMap(const std::string& name,
                               const std::map<std::string, std::string>& data) const {
  const Json config_map = {
      {"apiVersion", "v1"},
      {"kind", "ConfigMap"},
      {"metadata", {{"name", name}, {"labels", {{"tenantry.dev/watch", "true"}}}}},
      {"data", data}};
  Apply(config_map.dump());
}

Json TenantTest::Get(const std::string& kind, const std::string& name) const {
  static const std::map<std::string, kube::Resource> kResources = {
      {"datastore", kube::kDataStores},
      {"tenant", kube::kTenants},
      {"fixtureset", kube::kFixtureSets},
      {"secret", kube::kSecrets},
      {"configmap", kube::kConfigMaps}};
  const Result<Json> object =
      Programs::Instance().kube().Get(kResources.at(kind), api::Namespace(ns_), api::Name(name));
  return object ? *object : Json();
}

std::map<std::string, std::string> TenantTest::SecretData(const std::string& name) const {
  std::map<std::string, std::string> data;
  const Json secret = Get("secret", name);
  if (!secret.is_object() || !secret.contains("data")) {
    return data;
  }
  for (const auto& [key, value] : secret["data"].items()) {
    data[key] = DecodeBase64(value.get<std::string>()).value_or("");
  }
  return data;
}

TenantTest::ConditionView TenantTest::Condition(const std::string& kind, const std::string& name,
                                                const std::string& type) const {
  return ConditionOf(Get(kind, name), type);
}

bool TenantTest::BecomesReady(const std::string& kind, const std::string& name,
                              seconds patience) const {
  const bool ready = WaitUntil(patience, [&] {
    const Json object = Get(kind, name);
    return IsObserved(object) && ConditionOf(object, "Ready").status == "True";
  });
  if (!ready) {
    ADD_FAILURE() << kind << " " << name << " does not become Ready:\n" << Get(kind, name).dump(2);
  }
  return ready;
}

std::string TenantTest::BecomesUnready(const std::string& kind, const std::string& name,
                                       const std::string& reason, seconds patience) const {
  ConditionView ready;
  const bool found = WaitUntil(patience, [&] {
    const Json object = Get(kind, name);  // one reading: status and generation belong together
    ready = ConditionOf(object, "Ready");
    return IsObserved(object) && ready.status == "False" && ready.reason == reason;
  });
  if (!found) {
    ADD_FAILURE() << kind << " " << name << " does not get Ready=False/" << reason << ":\n"
                  << Get(kind, name).dump(2);
    return "";
  }
  return ready.message;
}

bool TenantTest::Disappears(const std::string& kind, const std::string& name,
                            seconds patience) const {
  const bool gone = WaitUntil(patience, [&] { return Get(kind, name).is_null(); });
  EXPECT_TRUE(gone) << Get(kind, name).dump(2);
  return gone;
}

std::vector<Json> TenantTest::Events(const std::string& kind, const std::string& name) const {
  std::vector<Json> events;
  const auto keep = [&](Json event) {
    if (event["regarding"]["kind"] == kind && event["regarding"]["name"] == name) {
      events.push_back(std::move(event));
    }
    return true;
  };
  const auto listed =
      Programs::Instance().kube().List(kube::kEvents, {.ns = api::Namespace(ns_)}, keep);
  EXPECT_TRUE(listed) << listed.error().message;
  return events;
}

bool TenantTest::AllObserved() const {
  bool all = true;
  for (const kube::Resource& resource : {kube::kDataStores, kube::kTenants, kube::kFixtureSets}) {
    const auto listed = Programs::Instance().kube().List(
        resource, {.ns = api::Namespace(ns_)}, [&](const Json& object) {
          all = all && object.value("status", Json::object()).value("observedGeneration", -1) >= 0;
          return true;
        });
    EXPECT_TRUE(listed) << listed.error().message;
  }
  return all;
}

void TenantTest::Judge() const {
  const Result<std::string> objects =
      Kubectl({"get", "datastores,tenants,fixturesets", "--output", "json"});
  ASSERT_TRUE(objects) << objects.error().message;
  const Result<CommandResult> verdict = RunCommand({.arguments = {"kstatus"}, .input = *objects});
  ASSERT_TRUE(verdict) << verdict.error().message;
  EXPECT_EQ(verdict->exit_code, 0) << verdict->output << verdict->errors;
}

SqlSession TenantTest::SqlAsTenant(const std::string& tenant) const {
  const auto secret = SecretData(tenant + "-connection");
  if (secret.empty()) {
    return SqlSession::None("there is no binding Secret");
  }
  const auto ca_file = Programs::Instance().cluster().directory / (ns_ + "-" + tenant + "-ca.crt");
  std::ofstream(ca_file) << secret.at("ca.crt");
  return SqlSession({{"host", secret.at("host")},
                     {"port", secret.at("port")},
                     {"dbname", secret.at("database")},
                     {"user", secret.at("username")},
                     {"password", secret.at("password")},
                     {"sslmode", secret.at("sslmode")},
                     {"sslrootcert", ca_file.string()}});
}

SqlSession TenantTest::SqlAsAdmin() {
  const api::PostgresAccess& postgres = Programs::Instance().cluster().postgres;
  return SqlSession({{"host", postgres.host},
                     {"port", std::to_string(postgres.port)},
                     {"dbname", postgres.database},
                     {"user", postgres.user},
                     {"password", postgres.password.reveal()},
                     {"sslmode", "require"}});
}

RedisSession TenantTest::RedisAsTenant(const std::string& tenant) const {
  const auto secret = SecretData(tenant + "-cache");
  return secret.empty() ? RedisSession::None("there is no cache binding Secret")
                        : RedisSession(secret.at("host"), std::stoi(secret.at("port")),
                                       secret.at("username"), secret.at("password"));
}

Answer TenantTest::RedisAsAdmin(const std::vector<std::string>& command) {
  const api::RedisAccess& redis = Programs::Instance().cluster().redis;
  return RedisSession(redis.host, redis.port, redis.user, redis.password.reveal()).Run(command);
}

std::string TenantTest::TenantYaml(const std::string& name, const std::string& isolation,
                                   const std::string& more) const {
  return "apiVersion: tenantry.dev/v1alpha1\nkind: Tenant\nmetadata: {name: " + name +
         "}\nspec:\n  tenantID: " + Unique(Replace(name, "-", "_")) +
         "\n  dataStoreRef: {name: main}\n  isolation: " + isolation + "\n" + more;
}

std::string TenantTest::DataStoreYaml(const std::string& name) const {
  const ClusterEnvironment& cluster = Programs::Instance().cluster();
  const Links& links = Programs::Instance().links();
  return "apiVersion: tenantry.dev/v1alpha1\nkind: DataStore\nmetadata: {name: " + name +
         "}\nspec:\n  postgres: {host: " + cluster.postgres.host +
         ", port: " + std::to_string(links.postgres_port) +
         ", database: " + cluster.postgres.database +
         ", adminSecretRef: {name: main-admin}, caSecretRef: {name: main-ca}}\n" +
         "  redis: {host: " + cluster.redis.host + ", port: " + std::to_string(links.redis_port) +
         ", adminSecretRef: {name: main-redis}}\n  agents: {endpoints: [\"" + links.agent_endpoint +
         "\"]}\n";
}

}  // namespace tenantry::testing
