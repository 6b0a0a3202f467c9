#pragma once

#include "agent/load/job.h"
#include "agent/postgres/connection.h"
#include "common/api/protocol.h"
#include "common/base/result.h"

namespace tenantry::load {

// Loads one dataset into its table, in one transaction of the tenant's own session: all of it or
// nothing. A dataset whose content hash is in the catalogue already is not touched.
// kOutcomeUnknown: the answer to COMMIT was lost; loading again finds out.
Result<api::DatasetResult> LoadTable(postgres::Connection& connection, const Job& job,
                                     ProgressMeter& progress);

// What `job` reports when these very contents were loaded before.
api::DatasetResult LoadedBefore(const Job& job, const api::Counters& counters);

}  // namespace tenantry::load
