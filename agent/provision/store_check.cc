#include <string>
#include <string_view>

#include "agent/provision/apply.h"
#include "agent/provision/observe.h"
#include "agent/provision/provision.h"
#include "agent/redis/connection.h"
#include "common/api/reasons.h"
#include "common/base/strings.h"

namespace tenantry::agent {
namespace {

Result<std::string> CheckPostgres(const api::PostgresAccess& access,
                                  const ProvisionOptions& options, TaskContext& context) {
  AdminSessions sessions = TRY(AdminSessions::Open(access, options.application, context.stop()));
  const postgres::Rows rows = TRY(sessions.store().Execute(
      "SELECT split_part(current_setting('server_version'), ' ', 1), current_user, "
      "r.rolsuper OR r.rolcreaterole, r.rolsuper OR r.rolcreatedb, "
      "has_database_privilege(current_database(), 'CREATE') "
      "FROM pg_roles AS r WHERE r.rolname = current_user"));
  if (rows.empty()) {
    return Error{ErrorCode::kInternal, "PostgreSQL does not know the role of our own session."};
  }
  ObservedStorage observed;
  observed.admin = rows.Text(0, 1);
  observed.admin_may_create_roles = rows.Text(0, 2) == "t";
  observed.admin_may_create_databases = rows.Text(0, 3) == "t";
  observed.admin_may_create_schemas = rows.Text(0, 4) == "t";
  TenantNames names;
  names.store_database = access.database;
  TRY(CheckAdminRights(names, observed, access.host + ":" + std::to_string(access.port)));
  return rows.Text(0, 0);
}

Result<std::string> CheckRedis(const api::RedisAccess& access) {
  const auto redis = TRY(redis::Connection::Open(access));
  const redis::Reply info = TRY(redis->Command({"INFO", "server"}));
  // What provisioning will need; refused as InsufficientPrivilege.
  TRY(redis->Command({"ACL", "GETUSER", "default"}));
  constexpr std::string_view kField = "redis_version:";
  for (const std::string_view line : Split(info.text, '\n')) {
    if (line.starts_with(kField)) {
      return std::string(Trim(line.substr(kField.size())));
    }
  }
  return Error{ErrorCode::kInvalid,
               "The server at " + access.host + ":" + std::to_string(access.port) +
                   " does not say that it is a Redis. Correct redis.host and redis.port.",
               api::reason::kInvalidSpec};
}

}  // namespace

api::StoreResult ObserveStore(const api::StoreSpec& spec, const ProvisionOptions& options,
                              TaskContext& context) {
  api::StoreResult result;
  Result<std::string> version = CheckPostgres(spec.postgres, options, context);
  if (version) {
    result.postgres_version = *version;
  } else {
    result.postgres_error = version.error();
  }
  if (!spec.redis) {
    return result;
  }
  Result<std::string> redis_version = CheckRedis(*spec.redis);
  if (redis_version) {
    result.redis_version = *redis_version;
  } else {
    result.redis_error = redis_version.error();
  }
  return result;
}

}  // namespace tenantry::agent
