#include "agent/provision/catalogue.h"

#include <cstdint>
#include <string_view>

#include "agent/postgres/quote.h"
#include "agent/provision/templates.h"
#include "common/api/reasons.h"

namespace tenantry::agent {
namespace {

using postgres::Rows;

// First keys of our advisory locks; the second ones are hashes of names.
constexpr std::int32_t kTenantLocks = 0x746e7400;
constexpr std::int32_t kSharedSchemaLocks = 0x746e7401;
constexpr std::int32_t kCatalogueLock = 0x746e7402;

// FNV-1a. Two tenants with one hash only wait for each other.
std::int32_t Hash(std::string_view text) {
  std::uint32_t hash = 2166136261U;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  }
  return static_cast<std::int32_t>(hash);
}

// Who has the lock, in words; "another task" when that is another agent, or nobody any more.
std::string HolderOf(postgres::Connection& store, std::int32_t space, std::int32_t key) {
  const Result<Rows> rows = store.Execute(
      "SELECT a.usename, a.pid FROM pg_locks AS l JOIN pg_stat_activity AS a ON a.pid = l.pid "
      "WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 AND a.usename <> "
      "current_user "
      "AND l.classid = $1::oid AND l.objid = $2::oid AND l.database = (SELECT oid FROM pg_database "
      "WHERE datname = current_database())",
      {std::to_string(static_cast<std::uint32_t>(space)),
       std::to_string(static_cast<std::uint32_t>(key))});
  if (!rows || rows->empty()) {
    return "Another task";
  }
  return "Session " + rows->Text(0, 1) + " of role " + rows->Text(0, 0);
}

Result<void> Lock(postgres::Connection& store, std::int32_t space, const std::string& name,
                  const std::string& what) {
  const std::int32_t key = Hash(name);
  const Result<Rows> locked = store.Execute("SELECT pg_advisory_lock($1, $2)",
                                            {std::to_string(space), std::to_string(key)});
  if (locked) {
    return {};
  }
  constexpr char kLockNotAvailable[] = "55P03";
  if (store.last_diagnostics().sqlstate == kLockNotAvailable) {
    return Error{ErrorCode::kUnavailable,
                 HolderOf(store, space, key) + " has the lock of " + what + ". It is tried again.",
                 api::reason::kTenantBusy};
  }
  return locked.error();
}

Error NotOurCatalogue(const std::string& owner) {
  return {ErrorCode::kInvalid,
          "Schema tenantry belongs to role " + owner +
              ". Use that role as the DataStore's admin, or give the schema and what is in it to "
              "the admin.",
          api::reason::kInsufficientPrivilege};
}

// The version of the catalogue that is there; 0: none.
Result<int> CatalogueVersion(postgres::Connection& connection) {
  const Rows schema = TRY(connection.Execute(
      "SELECT pg_get_userbyid(nspowner), pg_has_role(nspowner, 'USAGE') FROM pg_namespace "
      "WHERE nspname = 'tenantry'"));
  if (schema.empty()) {
    return 0;
  }
  if (schema.Text(0, 1) != "t") {
    return NotOurCatalogue(schema.Text(0, 0));
  }
  const Rows version = TRY(connection.Execute("SELECT max(version) FROM tenantry.versions"));
  return std::stoi("0" + version.Text(0));
}

Result<void> Migrate(postgres::Connection& connection, std::size_t newest) {
  TRY(connection.Execute("SELECT pg_advisory_xact_lock($1, 0)", {std::to_string(kCatalogueLock)}));
  const std::vector<std::string> versions = CatalogueVersions();
  for (auto next = static_cast<std::size_t>(TRY(CatalogueVersion(connection))); next < newest;
       ++next) {
    TRY(connection.ExecuteScript(versions[next]));
  }
  return {};
}

}  // namespace

Result<void> EnsureCatalogue(postgres::Connection& connection) {
  const std::size_t newest = CatalogueVersions().size();
  const auto version = static_cast<std::size_t>(TRY(CatalogueVersion(connection)));
  if (version == newest) {
    return {};
  }
  if (version > newest) {
    return Error{ErrorCode::kInvalid,
                 "The catalogue has version " + std::to_string(version) +
                     ", but this agent knows versions up to " + std::to_string(newest) +
                     " only. Upgrade the agent.",
                 api::reason::kAgentVersionSkew};
  }
  TRY(connection.Begin());
  const Result<void> migrated = Migrate(connection, newest);
  if (!migrated) {
    connection.Rollback();
    return WithContext(migrated.error(), "The catalogue could not be made");
  }
  return connection.Commit();
}

Result<void> LockTenant(postgres::Connection& store, const api::TenantId& id) {
  return Lock(store, kTenantLocks, id.value(), "tenant " + id.value());
}

Result<void> LockSharedSchema(postgres::Connection& store, const std::string& schema) {
  return Lock(store, kSharedSchemaLocks, schema, "schema " + schema);
}

Result<void> EnterTenant(postgres::Connection& store, const DesiredStorage& desired) {
  const TenantNames& names = desired.names;
  TRY(store.Execute(
      "INSERT INTO tenantry.tenants (tenant_id, owner_uid, owner, isolation, database_name, "
      "schema_name, state, config) VALUES ($1, $2, $3, $4, $5, $6, 'Active', $7::jsonb) "
      "ON CONFLICT (tenant_id) DO UPDATE SET owner_uid = excluded.owner_uid, "
      "owner = excluded.owner",
      {names.id.value(), desired.owner_uid, desired.owner, api::ToString(names.isolation),
       names.database, names.schema, desired.config_json}));
  return {};
}

Result<void> WriteAudit(postgres::Connection& store, const api::TenantId& id,
                        const std::string& action, const std::vector<std::string>& details) {
  for (const std::string& detail : details) {
    TRY(store.Execute(
        "INSERT INTO tenantry.audit (actor, tenant_id, action, detail) "
        "VALUES (current_setting('application_name') || ' as ' || current_user, $1, $2, $3)",
        {id.value(), action, detail}));
  }
  return {};
}

ScriptOutcome RunInTransaction(postgres::Connection& connection,
                               const std::vector<std::string>& scripts) {
  if (Result<void> begun = connection.Begin(); !begun) {
    return {std::move(begun)};
  }
  const Result<Rows> locked =
      connection.Execute("SELECT pg_advisory_xact_lock($1, 1)", {std::to_string(kCatalogueLock)});
  if (!locked) {
    connection.Rollback();
    return {locked.error()};
  }
  for (std::size_t i = 0; i < scripts.size(); ++i) {
    if (Result<void> done = connection.ExecuteScript(scripts[i]); !done) {
      connection.Rollback();
      return {std::move(done), static_cast<int>(i)};
    }
  }
  return {connection.Commit()};
}

}  // namespace tenantry::agent
