#include "agent/provision/desired.h"

#include "agent/provision/templates.h"
#include "common/api/reasons.h"
#include "common/base/strings.h"

namespace tenantry::agent {
namespace {

Error InvalidSpec(const std::string& message) {
  return {ErrorCode::kInvalid, message, api::reason::kInvalidSpec};
}

}  // namespace

std::vector<std::string> TenantNames::OwnRoles() const {
  std::vector<std::string> roles = {second_app, app, reader};
  if (!is_shared()) {
    roles.push_back(owner);
  }
  return roles;
}

Result<TenantNames> MakeNames(const api::TenantId& id, api::Isolation isolation,
                              const std::string& schema_name, const std::string& store_database) {
  if (!api::IsValidTenantId(id)) {
    return InvalidSpec("Tenant ID \"" + Shorten(id.value()) +
                       "\" is not valid. Use a small letter, then up to 39 small letters, digits "
                       "and underscores.");
  }
  const bool is_shared = isolation == api::Isolation::kRowLevel;
  if (is_shared && !api::IsValidTenantId(api::TenantId(schema_name))) {
    return InvalidSpec("Row-level isolation needs a name for the shared schema, but \"" +
                       Shorten(schema_name) + "\" is none. Give the Tenant a schema.");
  }
  TenantNames names{.id = id, .isolation = isolation, .store_database = store_database};
  names.database = api::DatabaseName(id, isolation, store_database);
  names.schema = api::SchemaName(id, isolation, schema_name);
  names.owner = is_shared ? names.schema + "_owner" : api::OwnerRole(id);
  names.app = api::AppRole(id);
  names.second_app = api::SecondAppRole(id);
  names.reader = api::ReaderRole(id);
  return names;
}

Result<DesiredStorage> MakeDesired(const api::TenantId& id, const api::TenantStorageSpec& spec) {
  DesiredStorage desired;
  desired.names = TRY(MakeNames(id, spec.isolation, spec.schema_name, spec.postgres.database));
  desired.owner_uid = spec.owner_uid;
  desired.owner = spec.owner;
  desired.connection_limit = spec.connection_limit;
  desired.config_json = spec.config_json.empty() ? "{}" : spec.config_json;
  if (spec.logins.empty()) {
    return InvalidSpec("Tenant " + id.value() + " has no login.");
  }
  for (const api::Login& login : spec.logins) {
    if (login.role != desired.names.app && login.role != desired.names.second_app) {
      return InvalidSpec("Role " + Shorten(login.role) + " is no login of tenant " + id.value() +
                         ".");
    }
    desired.logins[login.role] = login.password;
  }
  const std::vector<api::MigrationFile> files =
      spec.template_name.empty() ? spec.migrations : TRY(BuiltInTemplate(spec.template_name));
  desired.migrations = TRY(SortMigrations(files, spec.version));
  return desired;
}

}  // namespace tenantry::agent
