#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/provision/migrations.h"
#include "common/api/protocol.h"
#include "common/base/result.h"

// Pure: what a tenant shall have in PostgreSQL, with all names worked out.
namespace tenantry::agent {

// The names of a tenant's roles and places. They need quoting nowhere, and get it everywhere.
struct TenantNames {
  api::TenantId id;
  api::Isolation isolation = api::Isolation::kSchema;
  std::string store_database;  // where the tenant's catalogue row is
  std::string database;        // where its tables are
  std::string schema;
  std::string owner;  // of schema and tables; RowLevel: shared by all tenants of the schema
  std::string app;
  std::string second_app;
  std::string reader;

  bool has_own_database() const { return isolation == api::Isolation::kDatabase; }
  bool is_shared() const { return isolation == api::Isolation::kRowLevel; }
  // The roles that are the tenant's alone; they go with it.
  std::vector<std::string> OwnRoles() const;
};

// kInvalid/InvalidSpec: an invalid tenant ID, or RowLevel without a valid schema name.
Result<TenantNames> MakeNames(const api::TenantId& id, api::Isolation isolation,
                              const std::string& schema_name, const std::string& store_database);

struct DesiredStorage {
  TenantNames names;
  std::string owner_uid;
  std::string owner;
  std::map<std::string, std::optional<Secret>> logins;  // role → password; absent: leave it
  std::map<std::string, std::string> verifiers;         // role → SCRAM verifier of its password
  std::optional<int> connection_limit;
  std::string config_json = "{}";
  std::vector<Migration> migrations;

  bool IsLogin(const std::string& role) const { return logins.contains(role); }
};

// Also checks the migrations' names. kInvalid with InvalidSpec or MigrationFailed.
Result<DesiredStorage> MakeDesired(const api::TenantId& id, const api::TenantStorageSpec& spec);

}  // namespace tenantry::agent
