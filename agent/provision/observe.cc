#include "agent/provision/observe.h"

#include <utility>

#include "agent/provision/observe_tables.h"
#include "common/api/reasons.h"
#include "common/base/strings.h"

namespace tenantry::agent {
namespace {

using postgres::Rows;

constexpr int kServerWithGrantOptions = 160000;

bool True(const Rows& rows, std::size_t row, std::size_t column) {
  return rows.Text(row, column) == "t";
}

std::vector<std::string> RoleNames(const TenantNames& names) {
  return {names.owner, names.app, names.second_app, names.reader};
}

Result<void> ReadAdmin(postgres::Connection& store, ObservedStorage& observed) {
  const Rows rows = TRY(
      store.Execute("SELECT r.rolname, r.rolsuper OR r.rolcreaterole, r.rolsuper OR r.rolcreatedb, "
                    "has_database_privilege(current_database(), 'CREATE') "
                    "FROM pg_roles AS r WHERE r.rolname = current_user"));
  if (rows.empty()) {
    return Error{ErrorCode::kInternal, "PostgreSQL does not know the role of our own session."};
  }
  observed.server_version = store.server_version();
  observed.admin = rows.Text(0, 0);
  observed.admin_may_create_roles = True(rows, 0, 1);
  observed.admin_may_create_databases = True(rows, 0, 2);
  observed.admin_may_create_schemas = True(rows, 0, 3);
  return {};
}

Result<void> ReadRoles(postgres::Connection& store, const TenantNames& names,
                       ObservedStorage& observed) {
  const Rows rows = TRY(store.Execute(
      "SELECT rolname, rolcanlogin, rolinherit, rolconnlimit, "
      "rolvaliduntil IS NOT NULL AND rolvaliduntil <> 'infinity', concat_ws(',', "
      "CASE WHEN rolsuper THEN 'SUPERUSER' END, CASE WHEN rolcreatedb THEN 'CREATEDB' END, "
      "CASE WHEN rolcreaterole THEN 'CREATEROLE' END, "
      "CASE WHEN rolreplication THEN 'REPLICATION' END, "
      "CASE WHEN rolbypassrls THEN 'BYPASSRLS' END) "
      "FROM pg_roles WHERE rolname = ANY ($1::name[])",
      {NameArray(RoleNames(names))}));
  for (std::size_t i = 0; i < rows.rows.size(); ++i) {
    RoleState state{.can_login = True(rows, i, 1), .inherits = True(rows, i, 2)};
    state.connection_limit = std::stoi(rows.Text(i, 3));
    state.expires = True(rows, i, 4);
    const std::string excesses = rows.Text(i, 5);
    for (const std::string_view excess : Split(excesses, ',')) {
      if (!excess.empty()) {
        state.excesses.emplace_back(excess);
      }
    }
    observed.roles[rows.Text(i, 0)] = std::move(state);
  }
  return {};
}

Result<void> ReadSettings(postgres::Connection& store, const TenantNames& names,
                          ObservedStorage& observed) {
  const Rows rows = TRY(store.Execute(
      "SELECT r.rolname, s.setdatabase = 0, c.setting FROM pg_db_role_setting AS s "
      "JOIN pg_roles AS r ON r.oid = s.setrole LEFT JOIN pg_database AS d ON d.oid = s.setdatabase "
      "CROSS JOIN LATERAL unnest(s.setconfig) AS c (setting) "
      "WHERE r.rolname = ANY ($1::name[]) AND (s.setdatabase = 0 OR d.datname = $2)",
      {NameArray(RoleNames(names)), names.database}));
  for (std::size_t i = 0; i < rows.rows.size(); ++i) {
    const std::string setting = rows.Text(i, 2);
    const std::size_t equals = setting.find('=');
    RoleState& state = observed.roles[rows.Text(i, 0)];
    auto& settings = True(rows, i, 1) ? state.settings : state.database_settings;
    settings[setting.substr(0, equals)] = setting.substr(equals + 1);
  }
  return {};
}

Result<void> ReadMemberships(postgres::Connection& store, const TenantNames& names,
                             ObservedStorage& observed) {
  const std::string usable = store.server_version() >= kServerWithGrantOptions
                                 ? "bool_or(a.inherit_option) AND bool_or(a.set_option)"
                                 : "true";
  const Rows rows = TRY(store.Execute(
      "SELECT m.rolname, r.rolname, " + usable +
          ", m.rolname = ANY ($1::name[]) FROM pg_auth_members AS a "
          "JOIN pg_roles AS m ON m.oid = a.member JOIN pg_roles AS r ON r.oid = a.roleid "
          "WHERE m.rolname = ANY ($1::name[]) OR (m.rolname = current_user AND r.rolname = $2) "
          "GROUP BY m.rolname, r.rolname",
      {NameArray(RoleNames(names)), names.owner}));
  for (std::size_t i = 0; i < rows.rows.size(); ++i) {
    const std::string member = rows.Text(i, 0);
    const std::string role = rows.Text(i, 1);
    const bool is_ours = True(rows, i, 3);
    const bool expected = !is_ours || (member == names.second_app && role == names.app);
    if (expected && True(rows, i, 2)) {
      observed.memberships.emplace(member, role);
    } else if (!expected && (role.starts_with("tenant_") || role.starts_with("shared_"))) {
      observed.foreign_memberships.emplace(member, role);
    }
  }
  return {};
}

// Which of our roles have a right to database d. In a database of ours PUBLIC's rights do not
// count, because they are taken away; in somebody else's they have to do.
std::string RolesWithRight(const std::string& right) {
  return "(SELECT string_agg(r.rolname, ',') FROM pg_roles AS r WHERE r.rolname = ANY ($2::name[]) "
         "AND CASE WHEN pg_has_role(d.datdba, 'USAGE') THEN EXISTS (SELECT FROM "
         "aclexplode(d.datacl) AS a WHERE a.grantee = r.oid AND a.privilege_type = '" +
         right + "') ELSE has_database_privilege(r.oid, d.oid, '" + right + "') END)";
}

Result<void> ReadDatabases(postgres::Connection& store, const TenantNames& names,
                           ObservedStorage& observed) {
  const Rows rows = TRY(store.Execute(
      "SELECT d.datname, pg_get_userbyid(d.datdba), "
      "has_database_privilege('public', d.oid, 'CONNECT') OR "
      "has_database_privilege('public', d.oid, 'TEMPORARY'), " +
          RolesWithRight("CONNECT") + ", " + RolesWithRight("TEMPORARY") +
          " FROM pg_database AS d WHERE d.datname = ANY ($1::name[])",
      {NameArray({names.database, names.store_database}), NameArray(RoleNames(names))}));
  for (std::size_t i = 0; i < rows.rows.size(); ++i) {
    DatabaseState state{.owner = rows.Text(i, 1), .public_may_connect = True(rows, i, 2)};
    const std::string connect = rows.Text(i, 3);
    const std::string temporary = rows.Text(i, 4);
    for (const std::string_view role : Split(connect, ',')) {
      state.may_connect.emplace(role);
    }
    for (const std::string_view role : Split(temporary, ',')) {
      state.may_use_temp.emplace(role);
    }
    if (rows.Text(i, 0) == names.store_database) {
      observed.store_database = state;
    }
    if (rows.Text(i, 0) == names.database) {
      observed.database = state;
    }
  }
  return {};
}

}  // namespace

std::string NameArray(const std::vector<std::string>& names) {
  std::string array = "{";
  for (const std::string& name : names) {
    array += array.size() > 1 ? ",\"" : "\"";
    for (const char c : name) {
      if (c == '"' || c == '\\') {
        array += '\\';
      }
      array += c;
    }
    array += '"';
  }
  return array + "}";
}

Result<AdminSessions> AdminSessions::Open(const api::PostgresAccess& admin,
                                          const std::string& application, std::stop_token stop) {
  constexpr int kOldestServer = 140000;
  AdminSessions sessions(admin, application, std::move(stop));
  sessions.store_ = TRY(postgres::Connection::Open(admin, application, sessions.stop_));
  if (sessions.store_->server_version() < kOldestServer) {
    return Error{ErrorCode::kInvalid,
                 "PostgreSQL at " + admin.host + ":" + std::to_string(admin.port) +
                     " is older than 14. Use PostgreSQL 14 or newer.",
                 api::reason::kInvalidSpec};
  }
  // A tenant's long transaction must not hold the agent up for ever.
  TRY(sessions.store_->ExecuteScript("SET lock_timeout = '10s'"));
  return sessions;
}

Result<void> AdminSessions::OpenTables(const TenantNames& names) {
  shares_store_ = !names.has_own_database();
  if (shares_store_ || own_) {
    return {};
  }
  api::PostgresAccess access = admin_;
  access.database = names.database;
  Result<std::unique_ptr<postgres::Connection>> opened =
      postgres::Connection::Open(access, application_, stop_);
  if (!opened && opened.error().reason == api::reason::kDatabaseNotFound) {
    return {};
  }
  own_ = TRY(std::move(opened));
  return own_->ExecuteScript("SET lock_timeout = '10s'");
}

Result<std::unique_ptr<postgres::Connection>> AdminSessions::OpenAs(
    const std::string& role, const Secret& password, const std::string& database) const {
  api::PostgresAccess access = admin_;
  access.user = role;
  access.password = password;
  access.database = database;
  return postgres::Connection::Open(access, application_, stop_);
}

Result<std::optional<CatalogueRow>> ReadCatalogueRow(postgres::Connection& connection,
                                                     const api::TenantId& id,
                                                     const std::string& config_json) {
  const Rows exists = TRY(connection.Execute(
      "SELECT coalesce(has_table_privilege(to_regclass('tenantry.tenants'), 'SELECT'), false)"));
  if (!True(exists, 0, 0)) {
    return std::optional<CatalogueRow>();
  }
  const Rows rows = TRY(connection.Execute(
      "SELECT owner_uid, owner, isolation, database_name, schema_name, state = 'Retained', "
      "config = $2::jsonb, incarnation, provisioned_at IS NOT NULL, redis_rules, redis_commands "
      "FROM tenantry.tenants WHERE tenant_id = $1",
      {id.value(), config_json}));
  if (rows.empty()) {
    return std::optional<CatalogueRow>();
  }
  return std::optional<CatalogueRow>({.owner_uid = rows.Text(0, 0),
                                      .owner = rows.Text(0, 1),
                                      .isolation = rows.Text(0, 2),
                                      .database = rows.Text(0, 3),
                                      .schema = rows.Text(0, 4),
                                      .retained = True(rows, 0, 5),
                                      .config_matches = True(rows, 0, 6),
                                      .incarnation = rows.Text(0, 7),
                                      .provisioned = True(rows, 0, 8),
                                      .redis_rules = rows.Text(0, 9),
                                      .redis_commands = rows.Text(0, 10)});
}

Result<ObservedStorage> ObserveStorage(AdminSessions& sessions, const DesiredStorage& desired) {
  const TenantNames& names = desired.names;
  ObservedStorage observed;
  TRY(ReadAdmin(sessions.store(), observed));
  TRY(ReadRoles(sessions.store(), names, observed));
  TRY(ReadSettings(sessions.store(), names, observed));
  TRY(ReadMemberships(sessions.store(), names, observed));
  TRY(ReadDatabases(sessions.store(), names, observed));
  observed.row = TRY(ReadCatalogueRow(sessions.store(), names.id, desired.config_json));
  TRY(sessions.OpenTables(names));
  if (sessions.tables() == nullptr) {
    return observed;
  }
  observed.tables_row = observed.row;
  if (names.has_own_database()) {
    observed.tables_row = TRY(ReadCatalogueRow(*sessions.tables(), names.id, desired.config_json));
  }
  TRY(ObserveTables(*sessions.tables(), names, observed));
  return observed;
}

namespace {

// The second login has its rights from the first.
bool MayConnect(const TenantNames& names, const ObservedStorage& observed,
                const std::string& role) {
  const bool inherits =
      role == names.second_app && observed.memberships.contains({names.second_app, names.app});
  return observed.database && observed.database->may_connect.contains(inherits ? names.app : role);
}

}  // namespace

Result<CheckedLogins> CheckLogins(const AdminSessions& sessions, const DesiredStorage& desired,
                                  const ObservedStorage& observed) {
  CheckedLogins checked;
  for (const auto& [role, password] : desired.logins) {
    const RoleState* state = observed.FindRole(role);
    const bool may_try = password && state != nullptr && state->can_login &&
                         MayConnect(desired.names, observed, role);
    if (!may_try) {
      checked.states[role] = LoginState::kUnchecked;
      continue;
    }
    auto session = sessions.OpenAs(role, *password, desired.names.database);
    if (session) {
      checked.states[role] = LoginState::kWorks;
      checked.session = std::move(session).value();
    } else if (session.error().reason == api::reason::kCredentialsRefused) {
      checked.states[role] = LoginState::kRefused;
      checked.refusals[role] = session.error().message;
    } else if (session.error().reason == api::reason::kQuotaExceeded) {
      // All of the role's sessions are in use, which the server tells only after the password.
      checked.states[role] = LoginState::kWorks;
    } else {
      return std::move(session).error();
    }
  }
  return checked;
}

}  // namespace tenantry::agent
