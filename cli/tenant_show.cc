#include <charconv>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "agent/postgres/connection.h"
#include "cli/exit_code.h"
#include "cli/numbers.h"
#include "cli/result_text.h"
#include "cli/store_access.h"
#include "cli/tenant.h"

namespace tenantry::cli {
namespace {

constexpr char kCommand[] = "tenantry tenant show";
constexpr char kApplication[] = "tenantry";

constexpr char kTenants[] =
    "SELECT tenant_id, coalesce(config ->> 'tier', ''), isolation, database_name, schema_name, "
    "state, owner, to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), "
    "config::text FROM tenantry.tenants WHERE $1 IN ('', tenant_id) ORDER BY tenant_id";
// Of the role that ran them: others do not see them (row security).
constexpr char kLoads[] =
    "SELECT table_schema || '.' || table_name, source, state, coalesce(counters ->> 'read', '0'), "
    "coalesce(counters ->> 'rejected', '0') FROM tenantry_loads.loads WHERE role_name = "
    "current_user ORDER BY started_at";
constexpr char kMayBe[] =
    "SELECT 1 FROM pg_roles WHERE rolname = $1 AND pg_has_role(current_user, oid, 'MEMBER')";

struct ShownLoad {
  std::string table, source, state;
  std::int64_t read = 0;
  std::int64_t rejected = 0;
};
struct ShownTenant {
  std::string id, tier, isolation, database, schema, state, owner, created, config;
  std::vector<ShownLoad> loads;
};

std::int64_t Number(const std::string& text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

Result<bool> HasTable(postgres::Connection& session, const std::string& table) {
  const postgres::Rows rows = TRY(session.Execute("SELECT to_regclass($1) IS NOT NULL", {table}));
  return rows.Text(0) == "t";
}

Result<std::vector<ShownLoad>> ReadLoads(postgres::Connection& session, const api::TenantId& id) {
  std::vector<ShownLoad> loads;
  if (!TRY(HasTable(session, "tenantry_loads.loads"))) {
    return loads;
  }
  for (const std::string& role : {api::AppRole(id), api::OwnerRole(id)}) {
    const postgres::Rows may_be = TRY(session.Execute(kMayBe, {role}));
    if (may_be.empty()) {
      continue;
    }
    TRY(session.ExecuteScript("SET ROLE " + session.QuoteIdentifier(role)));
    const postgres::Rows rows = TRY(session.Execute(kLoads));
    TRY(session.ExecuteScript("RESET ROLE"));
    for (std::size_t i = 0; i < rows.rows.size(); ++i) {
      loads.push_back({rows.Text(i, 0), rows.Text(i, 1), rows.Text(i, 2), Number(rows.Text(i, 3)),
                       Number(rows.Text(i, 4))});
    }
  }
  return loads;
}

Result<std::vector<ShownTenant>> ReadTenants(postgres::Connection& session,
                                             const api::TenantId& wanted) {
  std::vector<ShownTenant> tenants;
  if (!TRY(HasTable(session, "tenantry.tenants"))) {
    return tenants;
  }
  const postgres::Rows rows = TRY(session.Execute(kTenants, {wanted.value()}));
  for (std::size_t i = 0; i < rows.rows.size(); ++i) {
    tenants.push_back({.id = rows.Text(i, 0),
                       .tier = rows.Text(i, 1),
                       .isolation = rows.Text(i, 2),
                       .database = rows.Text(i, 3),
                       .schema = rows.Text(i, 4),
                       .state = rows.Text(i, 5),
                       .owner = rows.Text(i, 6),
                       .created = rows.Text(i, 7),
                       .config = rows.Text(i, 8)});
  }
  return tenants;
}

Json ToJson(const ShownTenant& tenant, bool with_loads) {
  Json json = {{"tenantID", tenant.id},         {"tier", tenant.tier},
               {"isolation", tenant.isolation}, {"database", tenant.database},
               {"schema", tenant.schema},       {"state", tenant.state},
               {"owner", tenant.owner},         {"created", tenant.created}};
  if (!with_loads) {
    return json;
  }
  json["config"] = Json::parse(tenant.config, nullptr, false);
  json["loads"] = Json::array();
  for (const ShownLoad& load : tenant.loads) {
    json["loads"].push_back({{"table", load.table},
                             {"source", load.source},
                             {"state", load.state},
                             {"read", load.read},
                             {"rejected", load.rejected}});
  }
  return json;
}

std::string TenantTable(const std::vector<ShownTenant>& tenants) {
  std::vector<std::vector<std::string>> rows = {
      {"TENANT", "TIER", "ISOLATION", "DATABASE", "SCHEMA", "STATE", "OWNER", "CREATED"}};
  for (const ShownTenant& tenant : tenants) {
    rows.push_back({tenant.id, tenant.tier, tenant.isolation, tenant.database, tenant.schema,
                    tenant.state, tenant.owner, tenant.created});
  }
  return FormatTable(rows);
}

std::string OneTenant(const ShownTenant& tenant) {
  std::string text = "Tenant " + tenant.id + " (" + tenant.tier + ", " + tenant.isolation + "), " +
                     tenant.state + "\n" +
                     FormatList({{"  database", tenant.database},
                                 {"  schema", tenant.schema},
                                 {"  owner", tenant.owner},
                                 {"  created", tenant.created},
                                 {"  config", tenant.config}});
  std::vector<std::vector<std::string>> rows = {{"  TABLE", "SOURCE", "STATE", "READ", "REJECTED"}};
  for (const ShownLoad& load : tenant.loads) {
    rows.push_back(
        {"  " + load.table, load.source, load.state, Grouped(load.read), Grouped(load.rejected)});
  }
  return tenant.loads.empty() ? text : text + "Loads\n" + FormatTable(rows);
}

Result<void> Show(const TenantShowOptions& options, const Console& console,
                  const std::stop_token& stop) {
  const api::PostgresAccess store = TRY(OpenStore(options.store, console, stop));
  const auto session = TRY(postgres::Connection::Open(store, kApplication, stop));
  std::vector<ShownTenant> tenants = TRY(ReadTenants(*session, options.tenant_id));
  const bool one = !options.tenant_id.empty();
  if (one && tenants.empty()) {
    return Error{ErrorCode::kNotFound, "There is no tenant " + options.tenant_id.value() +
                                           " in database " + store.database +
                                           ". Make it with tenantry tenant init."};
  }
  if (one) {
    // They are beside the tables.
    api::PostgresAccess beside = store;
    beside.database = tenants.front().database;
    const auto tables = TRY(postgres::Connection::Open(beside, kApplication, stop));
    tenants.front().loads = TRY(ReadLoads(*tables, options.tenant_id));
  }
  if (options.output.format == OutputFormat::kTable) {
    console.out << (one ? OneTenant(tenants.front()) : TenantTable(tenants));
    return {};
  }
  Json list = Json::array();
  for (const ShownTenant& tenant : tenants) {
    list.push_back(ToJson(tenant, one));
  }
  console.out << FormatDocument(one ? list.front() : Json({{"tenants", list}}),
                                options.output.format);
  return {};
}

}  // namespace

int RunTenantShow(const TenantShowOptions& options, const Console& console,
                  const std::stop_token& stop) {
  const Result<void> done = Show(options, console, stop);
  if (done) {
    console.out << std::flush;
    return kExitOk;
  }
  console.Complain(kCommand, InOurWords(done.error()).message);
  return done.error().code == ErrorCode::kCancelled ? kExitCancelled : kExitFailed;
}

}  // namespace tenantry::cli
