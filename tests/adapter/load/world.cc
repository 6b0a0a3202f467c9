#include "tests/adapter/load/world.h"

#include <cstdlib>
#include <iostream>

#include "agent/provision/handlers.h"
#include "common/api/protocol_codec.h"

namespace tenantry::load {
namespace {

struct Servers {
  std::unique_ptr<testing::PostgresServer> postgres;
  std::unique_ptr<testing::RedisServer> redis;
};

Servers& SharedServers() {
  static Servers servers;
  return servers;
}

template <class Server>
std::unique_ptr<Server> Must(Result<std::unique_ptr<Server>> started) {
  if (!started) {
    std::cerr << started.error().message << "\n";
    std::abort();
  }
  return std::move(started).value();
}

class ServersEnvironment final : public ::testing::Environment {
 public:
  void SetUp() override {
    SharedServers().postgres = Must(testing::PostgresServer::Start());
    SharedServers().redis = Must(testing::RedisServer::Start({.password = "redis-secret"}));
  }
  void TearDown() override { SharedServers() = {}; }
};

[[maybe_unused]] const ::testing::Environment* const kServers =
    ::testing::AddGlobalTestEnvironment(new ServersEnvironment);

template <class T, class Spec>
Answer<T> Run(const agent::TaskHandlers& handlers, api::TaskKind kind, const std::string& tenant,
              const Spec& spec, std::stop_token stop) {
  RecordingContext context(std::move(stop));
  const api::TaskRequest request{.id = "test-1-" + tenant,
                                 .kind = kind,
                                 .tenant = api::TenantId(tenant),
                                 .spec_json = api::Encode(spec)};
  agent::TaskOutcome outcome = handlers.at(kind)(request, context);
  Answer<T> answer{.result = {}, .error = outcome.error, .progress = context.last()};
  if (!outcome.result_json.empty()) {
    const Result<T> decoded = api::Decode<T>(outcome.result_json);
    EXPECT_TRUE(decoded) << outcome.result_json;
    answer.result = decoded ? *decoded : T{};
  }
  return answer;
}

std::string PasswordOf(const std::string& id) { return "app-" + id; }

}  // namespace

testing::PostgresServer& Postgres() { return *SharedServers().postgres; }
testing::RedisServer& Redis() { return *SharedServers().redis; }

Tenant::Tenant(const std::string& id, const std::string& sql, api::Isolation isolation) : id_(id) {
  api::TenantStorageSpec spec = {
      .postgres = Postgres().admin(),
      .redis = Redis().access(),
      .owner_uid = "uid-" + id,
      .owner = "platform/" + id,
      .isolation = isolation,
      .template_name = sql.empty() ? "Music" : "",
      .schema_name = sql.empty() ? "music" : "shared",
      .logins = {{api::AppRole(api::TenantId(id)), Secret(PasswordOf(id))}},
      .redis_passwords = {Secret(PasswordOf(id))},
      .config_json = "{}"};
  if (!sql.empty()) {
    spec.migrations = {{.name = "V1__tables.sql", .sql = sql}};
  }
  const auto provisioned = Run<api::ProvisionResult>(agent::MakeProvisionHandlers({}),
                                                     api::TaskKind::kProvision, id, spec, {});
  EXPECT_EQ(provisioned.message(), "");
  schema_ = provisioned.result.schema;
}

api::PostgresAccess Tenant::login() const {
  return Postgres().access(api::AppRole(api::TenantId(id_)), PasswordOf(id_));
}

api::RedisAccess Tenant::redis_login() const {
  api::RedisAccess access = Redis().access();
  access.user = api::RedisUser(api::TenantId(id_));
  access.password = Secret(PasswordOf(id_));
  return access;
}

Answer<api::LoadResult> Tenant::Load(const LoadCall& call) const {
  api::LoadSpec spec = {.postgres = login(),
                        .redis = redis_login(),
                        .schema = schema_,
                        .fixture_set = call.fixture_set,
                        .track_rows = call.track_rows,
                        .datasets = call.datasets};
  if (call.port) {
    spec.postgres.port = *call.port;
    spec.postgres.ssl_mode = api::SslMode::kDisable;
  }
  return Run<api::LoadResult>(agent::MakeLoadHandlers({.fixtures_dir = call.fixtures_dir}),
                              api::TaskKind::kLoad, id_, spec, call.stop);
}

Answer<api::UnloadResult> Tenant::Unload(const std::string& fixture_set) const {
  const api::UnloadSpec spec = {
      .postgres = login(), .redis = redis_login(), .schema = schema_, .fixture_set = fixture_set};
  return Run<api::UnloadResult>(agent::MakeLoadHandlers({}), api::TaskKind::kUnload, id_, spec, {});
}

std::string Tenant::Fill(std::string sql) const {
  for (std::size_t at = sql.find("{s}"); at != std::string::npos; at = sql.find("{s}", at)) {
    sql.replace(at, 3, schema_);
  }
  return sql;
}

std::string Tenant::Ask(std::string sql) const {
  return Postgres().Value("app", Fill(std::move(sql)));
}

std::string Tenant::AskAsTenant(std::string sql) const {
  const auto session = postgres::Connection::Open(login(), "tenant-app");
  if (!session) {
    return session.error().message;
  }
  const auto rows = (*session)->Execute(Fill(std::move(sql)));
  return !rows ? rows.error().message : rows->empty() ? "" : rows->Text(0);
}

api::LoadDataset Inline(const std::string& name, const std::string& table, const std::string& text,
                        api::Conflict conflict, std::vector<std::string> key) {
  api::LoadDataset dataset;
  dataset.dataset.name = name;
  dataset.dataset.source.inline_text = text;
  dataset.dataset.target.table = table;
  dataset.dataset.conflict = conflict;
  dataset.dataset.key = std::move(key);
  dataset.origin = "key " + name + " in ConfigMap files";
  return dataset;
}

api::LoadDataset InlineRedis(const std::string& name, const api::RedisTargetSpec& target,
                             const std::string& text, api::Conflict conflict) {
  api::LoadDataset dataset = Inline(name, "", text, conflict);
  dataset.dataset.target.redis = target;
  return dataset;
}

std::string Counts(const Answer<api::LoadResult>& answer) {
  if (answer.error) {
    return answer.error->message;
  }
  const api::Counters& c = answer.result.datasets.at(0).status.counters;
  EXPECT_EQ(c.read, c.inserted + c.updated + c.unchanged + c.skipped + c.rejected);
  std::string text;
  for (const std::int64_t count :
       {c.read, c.inserted, c.updated, c.unchanged, c.skipped, c.rejected}) {
    text += (text.empty() ? "" : " ") + std::to_string(count);
  }
  return text;
}

}  // namespace tenantry::load
