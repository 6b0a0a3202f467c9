#include "tests/adapter/provision/fixture.h"

#include <iostream>

#include "common/api/reasons.h"

namespace tenantry::agent {
namespace {

template <class T, class Spec>
TaskAnswer<T> Run(api::TaskKind kind, const std::string& tenant, const Spec& spec,
                  std::stop_token stop = {}) {
  return testing::CallTask<T>(MakeProvisionHandlers({}), kind, tenant, spec, std::move(stop));
}

}  // namespace

TaskAnswer<api::ProvisionResult> Provision(const std::string& tenant,
                                           const api::TenantStorageSpec& spec,
                                           std::stop_token stop) {
  return Run<api::ProvisionResult>(api::TaskKind::kProvision, tenant, spec, std::move(stop));
}

TaskAnswer<api::ObserveResult> Observe(const std::string& tenant,
                                       const api::TenantStorageSpec& spec) {
  return Run<api::ObserveResult>(api::TaskKind::kObserve, tenant, spec);
}

TaskAnswer<api::StoreResult> ObserveStore(const api::StoreSpec& spec) {
  return Run<api::StoreResult>(api::TaskKind::kObserve, "", spec);
}

TaskAnswer<api::DeprovisionResult> Deprovision(const std::string& tenant,
                                               const api::DeprovisionSpec& spec) {
  return Run<api::DeprovisionResult>(api::TaskKind::kDeprovision, tenant, spec);
}

api::TenantStorageSpec MusicSpec(const std::string& tenant, api::Isolation isolation) {
  return {.postgres = Postgres().admin(),
          .owner_uid = "uid-" + tenant,
          .owner = "platform/" + tenant,
          .isolation = isolation,
          .template_name = "Music",
          .schema_name = "music",
          .logins = {{"tenant_" + tenant + "_app", Secret("app-" + tenant)}},
          .connection_limit = 5,
          .config_json = R"({"locale":"fr-FR","tier":"Free"})"};
}

api::DeprovisionSpec DeprovisionSpecOf(const api::TenantStorageSpec& spec,
                                       api::DeletionPolicy policy) {
  return {.postgres = spec.postgres,
          .redis = spec.redis,
          .owner_uid = spec.owner_uid,
          .isolation = spec.isolation,
          .schema_name = spec.schema_name,
          .policy = policy};
}

std::unique_ptr<postgres::Connection> LogIn(const std::string& role, const std::string& password,
                                            const std::string& database) {
  auto session =
      postgres::Connection::Open(Postgres().access(role, password, database), "tenant-app");
  if (session) {
    return std::move(session).value();
  }
  // A server that is merely slow has refused nobody: the test must not take it for a refusal.
  const Error& error = session.error();
  const bool refused =
      error.code == ErrorCode::kInvalid || error.reason == api::reason::kQuotaExceeded;
  EXPECT_TRUE(refused) << "login of " << role << ": " << error.message;
  std::cout << "login of " << role << " was refused: " << error.message << "\n";
  return nullptr;
}

std::string Ask(postgres::Connection& session, const std::string& sql) {
  const Result<postgres::Rows> rows = session.Execute(sql);
  if (!rows) {
    return "error " + session.last_diagnostics().sqlstate;
  }
  return rows->empty() || rows->columns.empty() ? "" : rows->Text(0);
}

std::string AskSuperuser(const std::string& sql, const std::string& database) {
  return Postgres().Value(database, sql);
}

}  // namespace tenantry::agent
