#include "cli/load_target.h"

#include <memory>
#include <string>
#include <utility>

#include "agent/postgres/connection.h"
#include "agent/postgres/errors.h"
#include "cli/store_access.h"
#include "common/api/tenant.h"
#include "common/base/strings.h"

namespace tenantry::cli {
namespace {

using Session = std::unique_ptr<postgres::Connection>;

constexpr char kApplication[] = "tenantry-load";
constexpr char kPublic[] = "public";
constexpr int kServerWithSetOption = 160000;  // GRANT … WITH SET, pg_has_role(…, 'SET')

Result<std::string> DefaultSchema(postgres::Connection& session) {
  const postgres::Rows rows = TRY(session.Execute(
      "SELECT substr(setting, length('search_path=') + 1) FROM pg_roles, unnest(rolconfig) AS "
      "setting WHERE rolname = current_user AND setting LIKE 'search\\_path=%'"));
  const std::string schema = rows.empty() ? "" : FirstSchema(rows.Text(0));
  return schema.empty() ? std::string(kPublic) : schema;
}

// The tenant whose login the session is; empty: it is no tenant's.
Result<std::string> OwnTenant(postgres::Connection& session) {
  const postgres::Rows there =
      TRY(session.Execute("SELECT to_regproc('tenantry.my_tenant_id') IS NOT NULL"));
  if (there.Text(0) != "t") {
    return std::string();
  }
  const postgres::Rows rows = TRY(session.Execute("SELECT tenantry.my_tenant_id()"));
  return rows.Text(0);
}

struct TenantPlace {
  std::string isolation, database, schema, state;
};

Error NoSuchTenant(const std::string& id, const api::PostgresAccess& store) {
  return {ErrorCode::kNotFound, "There is no tenant " + id + " in database " + store.database +
                                    " of " + postgres::EndpointOf(store).HostPort() +
                                    ". Make it: tenantry tenant init --store … --tenant-id " + id +
                                    " --tier … --admin-email …"};
}

Result<TenantPlace> FindTenant(postgres::Connection& session, const std::string& id,
                               const api::PostgresAccess& store) {
  const postgres::Rows there =
      TRY(session.Execute("SELECT to_regclass('tenantry.tenants') IS NOT NULL"));
  if (there.Text(0) != "t") {
    return NoSuchTenant(id, store);
  }
  const postgres::Rows rows = TRY(session.Execute(
      "SELECT isolation, database_name, schema_name, state FROM tenantry.tenants WHERE tenant_id = "
      "$1",
      {id}));
  if (rows.empty()) {
    return NoSuchTenant(id, store);
  }
  return TenantPlace{rows.Text(0, 0), rows.Text(0, 1), rows.Text(0, 2), rows.Text(0, 3)};
}

// With --create-table the tenant's owner loads, because its app may make no tables; but a table
// whose rows are marked with the tenant needs the role that is tied to it.
Result<std::string> ChooseRole(postgres::Connection& session, const LoadOptions& options,
                               const TenantPlace& place) {
  const api::TenantId id(options.tenant);
  if (!options.bulk.create_table) {
    return api::AppRole(id);
  }
  if (place.isolation == api::ToString(api::Isolation::kRowLevel)) {
    return Error{
        ErrorCode::kInvalid,
        "Tenant " + options.tenant +
            " shares its tables with others (isolation RowLevel), so a load makes none for "
            "it. Leave --create-table out."};
  }
  const postgres::Rows marked = TRY(session.Execute(
      "SELECT pg_get_expr(d.adbin, d.adrelid) LIKE '%my_tenant_id%' FROM pg_class c JOIN "
      "pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid AND "
      "a.attname = 'tenant_id' JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum WHERE "
      "n.nspname = $1 AND c.relname = $2",
      {place.schema, options.table}));
  return !marked.empty() && marked.Text(0) == "t" ? api::AppRole(id) : api::OwnerRole(id);
}

// The login has to be a member of the role it loads as.
Result<void> JoinRole(postgres::Connection& session, const std::string& role,
                      const Console& console) {
  const bool has_options = session.server_version() >= kServerWithSetOption;
  const postgres::Rows rows =
      TRY(session.Execute(std::string("SELECT current_user, pg_has_role(current_user, $1, '") +
                              (has_options ? "SET" : "MEMBER") + "')",
                          {role}));
  if (rows.Text(0, 1) == "t") {
    return {};
  }
  TRY(session.ExecuteScript("GRANT " + session.QuoteIdentifier(role) + " TO CURRENT_USER" +
                            (has_options ? " WITH INHERIT FALSE, SET TRUE" : "")));
  console.Say("Made user " + rows.Text(0, 0) + " a member of role " + role +
              ", which loads the rows.");
  return {};
}

Result<load::BulkTarget> FindTenantTarget(const LoadOptions& options, Session session,
                                          load::BulkTarget target, const Console& console,
                                          const std::stop_token& stop) {
  target.tenant = api::TenantId(options.tenant);
  if (TRY(OwnTenant(*session)) == options.tenant) {
    target.schema = options.schema.empty() ? TRY(DefaultSchema(*session)) : options.schema;
    return target;
  }
  const TenantPlace place = TRY(FindTenant(*session, options.tenant, target.postgres));
  if (place.state != "Active") {
    return Error{ErrorCode::kInvalid,
                 "Tenant " + options.tenant +
                     " was deleted, and its data is only kept. Make it anew with tenantry tenant "
                     "init --adopt."};
  }
  if (place.database != target.postgres.database) {
    target.postgres.database = place.database;
    session = TRY(postgres::Connection::Open(target.postgres, kApplication, stop));
  }
  target.schema = options.schema.empty() ? place.schema : options.schema;
  target.role = TRY(ChooseRole(*session, options, place));
  TRY(JoinRole(*session, target.role, console));
  return target;
}

}  // namespace

std::string FirstSchema(std::string_view search_path) {
  std::string first;
  bool quoted = false;
  for (const char c : Trim(search_path)) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      break;
    } else {
      first += c;
    }
  }
  return first == "$user" ? "" : std::string(Trim(first));
}

Result<load::BulkTarget> FindTarget(const LoadOptions& options, const api::PostgresAccess& store,
                                    const Console& console, const std::stop_token& stop) {
  load::BulkTarget target{
      .postgres = store, .role = options.role, .schema = options.schema, .table = options.table};
  if (options.tenant.empty() && !options.schema.empty()) {
    return target;
  }
  Session session = TRY(postgres::Connection::Open(store, kApplication, stop));
  if (!options.tenant.empty()) {
    return FindTenantTarget(options, std::move(session), std::move(target), console, stop);
  }
  target.schema = TRY(DefaultSchema(*session));
  return target;
}

}  // namespace tenantry::cli
