#include "common/api/protocol.h"

#include "common/api/enum_names.h"

namespace tenantry::api {

const char* ToString(TaskKind kind) { return NameOf(kind); }
const char* ToString(TaskState state) { return NameOf(state); }

bool IsFinal(TaskState state) {
  return state == TaskState::kSucceeded || state == TaskState::kFailed ||
         state == TaskState::kCancelled;
}

bool IsRetryable(ErrorCode code) {
  switch (code) {
    case ErrorCode::kConflict:
    case ErrorCode::kUnavailable:
    case ErrorCode::kOutcomeUnknown:
    case ErrorCode::kCancelled:
      return true;
    case ErrorCode::kNotFound:
    case ErrorCode::kInvalid:
    case ErrorCode::kInternal:
      return false;
  }
  return false;
}

std::string SchemaName(const TenantId& id, Isolation isolation, const std::string& schema_name) {
  return isolation == Isolation::kRowLevel ? "shared_" + schema_name : "tenant_" + id.value();
}

std::string DatabaseName(const TenantId& id, Isolation isolation,
                         const std::string& store_database) {
  return isolation == Isolation::kDatabase ? "tenant_" + id.value() : store_database;
}

std::string OwnerRole(const TenantId& id) { return "tenant_" + id.value() + "_owner"; }
std::string AppRole(const TenantId& id) { return "tenant_" + id.value() + "_app"; }
std::string SecondAppRole(const TenantId& id) { return "tenant_" + id.value() + "_app_2"; }
std::string ReaderRole(const TenantId& id) { return "tenant_" + id.value() + "_reader"; }
std::string RedisUser(const TenantId& id) { return "tenant_" + id.value(); }
std::string RedisPrefix(const TenantId& id) { return id.value() + ":"; }

}  // namespace tenantry::api
