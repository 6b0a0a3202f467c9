#include "tests/adapter/load/world.h"

#include "agent/provision/handlers.h"

namespace tenantry::load {

using testing::CallTask;

namespace {

std::string PasswordOf(const std::string& id) { return "app-" + id; }

}  // namespace

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
  const auto provisioned = CallTask<api::ProvisionResult>(agent::MakeProvisionHandlers({}),
                                                          api::TaskKind::kProvision, id, spec);
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

TaskAnswer<api::LoadResult> Tenant::Load(const LoadCall& call) const {
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
  return CallTask<api::LoadResult>(agent::MakeLoadHandlers({.fixtures_dir = call.fixtures_dir}),
                                   api::TaskKind::kLoad, id_, spec, call.stop);
}

TaskAnswer<api::UnloadResult> Tenant::Unload(const std::string& fixture_set) const {
  const api::UnloadSpec spec = {
      .postgres = login(), .redis = redis_login(), .schema = schema_, .fixture_set = fixture_set};
  return CallTask<api::UnloadResult>(agent::MakeLoadHandlers({}), api::TaskKind::kUnload, id_,
                                     spec);
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

std::string Counts(const TaskAnswer<api::LoadResult>& answer) {
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
