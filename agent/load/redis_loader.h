#pragma once

#include "agent/load/job.h"
#include "agent/postgres/connection.h"
#include "agent/redis/connection.h"
#include "common/api/protocol.h"
#include "common/base/result.h"

namespace tenantry::load {

// Loads one dataset into Redis keys below the tenant's prefix. Redis has no transactions over many
// keys, so this is at-least-once and idempotent: bad data and conflicts are found before anything
// is written; what was inserted is noted in PostgreSQL before it is written, so that Unload finds
// it whatever happens; the load counts as done when all keys are there. A key that holds exactly
// what the record says is no conflict, because an interrupted load may have written it.
Result<api::DatasetResult> LoadRedis(postgres::Connection& connection, redis::Connection& redis,
                                     const Job& job, ProgressMeter& progress);

}  // namespace tenantry::load
