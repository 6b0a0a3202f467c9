#include "agent/provision/deprovision.h"

#include <memory>
#include <string>
#include <vector>

#include "agent/postgres/quote.h"
#include "agent/provision/catalogue.h"
#include "agent/provision/desired.h"
#include "agent/provision/observe.h"
#include "agent/provision/redis_tenant.h"
#include "agent/provision/shared_rows.h"
#include "agent/redis/connection.h"
#include "common/api/reasons.h"
#include "common/base/strings.h"

namespace tenantry::agent {
namespace {

using postgres::QuoteIdentifier;
using postgres::QuoteLiteral;

// What the catalogue says is where: the spec may be of a newer Tenant of the same ID.
Result<TenantNames> NamesOf(const api::TenantId& id, const CatalogueRow& row,
                            const std::string& store_database) {
  constexpr std::string_view kSharedPrefix = "shared_";
  for (const api::Isolation isolation :
       {api::Isolation::kSchema, api::Isolation::kDatabase, api::Isolation::kRowLevel}) {
    if (row.isolation != api::ToString(isolation)) {
      continue;
    }
    const bool is_shared = isolation == api::Isolation::kRowLevel;
    const std::string name = is_shared ? row.schema.substr(kSharedPrefix.size()) : "";
    return MakeNames(id, isolation, name, store_database);
  }
  return Error{ErrorCode::kInvalid,
               "The catalogue names an isolation that this agent does not know: " + row.isolation +
                   ". Upgrade the agent.",
               api::reason::kAgentVersionSkew};
}

Result<std::vector<std::string>> ExistingRoles(postgres::Connection& store,
                                               const std::vector<std::string>& roles) {
  const postgres::Rows rows = TRY(store.Execute(
      "SELECT rolname FROM pg_roles WHERE rolname = ANY ($1::name[])", {NameArray(roles)}));
  std::vector<std::string> existing;
  for (std::size_t i = 0; i < rows.rows.size(); ++i) {
    existing.push_back(rows.Text(i));
  }
  return existing;
}

// Membership is what PostgreSQL wants for ending a role's sessions and dropping what it owns.
std::string JoinRole(const postgres::Connection& store, const std::string& role) {
  constexpr int kServerWithGrantOptions = 160000;
  return "GRANT " + QuoteIdentifier(role) + " TO CURRENT_USER" +
         (store.server_version() >= kServerWithGrantOptions ? " WITH INHERIT TRUE, SET TRUE" : "");
}

Result<void> CloseLogins(postgres::Connection& store, const std::vector<std::string>& roles) {
  std::vector<std::string> scripts;
  for (const std::string& role : roles) {
    scripts.push_back("ALTER ROLE " + QuoteIdentifier(role) + " NOLOGIN PASSWORD NULL");
    scripts.push_back(JoinRole(store, role));
  }
  TRY(RunInTransaction(store, scripts).result);
  TRY(
      store.Execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                    "WHERE usename = ANY ($1::name[]) AND pid <> pg_backend_pid()",
                    {NameArray(roles)}));
  return {};
}

// Everything that names the tenant, in one transaction with its roles.
std::vector<std::string> ForgetScripts(const TenantNames& names,
                                       const std::vector<std::string>& roles) {
  const std::string id = QuoteLiteral(names.id.value());
  std::vector<std::string> scripts;
  for (const std::string& role : roles) {
    scripts.push_back("DROP OWNED BY " + QuoteIdentifier(role) + " CASCADE");
  }
  for (const std::string& role : roles) {
    scripts.push_back("DROP ROLE " + QuoteIdentifier(role));
  }
  std::vector<std::string> own;
  for (const std::string& role : names.OwnRoles()) {
    own.push_back(QuoteLiteral(role));
  }
  for (const char* table : {"chunks", "loads"}) {
    scripts.push_back("DELETE FROM tenantry_loads." + std::string(table) + " WHERE role_name IN (" +
                      Join(own, ", ") + ")");
  }
  for (const char* table : {"loads", "loaded_rows", "row_tenants", "tenants"}) {
    scripts.push_back("DELETE FROM tenantry." + std::string(table) + " WHERE tenant_id = " + id);
  }
  return scripts;
}

class Removal {
 public:
  Removal(AdminSessions& sessions, TenantNames names, TaskContext& context)
      : sessions_(sessions), names_(std::move(names)), context_(context) {}

  Result<api::DeprovisionResult> Retain(const std::optional<api::RedisAccess>& redis) {
    api::DeprovisionResult result;
    if (redis) {
      const auto connection = TRY(redis::Connection::Open(*redis));
      if (TRY(CloseRedisTenant(*connection, names_.id))) {
        result.kept.push_back("Redis keys " + api::RedisPrefix(names_.id) + "*, user closed");
      }
    }
    const std::vector<std::string> roles = TRY(ExistingRoles(sessions_.store(), names_.OwnRoles()));
    TRY(CloseLogins(sessions_.store(), roles));
    TRY(sessions_.store().Execute(
        "UPDATE tenantry.tenants SET state = 'Retained' WHERE tenant_id = $1 "
        "AND state <> 'Retained'",
        {names_.id.value()}));
    result.kept.push_back(Place() + ", logins closed");
    TRY(WriteAudit(sessions_.store(), names_.id, "Retain", result.kept));
    return result;
  }

  Result<api::DeprovisionResult> Delete(const std::optional<api::RedisAccess>& redis) {
    api::DeprovisionResult result;
    if (redis) {
      const auto connection = TRY(redis::Connection::Open(*redis));
      result.removed = TRY(DeleteRedisTenant(*connection, names_.id, context_.stop()));
    }
    std::vector<std::string> roles = TRY(ExistingRoles(sessions_.store(), names_.OwnRoles()));
    TRY(CloseLogins(sessions_.store(), roles));
    std::vector<std::string> scripts;
    if (names_.has_own_database()) {
      TRY(sessions_.store().ExecuteScript("DROP DATABASE IF EXISTS " +
                                          QuoteIdentifier(names_.database) + " WITH (FORCE)"));
    } else if (names_.is_shared()) {
      const std::int64_t rows = TRY(DeleteSharedRows(sessions_, names_));
      result.removed.push_back(std::to_string(rows) + " rows of schema " + names_.schema);
      roles = TRY(ExistingRoles(sessions_.store(), names_.OwnRoles()));
    } else {
      scripts.push_back("DROP SCHEMA IF EXISTS " + QuoteIdentifier(names_.schema) + " CASCADE");
    }
    if (!names_.is_shared()) {
      result.removed.push_back(Place());
    }
    const std::vector<std::string> forget = ForgetScripts(names_, roles);
    scripts.insert(scripts.end(), forget.begin(), forget.end());
    TRY(RunInTransaction(sessions_.store(), scripts).result);
    if (!roles.empty()) {
      result.removed.push_back("roles " + Join(roles, ", "));
    }
    TRY(WriteAudit(sessions_.store(), names_.id, "Delete", result.removed));
    return result;
  }

 private:
  std::string Place() const {
    if (names_.has_own_database()) {
      return "database " + names_.database;
    }
    return names_.is_shared()
               ? "rows of tenant " + names_.id.value() + " in schema " + names_.schema
               : "schema " + names_.schema;
  }

  AdminSessions& sessions_;
  TenantNames names_;
  TaskContext& context_;
};

}  // namespace

Result<api::DeprovisionResult> Deprovision(const api::TenantId& id,
                                           const api::DeprovisionSpec& spec,
                                           const ProvisionOptions& options, TaskContext& context) {
  TRY(MakeNames(id, api::Isolation::kSchema, "", spec.postgres.database));  // checks the ID
  AdminSessions sessions =
      TRY(AdminSessions::Open(spec.postgres, options.application, context.stop()));
  TRY(LockTenant(sessions.store(), id));
  const std::optional<CatalogueRow> row = TRY(ReadCatalogueRow(sessions.store(), id, "{}"));
  if (!row) {
    return api::DeprovisionResult{};
  }
  if (row->owner_uid != spec.owner_uid) {
    return api::DeprovisionResult{.kept = {"Tenant " + id.value() + " in database " +
                                           spec.postgres.database + " belongs to Tenant " +
                                           row->owner + " (UID " + row->owner_uid +
                                           "): nothing of it was touched"}};
  }
  TRY(EnsureCatalogue(sessions.store()));  // an older agent may have made it
  const TenantNames names = TRY(NamesOf(id, *row, spec.postgres.database));
  if (names.is_shared()) {
    TRY(LockSharedSchema(sessions.store(), names.schema));
  }
  Removal removal(sessions, names, context);
  return spec.policy == api::DeletionPolicy::kDelete ? removal.Delete(spec.redis)
                                                     : removal.Retain(spec.redis);
}

}  // namespace tenantry::agent
