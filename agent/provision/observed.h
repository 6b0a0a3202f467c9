#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "agent/provision/migrations.h"

// What is in PostgreSQL of one tenant, read once.
namespace tenantry::agent {

struct RoleState {
  bool can_login = false;
  bool inherits = true;
  // SUPERUSER, CREATEDB, CREATEROLE, REPLICATION, BYPASSRLS: what no tenant's role may have.
  std::vector<std::string> excesses;
  int connection_limit = -1;
  bool expires = false;
  std::map<std::string, std::string> settings;           // ALTER ROLE … SET
  std::map<std::string, std::string> database_settings;  // ALTER ROLE … IN DATABASE <its> SET
};

struct DatabaseState {
  std::string owner;
  bool public_may_connect = false;    // or create temporary tables
  std::set<std::string> may_connect;  // of our roles, directly or not
  std::set<std::string> may_use_temp;
};

struct PolicyState {
  std::string name;
  bool permissive = true;
  bool for_all_commands = true;
  bool for_everybody = true;
  std::string using_expression;
  std::string check_expression;
};

struct TenantColumn {
  std::string type;
  std::string default_expression;
};

struct RelationState {
  std::string name;
  char kind = 'r';  // of pg_class: r table, p partitioned, v view, m materialised view, f foreign,
                    // S sequence
  std::string owner;
  bool row_security = false;
  bool row_security_forced = false;
  std::optional<TenantColumn> tenant_column;  // tenant_id
  bool has_tenant_check = false;              // our constraint
  std::vector<PolicyState> policies;
  std::set<std::string> app_rights;
  std::set<std::string> reader_rights;

  bool is_table() const { return kind == 'r' || kind == 'p'; }
};

struct CatalogueRow {
  std::string owner_uid;
  std::string owner;
  std::string isolation;
  std::string database;
  std::string schema;
  bool retained = false;
  bool config_matches = false;  // the config asked for is the one that is published
  std::string incarnation;
  bool provisioned = false;  // a Provision has come to its end
  std::string redis_rules;
  std::string redis_commands;
};

enum class LoginState { kWorks, kRefused, kUnchecked };

struct ObservedStorage {
  int server_version = 0;
  std::string admin;
  bool admin_may_create_roles = false;
  bool admin_may_create_databases = false;
  bool admin_may_create_schemas = false;
  std::map<std::string, RoleState> roles;                     // of the names that concern us
  std::set<std::pair<std::string, std::string>> memberships;  // (member, role), usable
  // (one of our roles, a role of another tenant)
  std::set<std::pair<std::string, std::string>> foreign_memberships;
  DatabaseState store_database;
  std::optional<DatabaseState> database;   // where the tables are; the store's but for Database
  std::optional<CatalogueRow> row;         // in the store's database
  std::optional<CatalogueRow> tables_row;  // beside the tables
  std::map<std::string, std::string> mapped_roles;  // role → tenant, beside the tables
  std::optional<std::string> schema_owner;
  std::set<std::string> schema_users;    // our roles that may use the schema
  std::set<std::string> default_rights;  // "app r SELECT": of tables that the owner will make
  std::vector<RelationState> relations;  // of the schema
  bool history_readable = true;  // false: another role's table, to be given to the owner first
  std::vector<AppliedMigration> applied;
  std::map<std::string, LoginState> logins;
  std::map<std::string, std::string> login_refusals;  // what the server said

  const RoleState* FindRole(const std::string& name) const {
    const auto found = roles.find(name);
    return found == roles.end() ? nullptr : &found->second;
  }
};

}  // namespace tenantry::agent
