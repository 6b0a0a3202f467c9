#pragma once

#include <cstdint>
#include <vector>

#include "agent/load/job.h"
#include "agent/load/row_encoder.h"
#include "agent/load/table.h"
#include "agent/postgres/connection.h"
#include "common/base/error.h"

// From "a statement failed" to "this column of this record is wrong". Called inside of the load's
// transaction, rolled back to a savepoint at which the staging table exists.
namespace tenantry::load {

struct FailedLoad {
  postgres::Connection& connection;
  const Job& job;
  const Table& table;
  const Key& key;
};

// COPY into the staging table ended with `error`.
Error ExplainCopyFailure(const FailedLoad& load, Error error);

// INSERT from the staging table, which holds records up to `last_record`, ended with `error`.
Error ExplainInsertFailure(const FailedLoad& load, const std::vector<Presence>& presence,
                           std::int64_t last_record, const Error& error);

}  // namespace tenantry::load
