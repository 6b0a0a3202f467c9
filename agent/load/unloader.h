#pragma once

#include <memory>
#include <string>

#include "agent/postgres/connection.h"
#include "agent/redis/connection.h"
#include "agent/tasks/task.h"
#include "common/api/protocol.h"
#include "common/base/result.h"

namespace tenantry::load {

// Removes exactly the rows and Redis keys that loads of the fixture set inserted and that are still
// there, and what the catalogue knows about them, in one transaction. Repeating it is harmless.
// kInvalid: other rows refer to one of them; nothing is removed then.
// `redis` is null when the tenant has none.
Result<api::UnloadResult> Unload(postgres::Connection& connection, redis::Connection* redis,
                                 const api::TenantId& tenant, const std::string& fixture_set,
                                 agent::TaskContext& context);

}  // namespace tenantry::load
