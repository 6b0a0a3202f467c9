#pragma once

#include "agent/load/bulk_load.h"
#include "agent/load/job.h"
#include "common/api/protocol.h"
#include "common/base/result.h"

namespace tenantry::load {

// What one load may use.
struct LoadLimits {
  int connections = 2;
  std::int64_t memory_bytes = 16 << 20;  // of buffers
};

// Up to this size, a source is loaded in one transaction: all of it or nothing.
inline constexpr std::int64_t kAtomicBytes = 64 << 20;

struct TableOutcome {
  api::DatasetResult result;   // what is committed, also after an error
  std::optional<Error> error;  // kOutcomeUnknown: an answer to COMMIT was lost; loading again tells
};

// Loads one dataset into its table, as the tenant. A dataset whose bytes and words were loaded
// before is not touched; a larger one that was interrupted goes on where it was.
TableOutcome LoadTable(const api::PostgresAccess& postgres, const Job& job,
                       const LoadLimits& limits, ProgressMeter& progress);

// "100" or "1%". kInvalid/InvalidSpec for anything else; empty: not one record.
Result<RejectLimit> ParseMaxRejects(const std::string& text, const Origin& origin);

}  // namespace tenantry::load
