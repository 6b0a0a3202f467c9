#include "tests/system/operator/harness.h"

#include <gtest/gtest.h>
#include <hiredis/hiredis.h>
#include <libpq-fe.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "common/api/reasons.h"
#include "common/base/base64.h"
#include "common/net/http_client.h"

namespace tenantry::testing {
namespace {

using std::chrono::seconds;

[[noreturn]] void Die(const std::string& why) {
  std::fprintf(stderr, "the system tests cannot run: %s\n", why.c_str());
  std::exit(1);
}

template <class T>
T Need(Result<T> result) {
  if (!result) {
    Die(result.error().message);
  }
  return std::move(result).value();
}

std::string Local(int port) { return "127.0.0.1:" + std::to_string(port); }

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

void AwaitProbe(int port, const std::string& program, const std::string& log) {
  const auto client = Need(net::HttpClient::Make({.base_url = "http://" + Local(port)}));
  const bool ready = WaitUntil(seconds(30), [&] {
    const auto answer = client->Send({.path = "/readyz", .timeout = std::chrono::seconds(2)});
    return answer && answer->status == 200;
  });
  if (!ready) {
    Die(program + " is not ready; its log:\n" + log);
  }
}

std::string Replace(std::string text, const std::string& what, const std::string& with) {
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
  return text;
}

struct ConnectionCloser {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
struct ResultCloser {
  void operator()(PGresult* result) const { PQclear(result); }
};
struct RedisCloser {
  void operator()(redisContext* context) const { redisFree(context); }
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};

TenantTest::Answer RunQuery(const std::map<std::string, std::string>& settings,
                            const std::string& sql) {
  std::vector<const char*> keys;
  std::vector<const char*> values;
  for (const auto& [key, value] : settings) {
    keys.push_back(key.c_str());
    values.push_back(value.c_str());
  }
  keys.push_back(nullptr);
  values.push_back(nullptr);
  const std::unique_ptr<PGconn, ConnectionCloser> connection(
      PQconnectdbParams(keys.data(), values.data(), 0));
  TenantTest::Answer answer;
  if (PQstatus(connection.get()) != CONNECTION_OK) {
    answer.error = PQerrorMessage(connection.get());
    return answer;
  }
  const std::unique_ptr<PGresult, ResultCloser> result(PQexec(connection.get(), sql.c_str()));
  const ExecStatusType status = PQresultStatus(result.get());
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
    answer.error = PQerrorMessage(connection.get());
    return answer;
  }
  for (int row = 0; row < PQntuples(result.get()); ++row) {
    std::vector<std::string>& cells = answer.rows.emplace_back();
    for (int column = 0; column < PQnfields(result.get()); ++column) {
      cells.emplace_back(PQgetvalue(result.get(), row, column));
    }
  }
  return answer;
}

std::vector<std::string> Cells(const redisReply& reply) {
  std::vector<std::string> cells;
  if (reply.type == REDIS_REPLY_ARRAY) {
    for (std::size_t i = 0; i < reply.elements; ++i) {
      for (std::string& cell : Cells(*reply.element[i])) {
        cells.push_back(std::move(cell));
      }
    }
  } else if (reply.type == REDIS_REPLY_INTEGER) {
    cells.push_back(std::to_string(reply.integer));
  } else if (reply.type != REDIS_REPLY_NIL) {
    cells.emplace_back(reply.str, reply.len);
  }
  return cells;
}

using RedisReplyPointer = std::unique_ptr<redisReply, RedisCloser>;

RedisReplyPointer SendRedis(redisContext* context, const std::vector<std::string>& command) {
  std::vector<const char*> arguments;
  std::vector<std::size_t> lengths;
  for (const std::string& argument : command) {
    arguments.push_back(argument.data());
    lengths.push_back(argument.size());
  }
  return RedisReplyPointer(static_cast<redisReply*>(redisCommandArgv(
      context, static_cast<int>(arguments.size()), arguments.data(), lengths.data())));
}

TenantTest::Answer RunRedis(const std::string& host, int port, const std::string& user,
                            const std::string& password, const std::vector<std::string>& command) {
  TenantTest::Answer answer;
  const std::unique_ptr<redisContext, RedisCloser> context(redisConnect(host.c_str(), port));
  if (!context || context->err != 0) {
    answer.error = "cannot connect";
    return answer;
  }
  for (const auto& step :
       {std::vector<std::string>{"AUTH", user.empty() ? "default" : user, password}, command}) {
    const RedisReplyPointer reply = SendRedis(context.get(), step);
    if (!reply) {
      answer.error = "no reply";
      return answer;
    }
    if (reply->type == REDIS_REPLY_ERROR) {
      answer.error = std::string(reply->str, reply->len);
      return answer;
    }
    answer.rows = {Cells(*reply)};
  }
  return answer;
}

}  // namespace

// ---- Programs ----

Programs& Programs::Instance() {
  static Programs programs;
  return programs;
}

Programs::Programs()
    : cluster_(Need(ReadClusterEnvironment())), registry_(telemetry::Registry::Make()) {
  kube_ = Need(kube::Client::Make(Need(kube::LoadKubeconfig(cluster_.kubeconfig, "")), *registry_));
  fixtures_dir_ = cluster_.directory / "system-test-fixtures";
  std::filesystem::create_directories(fixtures_dir_);
  agent_port_ = Need(FreePort());
  agent_probe_port_ = Need(FreePort());
  operator_probe_port_ = Need(FreePort());
  StartAgent();
  StartOperator();
}

void Programs::StartAgent() {
  agent_ = Need(
      ChildProcess::Start({.arguments = {ProgramPath("tenantry-agent"), "--name=system-test",
                                         "--listen-address=" + Local(agent_port_),
                                         "--health-probe-bind-address=" + Local(agent_probe_port_),
                                         "--metrics-bind-address=" + Local(agent_probe_port_),
                                         "--tls-ca-file=" + (cluster_.pki / "ca.crt").string(),
                                         "--tls-cert-file=" + (cluster_.pki / "agent.crt").string(),
                                         "--tls-key-file=" + (cluster_.pki / "agent.key").string(),
                                         "--fixtures-dir=" + fixtures_dir_.string()},
                           .log_file = cluster_.directory / "system-test-agent.log"}));
  AwaitProbe(agent_probe_port_, "tenantry-agent", AgentLog());
}

void Programs::StartOperator() {
  operator_ = Need(ChildProcess::Start(
      {.arguments = {ProgramPath("tenantry-operator"),
                     "--kubeconfig=" + cluster_.operator_kubeconfig,
                     "--health-probe-bind-address=" + Local(operator_probe_port_),
                     "--metrics-bind-address=" + Local(operator_probe_port_),
                     "--agent-ca-file=" + (cluster_.pki / "ca.crt").string(),
                     "--agent-cert-file=" + (cluster_.pki / "operator.crt").string(),
                     "--agent-key-file=" + (cluster_.pki / "operator.key").string(),
                     "--leader-election-lease-duration=3s", "--leader-election-renew-deadline=2s",
                     "--leader-election-retry-period=250ms", "--drift-interval=3s",
                     "--rotation-overlap=5s", "--log-level=debug"},
       .log_file = cluster_.directory / "system-test-operator.log"}));
  AwaitProbe(operator_probe_port_, "tenantry-operator", OperatorLog());
}

void Programs::KillOperator() {
  operator_->Signal(SIGKILL);
  (void)operator_->Wait(seconds(10));
}

void Programs::KillAgent() {
  agent_->Signal(SIGKILL);
  (void)agent_->Wait(seconds(10));
}

bool Programs::OperatorRuns() { return operator_->Running(); }
bool Programs::AgentRuns() { return agent_->Running(); }
std::string Programs::OperatorLog() const { return operator_->Log(); }
std::string Programs::AgentLog() const { return agent_->Log(); }
std::string Programs::agent_endpoint() const { return "https://" + Local(agent_port_); }

std::string Programs::OperatorMetrics() const {
  const auto client =
      Need(net::HttpClient::Make({.base_url = "http://" + Local(operator_probe_port_)}));
  return Need(client->Send({.path = "/metrics"})).body;
}

// ---- TenantTest ----

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

TenantTest::Answer TenantTest::QueryAsTenant(const std::string& tenant,
                                             const std::string& sql) const {
  const auto secret = SecretData(tenant + "-connection");
  if (secret.empty()) {
    return {.error = "there is no binding Secret"};
  }
  const auto ca_file = Programs::Instance().cluster().directory / (ns_ + "-" + tenant + "-ca.crt");
  std::ofstream(ca_file) << secret.at("ca.crt");
  return RunQuery({{"host", secret.at("host")},
                   {"port", secret.at("port")},
                   {"dbname", secret.at("database")},
                   {"user", secret.at("username")},
                   {"password", secret.at("password")},
                   {"sslmode", secret.at("sslmode")},
                   {"sslrootcert", ca_file.string()}},
                  sql);
}

TenantTest::Answer TenantTest::QueryAsAdmin(const std::string& sql, const std::string& database) {
  const api::PostgresAccess& postgres = Programs::Instance().cluster().postgres;
  return RunQuery({{"host", postgres.host},
                   {"port", std::to_string(postgres.port)},
                   {"dbname", database.empty() ? postgres.database : database},
                   {"user", postgres.user},
                   {"password", postgres.password.reveal()},
                   {"sslmode", "require"}},
                  sql);
}

TenantTest::Answer TenantTest::RedisAsTenant(const std::string& tenant,
                                             const std::vector<std::string>& command) const {
  const auto secret = SecretData(tenant + "-cache");
  if (secret.empty()) {
    return {.error = "there is no cache binding Secret"};
  }
  return RunRedis(secret.at("host"), std::stoi(secret.at("port")), secret.at("username"),
                  secret.at("password"), command);
}

TenantTest::Answer TenantTest::RedisAsAdmin(const std::vector<std::string>& command) {
  const api::RedisAccess& redis = Programs::Instance().cluster().redis;
  return RunRedis(redis.host, redis.port, redis.user, redis.password.reveal(), command);
}

std::string TenantTest::TenantYaml(const std::string& name, const std::string& isolation,
                                   const std::string& more) const {
  return "apiVersion: tenantry.dev/v1alpha1\nkind: Tenant\nmetadata: {name: " + name +
         "}\nspec:\n  tenantID: " + Unique(Replace(name, "-", "_")) +
         "\n  dataStoreRef: {name: main}\n  isolation: " + isolation + "\n" + more;
}

std::string TenantTest::DataStoreYaml(const std::string& name) const {
  const ClusterEnvironment& cluster = Programs::Instance().cluster();
  return "apiVersion: tenantry.dev/v1alpha1\nkind: DataStore\nmetadata: {name: " + name +
         "}\nspec:\n  postgres: {host: " + cluster.postgres.host +
         ", port: " + std::to_string(cluster.postgres.port) +
         ", database: " + cluster.postgres.database +
         ", adminSecretRef: {name: main-admin}, caSecretRef: {name: main-ca}}\n" +
         "  redis: {host: " + cluster.redis.host + ", port: " + std::to_string(cluster.redis.port) +
         ", adminSecretRef: {name: main-redis}}\n  agents: {endpoints: [\"" +
         Programs::Instance().agent_endpoint() + "\"]}\n";
}

}  // namespace tenantry::testing
